//! The fields of the GraphQL schema's roots, as the schema tells them.

use serde_json::{Value, json};

use super::{Cast, Needs, programs_of, with_limits};
use crate::support::graphql_socket::GraphqlSocket;
use crate::support::new_id;
use crate::support::rest::User;
use crate::support::world::World;

scenarios! {
    everywhere: [
        every_graphql_operation_refuses_strangers_and_gives_nobody_what_is_anothers,
        every_graphql_operation_counts_for_its_class,
        no_key_does_by_graphql_what_is_not_of_its_scopes,
    ],
}

/// What Bob gets who names what is Ada's.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Gets {
    His,
    Refused(&'static str),
}

use Gets::{His, Refused};

const NOT_THERE: Gets = Refused("not_found");
const OPERATORS_ALONE: Gets = Refused("forbidden");
const DONE: &str = "{ errors { code } }";

/// The root, the field, its arguments and selection, and what Bob gets. In this order: the last ones end his sessions.
const CASES: [(&str, &str, &str, Gets); 47] = [
    ("Query", "me", "{ id username displayName persona }", His),
    ("Query", "apiKeys", "{ edges { node { id name } } }", His),
    (
        "Query",
        "waifus",
        "(first: 100) { edges { node { id name personality } } }",
        His,
    ),
    (
        "Query",
        "waifu",
        "(id: \"<waifu>\") { id name personality }",
        NOT_THERE,
    ),
    (
        "Query",
        "relationship",
        "(waifuId: \"<waifu>\") { level }",
        NOT_THERE,
    ),
    (
        "Query",
        "interactions",
        "(waifuId: \"<waifu>\") { edges { node { content } } }",
        NOT_THERE,
    ),
    (
        "Query",
        "affectionHistory",
        "(waifuId: \"<waifu>\") { affection }",
        NOT_THERE,
    ),
    (
        "Query",
        "gifts",
        "(waifuId: \"<waifu>\") { edges { node { id } } }",
        NOT_THERE,
    ),
    (
        "Query",
        "dates",
        "(waifuId: \"<waifu>\") { edges { node { id } } }",
        NOT_THERE,
    ),
    (
        "Query",
        "events",
        "(waifuId: \"<waifu>\") { edges { node { id } } }",
        NOT_THERE,
    ),
    (
        "Query",
        "messages",
        "(waifuId: \"<waifu>\") { edges { node { text } } }",
        NOT_THERE,
    ),
    (
        "Mutation",
        "sendMessage",
        "(input: {waifuId: \"<waifu>\", text: \"hi\"}) { reply { text } errors { code } }",
        NOT_THERE,
    ),
    (
        "Mutation",
        "cancelTurn",
        "(input: {waifuId: \"<waifu>\", turnId: \"<turn>\"}) { reply { text } errors { code } }",
        NOT_THERE,
    ),
    (
        "Mutation",
        "regenerate",
        "(input: {waifuId: \"<waifu>\", turnId: \"<turn>\"}) { reply { text } errors { code } }",
        NOT_THERE,
    ),
    (
        "Mutation",
        "editMessage",
        "(input: {waifuId: \"<waifu>\", turnId: \"<turn>\", text: \"hi\"}) { reply { text } errors { code } }",
        NOT_THERE,
    ),
    (
        "Mutation",
        "chooseAnswer",
        "(input: {waifuId: \"<waifu>\", turnId: \"<turn>\", run: 1}) { message { text } errors { code } }",
        NOT_THERE,
    ),
    (
        "Mutation",
        "giveGift",
        "(input: {waifuId: \"<waifu>\", giftId: \"<gift>\"}) { reply { text } errors { code } }",
        NOT_THERE,
    ),
    (
        "Mutation",
        "goOnDate",
        "(input: {waifuId: \"<waifu>\", dateId: \"<date>\"}) { reply { text } errors { code } }",
        NOT_THERE,
    ),
    (
        "Mutation",
        "takeChoice",
        "(input: {waifuId: \"<waifu>\", occurrenceId: \"<occurrence>\", choice: \"ask\"}) { errors { code } }",
        NOT_THERE,
    ),
    (
        "Mutation",
        "rewind",
        "(input: {waifuId: \"<waifu>\", turnId: \"<turn>\"}) { errors { code } }",
        NOT_THERE,
    ),
    (
        "Mutation",
        "createWaifu",
        "(input: {name: \"Rin\"}) { waifu { id } errors { code } }",
        His,
    ),
    (
        "Mutation",
        "updateWaifu",
        "(input: {id: \"<waifu>\", expectedVersion: 1, name: \"Mine\"}) { waifu { name } errors { code } }",
        NOT_THERE,
    ),
    (
        "Mutation",
        "deleteWaifu",
        "(input: {id: \"<waifu>\"}) { errors { code } }",
        NOT_THERE,
    ),
    (
        "Mutation",
        "updateProfile",
        "(input: {displayName: \"Bob\"}) { user { displayName } errors { code } }",
        His,
    ),
    (
        "Mutation",
        "createApiKey",
        "(input: {name: \"x\", scopes: [READ]}) { secret errors { code } }",
        His,
    ),
    (
        "Mutation",
        "revokeApiKey",
        "(input: {id: \"<key>\"}) { errors { code } }",
        NOT_THERE,
    ),
    (
        "Mutation",
        "adjustAffection",
        "(input: {userId: \"<user>\", waifuId: \"<waifu>\", points: 5, reason: \"x\"}) { errors { code } }",
        OPERATORS_ALONE,
    ),
    (
        "Mutation",
        "suspendUser",
        "(input: {userId: \"<user>\"}) { errors { code } }",
        OPERATORS_ALONE,
    ),
    (
        "Mutation",
        "restoreUser",
        "(input: {userId: \"<user>\"}) { errors { code } }",
        OPERATORS_ALONE,
    ),
    (
        "Query",
        "users",
        "{ edges { node { id username } } }",
        OPERATORS_ALONE,
    ),
    (
        "Query",
        "user",
        "(id: \"<user>\") { username }",
        OPERATORS_ALONE,
    ),
    (
        "Query",
        "houseWaifus",
        "{ edges { node { id } } }",
        OPERATORS_ALONE,
    ),
    (
        "Query",
        "catalogueEntries",
        "(kind: GIFT) { edges { node { key } } }",
        OPERATORS_ALONE,
    ),
    ("Query", "usage", "{ day runs }", OPERATORS_ALONE),
    (
        "Mutation",
        "eraseUser",
        "(input: {userId: \"<user>\"}) { errors { code } }",
        OPERATORS_ALONE,
    ),
    (
        "Mutation",
        "setAgeGroup",
        "(input: {userId: \"<user>\", ageGroup: MINOR}) { errors { code } }",
        OPERATORS_ALONE,
    ),
    (
        "Mutation",
        "resetPassword",
        "(input: {userId: \"<user>\"}) { password errors { code } }",
        OPERATORS_ALONE,
    ),
    (
        "Mutation",
        "createHouseWaifu",
        "(input: {key: \"mine\", name: \"Mine\"}) { errors { code } }",
        OPERATORS_ALONE,
    ),
    (
        "Mutation",
        "updateHouseWaifu",
        "(input: {id: \"<waifu>\", expectedVersion: 1, name: \"Mine\"}) { errors { code } }",
        OPERATORS_ALONE,
    ),
    (
        "Mutation",
        "deleteHouseWaifu",
        "(input: {id: \"<waifu>\"}) { errors { code } }",
        OPERATORS_ALONE,
    ),
    (
        "Mutation",
        "putCatalogueEntry",
        "(input: {kind: GIFT, key: \"<entry>\", definition: \"{}\"}) { errors { code } }",
        OPERATORS_ALONE,
    ),
    (
        "Mutation",
        "retireCatalogueEntry",
        "(input: {kind: GIFT, key: \"<entry>\"}) { errors { code } }",
        OPERATORS_ALONE,
    ),
    (
        "Subscription",
        "chat",
        "(waifuId: \"<waifu>\", text: \"hi\", clientMessageId: \"<new>\") { __typename }",
        NOT_THERE,
    ),
    (
        "Subscription",
        "relationship",
        "(waifuId: \"<waifu>\") { __typename }",
        NOT_THERE,
    ),
    (
        "Mutation",
        "changePassword",
        "(input: {currentPassword: \"a wrong one\", newPassword: \"battery horse\"}) { errors { code } }",
        Refused("validation"),
    ),
    ("Mutation", "logOut", DONE, His),
    ("Mutation", "logOutEverywhere", DONE, His),
];

