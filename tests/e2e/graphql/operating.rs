//! What operators do, by GraphQL as by REST.

use serde_json::{Value, json};

use super::{in_graphql, nodes};
use crate::support::rest::{PASSWORD, User};
use crate::support::world::World;

scenarios! {
    everywhere: [
        accounts_are_listed_marked_reset_and_erased,
        the_houses_companions_are_made_changed_and_deleted,
        the_catalogue_is_written,
        usage_is_that_of_rest,
    ],
}

/// What a mutation's payload holds.
async fn done(operator: &User, document: &str, variables: Value) -> Value {
    let answer = operator.graphql(document, &variables).await;
    let payload = answer["data"]
        .as_object()
        .and_then(|data| data.values().next());
    payload.unwrap_or_else(|| panic!("{answer}")).clone()
}

async fn accounts_are_listed_marked_reset_and_erased(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let ada = server.user().await;
    let fields = "id username displayName roles ageGroup createdAt suspendedAt";
    let listed = format!("{{ users(first: 100) {{ edges {{ node {{ {fields} }} }} }} }}");
    let listed = nodes(&operator.graphql(&listed, &Value::Null).await["data"]["users"]);
    let one = format!("query($id: ID!) {{ user(id: $id) {{ {fields} }} }}");
    let one = done(&operator, &one, json!({"id": ada.id})).await;
    assert!(listed.contains(&one), "{listed:?}");
    let named = format!(
        "query($name: String!) {{ users(username: $name) {{ edges {{ node {{ {fields} }} }} }} }}"
    );
    let named = done(&operator, &named, json!({"name": ada.name})).await;
    assert_eq!(nodes(&named), [one]);

    let mark = "mutation($id: ID!) { setAgeGroup(input: {userId: $id, ageGroup: MINOR}) { errors { code } } }";
    let marked = done(&operator, mark, json!({"id": ada.id})).await;
    assert_eq!(marked["errors"], json!([]));
    let account = operator.get(&format!("/admin/users/{}", ada.id)).await.ok();
    assert_eq!(account["age_group"], "minor");

    let reset = "mutation($id: ID!) { resetPassword(input: {userId: $id}) { password expiresAt errors { code } } }";
    let given = done(&operator, reset, json!({"id": ada.id})).await;
    let refused = json!({"username": ada.name, "password": PASSWORD});
    let refused = ada.door.post("/auth/login", &refused).await;
    refused.problem(401, "unauthenticated");
    let account = json!({"username": ada.name, "password": given["password"]});
    let signed_in = ada.door.post("/auth/login", &account).await.ok();
    assert_eq!(signed_in["has_to_change_password"], true);

    let erase = "mutation($id: ID!) { eraseUser(input: {userId: $id}) { errors { code } } }";
    let erased = done(&operator, erase, json!({"id": ada.id})).await;
    assert_eq!(erased["errors"], json!([]));
    let again = done(&operator, erase, json!({"id": ada.id})).await;
    assert_eq!(again["errors"][0]["code"], "not_found");
}

async fn the_houses_companions_are_made_changed_and_deleted(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let create = "mutation($p: Json) { createHouseWaifu(input: {key: \"sora\", name: \"Sora\", personality: $p}) \
        { waifu { id key ownerId visibility personality } errors { code } } }";
    let background = json!({"background": "The house."}).to_string();
    let made = done(&operator, create, json!({"p": background})).await;
    let sora = &made["waifu"];
    assert_eq!(
        (&sora["key"], &sora["ownerId"], &sora["visibility"]),
        (&json!("sora"), &Value::Null, &json!("PUBLIC")),
        "{made}"
    );
    assert!(sora["personality"].as_str().unwrap().contains("The house."));
    let taken = done(&operator, create, json!({"p": background})).await;
    assert_eq!(taken["errors"][0]["code"], "name_taken");
    let listed = "{ houseWaifus(first: 100) { edges { node { id } } } }";
    let listed = done(&operator, listed, Value::Null).await;
    assert!(nodes(&listed).contains(&json!({"id": sora["id"]})));
    let update = "mutation($id: ID!) { updateHouseWaifu(input: {id: $id, expectedVersion: 1, name: \"S\"}) \
        { waifu { name version } errors { code } } }";
    let changed = done(&operator, update, json!({"id": sora["id"]})).await;
    assert_eq!(
        changed["waifu"],
        json!({"name": "S", "version": 2}),
        "{changed}"
    );
    let delete = "mutation($id: ID!) { deleteHouseWaifu(input: {id: $id}) { errors { code } } }";
    let deleted = done(&operator, delete, json!({"id": sora["id"]})).await;
    assert_eq!(deleted["errors"], json!([]));
    let again = done(&operator, delete, json!({"id": sora["id"]})).await;
    assert_eq!(again["errors"][0]["code"], "companion_gone");
}

