//! What an operation may cost, and what it costs the store.

use serde_json::{Value, json};

use crate::support::graphql_socket::GraphqlSocket;
use crate::support::rest::{Door, User, send};
use crate::support::world::World;

scenarios! {
    everywhere: [
        a_page_of_fifty_asks_the_store_as_often_as_a_page_of_two,
        what_costs_too_much_is_refused_before_anything_is_done,
        fragments_that_go_round_in_circles_are_refused_at_both_doors,
    ],
}

async fn fragments_that_go_round_in_circles_are_refused_at_both_doors(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    for circle in [
        "{ ...F } fragment F on Query { ...F }",
        "{ ...F } fragment F on Query { ...G } fragment G on Query { ...F ...F }",
        "{ __typename } fragment F on Query { ...F }",
    ] {
        let answer = ada.graphql(circle, &Value::Null).await;
        assert!(answer["errors"].is_array(), "{answer}");
        let mut socket = GraphqlSocket::of(&ada).await;
        socket.begin(circle, &Value::Null).await;
        // It lives, and serves others.
        ada.get("/me").await.ok();
    }
}

async fn statements(door: &Door) -> u64 {
    let metrics = door.get("/metrics").await.text;
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("waifu_store_statements_total "));
    line.expect("they are counted").parse().expect("a number")
}

/// The server does other things as well, now and then: the least of several.
async fn statements_of(user: &User, query: &str) -> u64 {
    let mut least = u64::MAX;
    for _ in 0..8 {
        let before = statements(&user.door).await;
        let answer = user.graphql(query, &Value::Null).await;
        assert_eq!(answer["errors"], Value::Null, "{answer}");
        least = least.min(statements(&user.door).await - before);
    }
    least
}

async fn a_page_of_fifty_asks_the_store_as_often_as_a_page_of_two(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    for _ in 0..50 {
        let hana = ada.companion().await;
        ada.say(&hana, "hello").await.ok();
    }
    let page = |first: u32| {
        format!(
            "{{ waifus(first: {first}) {{ edges {{ node {{ name acquaintance {{ level affection stage }} }} }} }} }}"
        )
    };
    let answer = ada.graphql(&page(50), &Value::Null).await;
    let edges = answer["data"]["waifus"]["edges"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(edges.len(), 50);
    let known = edges
        .iter()
        .filter(|edge| !edge["node"]["acquaintance"].is_null());
    assert!(
        known.count() >= 40,
        "those of the house he has not met: {answer}"
    );
    let (few, many) = (
        statements_of(&ada, &page(2)).await,
        statements_of(&ada, &page(50)).await,
    );
    assert!((1..=12).contains(&few), "{few}");
    assert_eq!(few, many);
}

async fn what_costs_too_much_is_refused_before_anything_is_done(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let fields = many(60, |n| format!("f{n}: text"));
    let list =
        format!("messages(waifuId: \"{hana}\", first: 100) {{ edges {{ node {{{fields} }} }} }}");
    let query = format!("query {{ {list} }}");
    let body = json!({"query": query});
    let answer = send(ada.request("POST", "/graphql").json(&body)).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    let error = answer.json()["errors"][0].clone();
    assert_eq!(error["extensions"]["code"], "validation", "{error}");
    assert!(
        error["message"].as_str().unwrap().contains("may cost 5000"),
        "{error}"
    );
    let mut socket = GraphqlSocket::of(&ada).await;
    let operation = socket.begin(&query, &Value::Null).await;
    assert_eq!(socket.refused(&operation).await, "validation");
    // A mutation of which a part costs too much does nothing at all.
    let says = many(150, |n| {
        format!(
            "m{n}: sendMessage(input: {{waifuId: \"{hana}\", text: \"hi\"}}) {{ turn {{ id }} }}"
        )
    });
    let say = format!("mutation {{ {says} }}");
    let answer = ada.graphql(&say, &Value::Null).await;
    assert!(answer["errors"][0]["message"].is_string(), "{answer}");
    assert_eq!(ada.history(&hana).await, Vec::<Value>::new());
}

fn many(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect::<Vec<_>>().join(" ")
}
