//! What a model may read and write for one user in a day.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;
use waifu_testkit::mock_llm::Speech;

use crate::graphql::frames::chat;
use crate::support::chat::KIND;
use crate::support::graphql_socket::GraphqlSocket;
use crate::support::new_id;
use crate::support::rest::{Answer, Door, send};
use crate::support::socket::Socket;
use crate::support::sse::EventStream;
use crate::support::world::{Model, World};

scenarios! {
    everywhere: [
        a_companion_who_needs_no_model_costs_nothing,
    ],
    with_a_scripted_model: [
        a_spent_budget_is_told_at_every_door_and_a_gift_stands_without_words,
        a_spent_budget_outlives_the_server_and_is_spent_there_too,
        a_model_that_counts_nothing_is_paid_all_the_same,
    ],
}

const SEND: &str = "mutation($input: SendMessageInput!) { sendMessage(input: $input) {
    turn { id } errors { code retryAfterMs } } }";
const A_DAY: u64 = 86_400;

fn budget(tokens: &str) -> [(&str, &str); 1] {
    [("WAIFU__LIMITS__TOKENS_PER_USER_AND_DAY", tokens)]
}

/// The scenarios play on one day.
async fn not_at_midnight(door: &Door) {
    while &door.get("/health/live").await.header("date")[17..25] > "23:59:00" {
        sleep(Duration::from_secs(1)).await;
    }
}

#[track_caller]
fn assert_spent(answer: &Answer) {
    answer.problem(429, "budget_spent");
    let date = &answer.header("date")[17..25];
    let number = |at: usize| date[at..at + 2].parse::<u64>().expect("a number");
    let left = A_DAY - number(0) * 3_600 - number(3) * 60 - number(6);
    let retry_after: u64 = answer.header("retry-after").parse().expect("seconds");
    assert!(left.abs_diff(retry_after) <= 2, "{retry_after} of {left}");
}

fn assert_a_wait_of_hours(millis: &Value) {
    let millis = millis.as_u64().expect("milliseconds");
    assert!((30_000..=A_DAY * 1_000).contains(&millis), "{millis}");
}

async fn a_spent_budget_is_told_at_every_door_and_a_gift_stands_without_words(world: World) {
    let server = world.server_with(&budget("110")).await;
    not_at_midnight(&server.door).await;
    let counted = Speech::of("It was a fine day.").usage(Some((90, 10)));
    server.model().set_default(counted.into());
    let ada = server.user().await;
    let hana = ada.companion().await;
    let first = ada.say(&hana, KIND).await.ok();
    let second = ada.say(&hana, "There are 10 left.").await.ok();
    let asked = server.model().request_count();

    assert_spent(&ada.say(&hana, KIND).await);
    let streamed = EventStream::say(&ada, &hana, &new_id(), KIND).await;
    assert_spent(&streamed.expect_err("no stream"));
    let turn = second["turn_id"].as_str().expect("an id");
    let again = format!("/waifus/{hana}/turns/{turn}/regenerate");
    assert_spent(&send(ada.request("POST", &again)).await);
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    let id = socket.say(KIND).await;
    let error = socket.expect("error").await;
    assert_eq!(
        (&error["code"], &error["ref"]),
        (&json!("budget_spent"), &json!(id)),
        "{error}"
    );
    assert_a_wait_of_hours(&error["retry_after_ms"]);
    let input = json!({"input": {"waifuId": hana, "text": KIND}});
    let answer = ada.graphql(SEND, &input).await;
    let error = &answer["data"]["sendMessage"]["errors"][0];
    assert_eq!(error["code"], "budget_spent", "{answer}");
    assert_a_wait_of_hours(&error["retryAfterMs"]);
    let mut graphql = GraphqlSocket::of(&ada).await;
    let variables = json!({"waifu": hana, "text": KIND, "id": new_id()});
    let operation = graphql.begin(&chat(), &variables).await;
    assert_eq!(graphql.refused(&operation).await, "budget_spent");
    assert_eq!(ada.history(&hana).await.len(), 4, "nothing was accepted");

    let given = ada.give(&hana, "wildflowers").await.ok();
    assert_eq!(
        (&given["turn"], &given["reply"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(given["interactions"].as_array().map(Vec::len), Some(1));
    assert_eq!(server.model().request_count(), asked);
    // Who asks what became of a message is told.
    let id = first["message"]["id"].as_str().expect("an id");
    assert!(ada.history(&hana).await.iter().any(|said| said["id"] == id));
    let bob = server.user().await;
    let yuki = bob.companion().await;
    bob.say(&yuki, KIND).await.ok();
}

async fn a_spent_budget_outlives_the_server_and_is_spent_there_too(world: World) {
    let mut server = world.server_with(&budget("100")).await;
    not_at_midnight(&server.door).await;
    let counted = Speech::of("It was a fine day.").usage(Some((90, 10)));
    server.model().set_default(counted.into());
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, KIND).await.ok();
    server.kill();
    server.start_again().await;
    let ada = ada.through(&server.door);
    assert_spent(&ada.say(&hana, KIND).await);
    server.start_again_with(&budget("101")).await;
    let ada = ada.through(&server.door);
    ada.say(&hana, KIND).await.ok();
    assert_spent(&ada.say(&hana, KIND).await);
    server.start_again_with(&budget("0")).await;
    ada.through(&server.door).say(&hana, KIND).await.ok();
}

async fn a_model_that_counts_nothing_is_paid_all_the_same(world: World) {
    let server = world.server_with(&budget("100")).await;
    not_at_midnight(&server.door).await;
    let uncounted = Speech::of("It was a fine day.").usage(None);
    server.model().set_default(uncounted.into());
    let ada = server.user().await;
    let hana = ada.companion().await;
    let said = ada.say(&hana, KIND).await.ok();
    assert_eq!(said["status"], "completed");
    assert_spent(&ada.say(&hana, KIND).await);
}

async fn a_companion_who_needs_no_model_costs_nothing(world: World) {
    let server = world.server_with(&budget("1")).await;
    not_at_midnight(&server.door).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, KIND).await.ok();
    let second = ada.say(&hana, KIND).await;
    match world.model {
        Model::Offline => _ = second.ok(),
        Model::Scripted => assert_spent(&second),
    }
}
