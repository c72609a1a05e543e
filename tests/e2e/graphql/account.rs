//! Companions, the account and its keys, as REST has them.

use serde_json::{Value, json};

use crate::support::new_id;
use crate::support::rest::{PASSWORD, User};
use crate::support::world::World;

scenarios! {
    everywhere: [
        a_companion_is_made_changed_and_deleted,
        what_is_wrong_with_a_companion_is_told_with_its_place,
        a_profile_is_changed_field_by_field_and_null_forgets,
        keys_are_made_listed_and_revoked,
        a_password_is_changed_and_sessions_end,
        operators_suspend_and_restore,
        an_account_is_erased,
        a_row_of_the_ledger_tells_its_cause_and_facts,
    ],
}

/// The payload of a mutation that takes an input.
async fn ask(user: &User, mutation: &str, input_type: &str, input: Value, fields: &str) -> Value {
    let document = format!(
        "mutation($input: {input_type}!) {{ {mutation}(input: $input) {{ {fields} errors {{ code message field }} }} }}"
    );
    let answer = user.graphql(&document, &json!({"input": input})).await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    answer["data"][mutation].clone()
}

#[track_caller]
fn refused(payload: &Value, code: &str, field: impl Into<Value>) {
    assert_eq!(payload["errors"][0]["code"], code, "{payload}");
    assert_eq!(payload["errors"][0]["field"], field.into(), "{payload}");
}

const HER: &str =
    "waifu { id name version personality appearance allStats visibility stats { warmth } }";

async fn a_companion_is_made_changed_and_deleted(world: World) {
    let server = world.server().await;
    let (ada, bob) = (server.user().await, server.user().await);
    let input = json!({
        "name": "Hana",
        "personality": r#"{"archetype": "kuudere", "x_mine": [1]}"#,
        "stats": r#"{"warmth": 70, "stubbornness": 90}"#,
    });
    let made = ask(&ada, "createWaifu", "CreateWaifuInput", input, HER).await;
    let hana = &made["waifu"];
    let document = |field: &str| -> Value {
        serde_json::from_str(hana[field].as_str().expect("a text")).expect("JSON")
    };
    assert_eq!(document("personality")["x_mine"], json!([1]));
    assert_eq!(document("allStats")["stubbornness"], 90);
    assert_eq!(
        (&hana["stats"]["warmth"], &hana["version"]),
        (&json!(70), &json!(1))
    );
    let shown = ada
        .get(&format!("/waifus/{}", hana["id"].as_str().unwrap()))
        .await
        .ok();
    assert_eq!(document("personality"), shown["personality"]);

    let change = json!({
        "id": hana["id"],
        "expectedVersion": 1,
        "personality": r#"{"x_mine": null, "background": "A library."}"#,
        "visibility": "PUBLIC",
    });
    let update = async |user: &User, input: &Value| {
        ask(user, "updateWaifu", "UpdateWaifuInput", input.clone(), HER).await
    };
    refused(&update(&bob, &change).await, "not_found", Value::Null);
    let changed = update(&ada, &change).await["waifu"].clone();
    let personality = changed["personality"].as_str().unwrap();
    assert!(personality.contains("kuudere") && !personality.contains("x_mine"));
    assert_eq!(
        (&changed["visibility"], &changed["version"]),
        (&json!("PUBLIC"), &json!(2))
    );
    refused(
        &update(&ada, &change).await,
        "precondition_failed",
        Value::Null,
    );
    let seen = json!({"id": hana["id"], "expectedVersion": 2, "name": "Mine"});
    refused(&update(&bob, &seen).await, "not_owner", Value::Null);

    let her = json!({"id": hana["id"]});
    let delete =
        async |user: &User| ask(user, "deleteWaifu", "DeleteWaifuInput", her.clone(), "").await;
    refused(&delete(&bob).await, "not_owner", Value::Null);
    assert_eq!(delete(&ada).await["errors"], json!([]));
    refused(&update(&ada, &seen).await, "companion_gone", Value::Null);
}

