//! Nobody gets in without a good access token.

use serde_json::{Value, json};

use crate::support::forged::{claims_of, header, key_of, sign};
use crate::support::new_id;
use crate::support::rest::{Answer, User, send};
use crate::support::world::World;

scenarios! {
    everywhere: [
        every_endpoint_asks_for_a_token_before_it_looks_at_anything_else,
        a_token_that_is_not_whole_current_and_ours_is_refused,
    ],
}

async fn every_endpoint_asks_for_a_token_before_it_looks_at_anything_else(world: World) {
    let server = world.server().await;
    let documented = server.door.get("/openapi.json").await.ok();
    let mut asked = 0;
    for (path, operations) in documented["paths"].as_object().unwrap() {
        let operations = operations.as_object().unwrap().iter();
        for (method, _) in operations.filter(|(_, one)| one["security"].is_array()) {
            // A path that makes no sense, and a body and a key that make none.
            let path = path.replace(['{', '}'], "~");
            let request = server.door.request(&method.to_uppercase(), &path);
            let request = request.header("Idempotency-Key", " ").body("{nonsense");
            let answer = send(request).await;
            answer.problem(401, "unauthenticated");
            assert_eq!(
                answer.header("www-authenticate"),
                "Bearer",
                "{method} {path}"
            );
            asked += 1;
        }
    }
    assert!(asked > 30, "{asked}");
    let graphql = server.door.request("POST", "/graphql").body("{nonsense");
    send(graphql).await.problem(401, "unauthenticated");
    // What is not there needs no login to be said so.
    let nowhere = server.door.get("/auth/nowhere").await;
    nowhere.problem(404, "not_found");
}

async fn a_token_that_is_not_whole_current_and_ours_is_refused(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let key = key_of(server.place.folder());
    let claims = claims_of(&ada.token);
    let with = |name: &str, value: Value| {
        let mut changed = claims.clone();
        changed[name] = value;
        changed
    };
    let good = sign(&key, &header(), &claims);
    assert_eq!(
        me(&ada, &format!("Bearer {good}")).await.ok()["id"],
        ada.id.as_str()
    );
    assert_eq!(
        me(&ada, &format!("bearer {good}")).await.ok()["id"],
        ada.id.as_str()
    );

    let issued = claims["iat"].as_i64().unwrap();
    let none = sign(&key, &json!({"alg": "none", "typ": "at+jwt"}), &claims);
    let unsigned = format!("{}.", none.rsplit_once('.').unwrap().0);
    let refused = [
        ("nothing", String::new()),
        ("garbage", "garbage".to_owned()),
        (
            "expired",
            sign(&key, &header(), &with("exp", json!(issued - 6))),
        ),
        (
            "no expiry",
            sign(&key, &header(), &with("exp", Value::Null)),
        ),
        ("another key", sign(&[7; 32], &header(), &claims)),
        ("no signature", unsigned),
        (
            "another algorithm",
            sign(&key, &json!({"alg": "HS512", "typ": "at+jwt"}), &claims),
        ),
        (
            "another type",
            sign(&key, &json!({"alg": "HS256", "typ": "JWT"}), &claims),
        ),
        (
            "another issuer",
            sign(&key, &header(), &with("iss", json!("somebody"))),
        ),
        (
            "another audience",
            sign(&key, &header(), &with("aud", json!("elsewhere"))),
        ),
        (
            "no session",
            sign(&key, &header(), &with("sid", Value::Null)),
        ),
        ("a refresh token", ada.refresh_token.clone()),
    ];
    for (what, token) in refused {
        let answer = me(&ada, &format!("Bearer {token}")).await;
        assert_eq!(answer.status, 401, "{what}: {answer:?}");
        answer.problem(401, "unauthenticated");
    }
    for scheme in [format!("Basic {good}"), good.clone(), "Bearer".to_owned()] {
        me(&ada, &scheme).await.problem(401, "unauthenticated");
    }
    let in_query = send(ada.door.request("GET", &format!("/me?access_token={good}"))).await;
    in_query.problem(401, "unauthenticated");

    // Somebody who is no more, or never was, is nobody.
    let nobody = sign(&key, &header(), &with("sub", json!(new_id())));
    me(&ada, &format!("Bearer {nobody}"))
        .await
        .problem(401, "unauthenticated");
}

async fn me(user: &User, authorization: &str) -> Answer {
    send(
        user.door
            .request("GET", "/me")
            .header("Authorization", authorization),
    )
    .await
}