async fn the_catalogue_is_written(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let fields = "id key definition version isSeeded createdAt updatedAt retiredAt";
    let put = format!(
        "mutation($d: Json!, $v: Int) {{ putCatalogueEntry(input: {{kind: GIFT, key: \"a_rose\", definition: $d, expectedVersion: $v}}) \
        {{ entry {{ {fields} }} errors {{ code field }} }} }}"
    );
    let rose = json!({"name": "A rose", "description": "Red.", "tags": [], "base": 4});
    let made = done(&operator, &put, json!({"d": rose.to_string()})).await;
    assert_eq!(made["errors"], json!([]), "{made}");
    let listed = format!(
        "{{ catalogueEntries(kind: GIFT, first: 1) {{ edges {{ node {{ {fields} }} }} }} }}"
    );
    let listed = nodes(&done(&operator, &listed, Value::Null).await);
    assert_eq!(listed, [made["entry"].clone()]);
    let rest = operator.get("/admin/gifts?limit=1").await.ok()["items"][0].clone();
    let mut entry = made["entry"].clone();
    let definition = entry["definition"].as_str().unwrap();
    let definition: Value = serde_json::from_str(definition).unwrap();
    assert_eq!(definition, rest["definition"]);
    entry["definition"] = definition;
    assert_eq!(in_graphql(&rest, &entry), entry);
    let stale = done(&operator, &put, json!({"d": rose.to_string(), "v": 9})).await;
    assert_eq!(stale["errors"][0]["code"], "precondition_failed");
    for (definition, field) in [("{\"base\": 40}", "/base"), ("[]", "the body")] {
        let refused = done(&operator, &put, json!({"d": definition})).await;
        assert_eq!(
            refused["errors"][0],
            json!({"code": "validation", "field": field}),
            "{refused}"
        );
    }
    let stale = "mutation { retireCatalogueEntry(input: {kind: GIFT, key: \"a_rose\", expectedVersion: 9}) { errors { code } } }";
    let refused = done(&operator, stale, Value::Null).await;
    assert_eq!(refused["errors"][0]["code"], "precondition_failed");
    let retire = "mutation { retireCatalogueEntry(input: {kind: GIFT, key: \"a_rose\"}) { errors { code } } }";
    let retired = done(&operator, retire, Value::Null).await;
    assert_eq!(retired["errors"], json!([]));
    let again = done(&operator, retire, Value::Null).await;
    assert_eq!(again["errors"][0]["code"], "not_found");
}

async fn usage_is_that_of_rest(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, "hello").await.ok();
    let asked = "{ usage { day users runs failedRuns promptTokens completionTokens } }";
    let days = done(&operator, asked, Value::Null).await;
    let rest = operator.get("/admin/usage").await.ok()["items"].clone();
    let whole = |days: &Value, fields: [&str; 5]| {
        let days = days.as_array().unwrap().iter();
        let number = |day: &Value, field: &str| day[field].as_f64().expect("a number");
        days.map(|day| (day["day"].clone(), fields.map(|field| number(day, field))))
            .collect::<Vec<_>>()
    };
    let by_rest = [
        "users",
        "runs",
        "failed_runs",
        "prompt_tokens",
        "completion_tokens",
    ];
    let by_graphql = [
        "users",
        "runs",
        "failedRuns",
        "promptTokens",
        "completionTokens",
    ];
    assert_eq!(whole(&days, by_graphql), whole(&rest, by_rest));
    assert!(!days.as_array().unwrap().is_empty());
    let far = "{ usage(from: \"2020-01-01\", to: \"2026-01-01\") { day } }";
    let refused = operator.graphql(far, &Value::Null).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "validation");
}