async fn what_is_wrong_with_a_companion_is_told_with_its_place(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    for (input, field) in [
        (json!({"name": ""}), "/name"),
        (
            json!({"name": "x", "stats": r#"{"warmth": 101}"#}),
            "/stats/warmth",
        ),
        (
            json!({"name": "x", "personality": r#"{"likes": {"a b": 1}}"#}),
            "/personality/likes/a b",
        ),
    ] {
        let payload = ask(&ada, "createWaifu", "CreateWaifuInput", input, HER).await;
        refused(&payload, "validation", json!(field));
        assert_eq!(payload["waifu"], Value::Null);
    }
    let document =
        "mutation { createWaifu(input: {name: \"x\", stats: \"{\"}) { errors { code } } }";
    let answer = ada.graphql(document, &Value::Null).await;
    assert!(
        answer["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("Json"),
        "{answer}"
    );
}

async fn a_profile_is_changed_field_by_field_and_null_forgets(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let fields = "user { displayName timeZone birthday pronouns locale persona roles }";
    let update =
        async |input: Value| ask(&ada, "updateProfile", "UpdateProfileInput", input, fields).await;
    let told = json!({
        "displayName": "Ada", "timeZone": "Europe/Berlin", "birthday": "1996-02-29",
        "pronouns": "she/her", "locale": "de", "persona": "A baker.",
    });
    let mut expected = told.clone();
    expected["roles"] = json!(["USER"]);
    assert_eq!(update(told).await["user"], expected);
    assert_eq!(update(json!({})).await["user"], expected);
    expected["persona"] = Value::Null;
    assert_eq!(update(json!({"persona": null})).await["user"], expected);
    let me = ada
        .graphql(
            &format!("{{ me {{ {} }} }}", &fields[7..fields.len() - 2]),
            &Value::Null,
        )
        .await;
    assert_eq!(me["data"]["me"], expected);
    refused(
        &update(json!({"birthday": "29.2."})).await,
        "validation",
        json!("/birthday"),
    );
    refused(
        &update(json!({"birthday": "2996-01-01"})).await,
        "validation",
        json!("/birthday"),
    );
}

async fn keys_are_made_listed_and_revoked(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let input = json!({"name": "my bot", "scopes": ["READ", "CHAT"]});
    let made = ask(
        &ada,
        "createApiKey",
        "CreateApiKeyInput",
        input,
        "secret key { id name scopes }",
    )
    .await;
    let key = &made["key"];
    assert_eq!(key["scopes"], json!(["READ", "CHAT"]));
    let bot = User {
        token: made["secret"].as_str().unwrap().to_owned(),
        ..ada.clone()
    };
    bot.get("/waifus").await.ok();
    let list = "{ apiKeys { edges { node { id name scopes } } pageInfo { hasNextPage } } }";
    let listed = ada.graphql(list, &Value::Null).await;
    assert_eq!(
        listed["data"]["apiKeys"]["edges"][0]["node"], *key,
        "{listed}"
    );
    let none = json!({"name": "x", "scopes": []});
    let payload = ask(&ada, "createApiKey", "CreateApiKeyInput", none, "secret").await;
    refused(&payload, "validation", json!("scopes"));

    let revoke = async |id: &Value| {
        ask(
            &ada,
            "revokeApiKey",
            "RevokeApiKeyInput",
            json!({"id": id}),
            "",
        )
        .await
    };
    refused(&revoke(&json!(new_id())).await, "not_found", Value::Null);
    assert_eq!(revoke(&key["id"]).await["errors"], json!([]));
    bot.get("/waifus").await.problem(401, "unauthenticated");
}

async fn a_password_is_changed_and_sessions_end(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let other = User::log_in(&server.door, &ada.name).await;
    let change = async |current: &str, new: &str| {
        let input = json!({"currentPassword": current, "newPassword": new});
        ask(&ada, "changePassword", "ChangePasswordInput", input, "").await
    };
    refused(
        &change("wrong password", "battery horse").await,
        "validation",
        json!("/current_password"),
    );
    refused(
        &change(PASSWORD, "short").await,
        "validation",
        json!("newPassword"),
    );
    assert_eq!(
        change(PASSWORD, "battery horse correct").await["errors"],
        json!([])
    );
    other.get("/me").await.problem(401, "unauthenticated");
    let out = "mutation { logOut { errors { code } } }";
    let answer = ada.graphql(out, &Value::Null).await;
    assert_eq!(answer["data"]["logOut"]["errors"], json!([]));
    ada.get("/me").await.problem(401, "unauthenticated");

    let (bob, elsewhere) = {
        let bob = server.user().await;
        let elsewhere = User::log_in(&server.door, &bob.name).await;
        (bob, elsewhere)
    };
    let everywhere = "mutation { logOutEverywhere { errors { code } } }";
    bob.graphql(everywhere, &Value::Null).await;
    elsewhere.get("/me").await.problem(401, "unauthenticated");
}

async fn operators_suspend_and_restore(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let ada = server.user().await;
    let him = json!({"userId": ada.id});
    let suspend = async |by: &User, user: &Value| {
        ask(by, "suspendUser", "SuspendUserInput", user.clone(), "").await
    };
    refused(&suspend(&ada, &him).await, "forbidden", Value::Null);
    let nobody = json!({"userId": new_id()});
    refused(&suspend(&operator, &nobody).await, "not_found", Value::Null);
    assert_eq!(suspend(&operator, &him).await["errors"], json!([]));
    ada.get("/me").await.problem(403, "suspended");
    ask(&operator, "restoreUser", "RestoreUserInput", him, "").await;
    ada.get("/me").await.ok();
}

async fn an_account_is_erased(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let erase = "mutation { eraseMe { errors { code } } }";
    let answer = ada.graphql(erase, &Value::Null).await;
    assert_eq!(answer["data"]["eraseMe"]["errors"], json!([]), "{answer}");
    let account = json!({"username": ada.name, "password": PASSWORD});
    let login = ada.door.post("/auth/login", &account).await;
    login.problem(401, "unauthenticated");
}

async fn a_row_of_the_ledger_tells_its_cause_and_facts(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.give(&hana, "wildflowers").await.ok();
    let rows =
        "query($id: ID!) { interactions(waifuId: $id) { edges { node { no cause facts } } } }";
    let told = ada.graphql(rows, &json!({"id": hana})).await;
    let node = &told["data"]["interactions"]["edges"][0]["node"];
    let shown = &ada.ledger(&hana).await[0];
    let cause: Value = serde_json::from_str(node["cause"].as_str().unwrap()).unwrap();
    assert_eq!(cause, shown["cause"], "{told}");
    assert_eq!(
        node["facts"].as_array().unwrap().len(),
        shown["facts"].as_array().unwrap().len()
    );
}