/// Of the same kind as `logOut`, and in need of somebody to erase.
const LAST: (&str, &str, &str, Gets) = ("Mutation", "eraseMe", DONE, His);

async fn every_graphql_operation_refuses_strangers_and_gives_nobody_what_is_anothers(world: World) {
    let server = world.server().await;
    let cast = Cast::of(&server).await;
    let cases = || CASES.into_iter().chain([LAST]);
    let roots = "{ __schema { queryType { fields { name } } mutationType { fields { name } } \
        subscriptionType { fields { name } } } }";
    let schema = cast.bob.graphql(roots, &Value::Null).await;
    let mut count = 0;
    for (root, kind) in [
        ("Query", "queryType"),
        ("Mutation", "mutationType"),
        ("Subscription", "subscriptionType"),
    ] {
        for field in schema["data"]["__schema"][kind]["fields"]
            .as_array()
            .unwrap()
        {
            let name = field["name"].as_str().unwrap();
            let is_known = cases().any(|(of, known, ..)| (of, known) == (root, name));
            assert!(is_known, "{root}.{name} has no case here");
            count += 1;
        }
    }
    assert_eq!(count, CASES.len() + 1, "a case is of no field");

    let before = cast.adas().await;
    for (root, field, rest, gets) in cases() {
        let document = cast.fill(&format!("{} {{ {field}{rest} }}", root.to_lowercase()));
        let document = document.replace("<new>", &new_id());
        let asked = json!({"query": document});
        let by_nobody = cast.bob.door.post("/graphql", &asked).await;
        by_nobody.problem(401, "unauthenticated");
        let bob = User::log_in(&cast.bob.door, &cast.bob.name).await;
        let told = if root == "Subscription" {
            let mut stranger = GraphqlSocket::unauthenticated(&bob.door).await;
            stranger.begin(&document, &Value::Null).await;
            assert_eq!(stranger.closed().await, 4401, "{field}");
            let mut socket = GraphqlSocket::of(&bob).await;
            let operation = socket.begin(&document, &Value::Null).await;
            let code = socket.refused(&operation).await;
            json!({"errors": [{"extensions": {"code": code}}]})
        } else {
            bob.graphql(&document, &Value::Null).await
        };
        let codes = codes(&told, field);
        match gets {
            His => assert_eq!(codes, Vec::<String>::new(), "{field}: {told}"),
            Refused(code) => assert_eq!(codes, [code], "{field}: {told}"),
        }
        cast.assert_tells_nothing(field, &told.to_string(), &document);
    }
    assert_eq!(cast.adas().await, before);
}

