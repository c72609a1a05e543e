//! What operators do with accounts.

use serde_json::{Value, json};

use crate::support::new_id;
use crate::support::rest::{Answer, PASSWORD, User, send};
use crate::support::socket::Socket;
use crate::support::world::World;

scenarios! {
    everywhere: [
        operators_see_every_account_and_nobodys_persona,
        a_one_time_password_lets_in_once_and_ends_all_that_was_open,
        a_one_time_password_that_many_use_at_once_lets_one_in,
        somebody_is_marked_a_minor_and_an_operator_alone_clears_it,
        an_operator_erases_somebody_as_he_could_himself,
        nobody_locks_himself_out,
        what_was_used_is_told_by_the_day,
    ],
}

async fn put(user: &User, path: &str) -> Answer {
    send(user.request("PUT", path)).await
}

async fn log_in(user: &User, password: &str) -> Answer {
    let account = json!({"username": user.name, "password": password});
    user.door.post("/auth/login", &account).await
}

async fn reset(operator: &User, user: &User) -> String {
    let path = format!("/admin/users/{}/one-time-password", user.id);
    let given = operator.post(&path, &Value::Null).await.ok();
    given["password"].as_str().expect("a password").to_owned()
}

async fn operators_see_every_account_and_nobodys_persona(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let (ada, bob) = (server.user().await, server.user().await);
    let secret = json!({"persona": "a secret"});
    ada.change_profile(&secret).await.ok();
    let (mut names, mut path) = (Vec::new(), "/admin/users?limit=1".to_owned());
    loop {
        let page = operator.get(&path).await.ok();
        assert!(!page.to_string().contains("a secret"), "{page}");
        for account in page["items"].as_array().unwrap() {
            names.push(account["username"].as_str().unwrap().to_owned());
        }
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/admin/users?limit=1&cursor={cursor}"),
            None => break,
        }
    }
    for name in [&operator.name, &ada.name, &bob.name] {
        assert_eq!(names.iter().filter(|known| *known == name).count(), 1);
    }
    let by_name = format!("/admin/users?username={}", ada.name);
    let adas = operator.get(&by_name).await.ok()["items"][0].clone();
    assert_eq!(
        (&adas["id"], &adas["age_group"]),
        (&json!(ada.id), &json!("adult"))
    );
    let one = operator.get(&format!("/admin/users/{}", ada.id)).await.ok();
    assert_eq!(one, adas);
    let nobody = operator.get("/admin/users?username=nobody-here").await.ok();
    assert_eq!(nobody["items"], json!([]));
    let unknown = operator.get(&format!("/admin/users/{}", new_id())).await;
    unknown.problem(404, "not_found");
    let bad = operator.get("/admin/users?username=%20").await;
    bad.problem(422, "validation");
}

async fn a_one_time_password_lets_in_once_and_ends_all_that_was_open(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    ada.get("/me").await.ok();
    let password = reset(&operator, &ada).await;
    // At once, and not when what was known of her session has grown old.
    ada.get("/me").await.problem(401, "unauthenticated");
    assert_eq!(socket.closed().await, 4410);
    log_in(&ada, PASSWORD).await.problem(401, "unauthenticated");

    let signed_in = log_in(&ada, &password).await.ok();
    assert_eq!(signed_in["has_to_change_password"], true);
    log_in(&ada, &password)
        .await
        .problem(401, "unauthenticated");
    let ada = User {
        token: signed_in["access_token"].as_str().unwrap().to_owned(),
        ..ada
    };
    let change = json!({"current_password": password, "new_password": PASSWORD});
    assert_eq!(ada.post("/auth/password", &change).await.status, 204);
    for _ in 0..2 {
        let again = log_in(&ada, PASSWORD).await.ok();
        assert_eq!(again["has_to_change_password"], Value::Null);
    }
    let unknown = format!("/admin/users/{}/one-time-password", new_id());
    let refused = operator.post(&unknown, &Value::Null).await;
    refused.problem(404, "not_found");
}

async fn a_one_time_password_that_many_use_at_once_lets_one_in(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let ada = server.user().await;
    let password = reset(&operator, &ada).await;
    let attempts = (0..4).map(|_| log_in(&ada, &password));
    let answers = futures_util::future::join_all(attempts).await;
    let let_in = answers.iter().filter(|answer| answer.status == 200);
    assert_eq!(let_in.count(), 1, "{answers:?}");
}

async fn somebody_is_marked_a_minor_and_an_operator_alone_clears_it(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let ada = server.user().await;
    let (account, minor) = (
        format!("/admin/users/{}", ada.id),
        format!("/admin/users/{}/minor", ada.id),
    );
    let age_group = async || operator.get(&account).await.ok()["age_group"].clone();
    assert_eq!(put(&operator, &minor).await.status, 204);
    assert_eq!(age_group().await, "minor");
    ada.change_profile(&json!({"birthday": "1990-05-17"}))
        .await
        .ok();
    assert_eq!(age_group().await, "minor", "she can't clear it");
    assert_eq!(operator.delete(&minor).await.status, 204);
    assert_eq!(age_group().await, "adult");

    ada.change_profile(&json!({"birthday": "2020-05-17"}))
        .await
        .ok();
    operator.delete(&minor).await.problem(422, "validation");
    assert_eq!(age_group().await, "minor");
    let unknown = format!("/admin/users/{}/minor", new_id());
    put(&operator, &unknown).await.problem(404, "not_found");
}

async fn an_operator_erases_somebody_as_he_could_himself(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, "hello").await.ok();
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    let path = format!("/admin/users/{}", ada.id);
    ada.get("/me").await.ok();
    assert_eq!(operator.delete(&path).await.status, 204);
    ada.get("/me").await.problem(401, "unauthenticated");
    assert_eq!(socket.closed().await, 4410);
    operator.get(&path).await.problem(404, "not_found");
    operator.delete(&path).await.problem(404, "not_found");
}

async fn nobody_locks_himself_out(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let account = format!("/admin/users/{}", operator.id);
    let suspension = format!("{account}/suspension");
    put(&operator, &suspension).await.problem(403, "forbidden");
    let password = format!("{account}/one-time-password");
    let refused = operator.post(&password, &Value::Null).await;
    refused.problem(403, "forbidden");
    operator.delete(&account).await.problem(403, "forbidden");
    operator.get("/me").await.ok();
    for mutation in ["suspendUser", "eraseUser", "resetPassword"] {
        let document = format!(
            "mutation($id: ID!) {{ {mutation}(input: {{userId: $id}}) {{ errors {{ code }} }} }}"
        );
        let himself = json!({"id": operator.id});
        let told = operator.graphql(&document, &himself).await;
        assert_eq!(told["data"][mutation]["errors"][0]["code"], "forbidden");
    }
}

async fn what_was_used_is_told_by_the_day(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    assert_eq!(
        operator.get("/admin/usage").await.ok()["items"],
        json!([]),
        "nobody has said anything"
    );
    ada.say(&hana, "hello").await.ok();
    ada.say(&hana, "hello again").await.ok();
    let days = operator.get("/admin/usage").await.ok()["items"].clone();
    // Midnight may have passed.
    let sum = |field: &str| {
        let days = days.as_array().unwrap().iter();
        days.map(|day| day[field].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!((sum("runs"), sum("failed_runs")), (2, 0), "{days}");
    assert!((1..=2).contains(&sum("users")), "{days}");
    for (query, parameter) in [
        ("from=2026-02-30", "from"),
        ("to=tomorrow", "to"),
        ("from=2026-01-02&to=2026-01-01", "from"),
        ("from=2026-01-01&to=2026-04-03", "from"),
    ] {
        let refused = operator.get(&format!("/admin/usage?{query}")).await;
        let problem = refused.problem(422, "validation");
        assert_eq!(problem["errors"][0]["parameter"], parameter, "{problem}");
    }
    let longest = operator.get("/admin/usage?from=2026-01-01&to=2026-04-02");
    assert_eq!(longest.await.ok()["items"], json!([]));
}