/// What the fields of the roots are counted as, and what a key needs for them.
fn asks(root: &str, field: &str) -> (&'static str, Needs) {
    use Needs::{Scope, Session};
    match field {
        "me" | "apiKeys" => ("read", Session),
        "logOut" | "logOutEverywhere" | "changePassword" => ("auth", Session),
        "updateProfile" | "createApiKey" | "revokeApiKey" | "eraseMe" => ("write", Session),
        "users" | "user" | "houseWaifus" | "catalogueEntries" | "usage" => ("admin", Scope("read")),
        "adjustAffection"
        | "suspendUser"
        | "restoreUser"
        | "eraseUser"
        | "setAgeGroup"
        | "resetPassword"
        | "createHouseWaifu"
        | "updateHouseWaifu"
        | "deleteHouseWaifu"
        | "putCatalogueEntry"
        | "retireCatalogueEntry" => ("admin", Scope("write")),
        "createWaifu" | "updateWaifu" | "deleteWaifu" => ("write", Scope("write")),
        "cancelTurn" | "rewind" | "chooseAnswer" => ("write", Scope("chat")),
        "sendMessage" | "editMessage" | "regenerate" | "giveGift" | "goOnDate" | "takeChoice"
        | "chat" => ("chat", Scope("chat")),
        _ if root == "Query" || field == "relationship" => ("read", Scope("read")),
        _ => panic!("{root}.{field} is of no class here"),
    }
}

async fn every_graphql_operation_counts_for_its_class(world: World) {
    let server = with_limits(world).await;
    let cast = Cast::of(&server).await;
    let by_post = |root: &str| root != "Subscription";
    for (root, field, rest, _) in CASES.into_iter().chain([LAST]) {
        if !by_post(root) {
            continue;
        }
        let document = cast.fill(&format!("{} {{ {field}{rest} }}", root.to_lowercase()));
        let bob = User::log_in(&cast.bob.door, &cast.bob.name).await;
        let answer = bob.post("/graphql", &json!({"query": document})).await;
        let (class, _) = asks(root, field);
        let told = answer.header("ratelimit-policy");
        assert!(
            told.starts_with(&format!("\"{class}\";")),
            "{field}: {told}"
        );
        assert!(!told.contains(','), "{field}: {told}");
    }
}

async fn no_key_does_by_graphql_what_is_not_of_its_scopes(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let cast = Cast::of(&server).await;
    let programs = programs_of(&operator).await;
    let before = operator.get("/me/export").await.ok();
    for (root, field, rest, _) in CASES.into_iter().chain([LAST]) {
        let document = cast.fill(&format!("{} {{ {field}{rest} }}", root.to_lowercase()));
        let document = document.replace("<new>", &new_id());
        let (_, needed) = asks(root, field);
        for (scope, program) in &programs {
            if needed == Needs::Scope(scope) {
                continue;
            }
            let told = if root == "Subscription" {
                let mut socket = GraphqlSocket::of(program).await;
                let operation = socket.begin(&document, &Value::Null).await;
                let code = socket.refused(&operation).await;
                json!({"errors": [{"extensions": {"code": code}}]})
            } else {
                program.graphql(&document, &Value::Null).await
            };
            assert_eq!(
                codes(&told, field),
                ["forbidden"],
                "{scope}: {field}: {told}"
            );
        }
    }
    let after = operator.get("/me/export").await.ok();
    for list in ["profile", "api_keys", "companions", "relationships"] {
        assert_eq!(after[list], before[list], "{list}");
    }
}

/// Of errors, and of errors of a payload.
fn codes(told: &Value, field: &str) -> Vec<String> {
    let errors = told["errors"].as_array().into_iter().flatten();
    let errors = errors.map(|error| &error["extensions"]["code"]);
    let payload = told["data"][field]["errors"].as_array();
    let payload = payload.into_iter().flatten().map(|error| &error["code"]);
    errors
        .chain(payload)
        .map(|code| code.as_str().unwrap_or("none").to_owned())
        .collect()
}
