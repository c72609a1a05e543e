//! What is remembered of a provider, what is done for a prompt that is too long, and what a cancelled call costs.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until};
use waifu_testkit::mock_llm::{Answer, Ending, Speech};

use super::provider::{done, too_long, works_again};
use crate::support::chat::{KIND, slow_speech};
use crate::support::socket::Socket;
use crate::support::world::World;

scenarios! {
    with_a_scripted_model: [
        a_prompt_that_is_too_long_is_tried_once_with_half_of_the_history,
        after_five_failures_nobody_calls_until_one_call_has_gone_well,
        retries_are_paid_for_and_run_out,
        a_fault_reads_the_same_when_the_message_came_over_a_socket,
        who_cancels_closes_the_providers_connection,
    ],
}

async fn a_prompt_that_is_too_long_is_tried_once_with_half_of_the_history(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    for _ in 0..4 {
        ada.say(&hana, KIND).await.ok();
    }
    let affection = ada.relationship(&hana).await["affection"].clone();
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    let asked = |from: usize| -> Vec<Vec<Value>> {
        let requests = server.model().requests();
        let bodies = requests[from..].iter().map(|asked| &asked.body["messages"]);
        bodies.map(|all| all.as_array().unwrap().clone()).collect()
    };

    let before = server.model().request_count();
    for answer in [too_long(), too_long()] {
        server.model().push(answer);
    }
    let refused = ada.say(&hana, "Do you remember?").await;
    refused.problem(502, "provider_failed");
    let done_in_vain = done(&mut socket).await;
    assert_eq!(done_in_vain["reason"], "provider_failed");
    assert_eq!(asked(before).len(), 2);
    assert_eq!(ada.relationship(&hana).await["affection"], affection);

    let before = server.model().request_count();
    server.model().push(too_long());
    let answer = ada.say(&hana, "And now?").await.ok();
    assert_eq!(answer["status"], "completed");
    let asked = asked(before);
    let [whole, trimmed] = asked.as_slice() else {
        panic!("{} calls", asked.len());
    };
    assert!(
        trimmed.len() < whole.len(),
        "{} of {}",
        trimmed.len(),
        whole.len()
    );
    // Who she is and what is said to her now stay.
    assert_eq!(trimmed.first(), whole.first());
    let last = |messages: &[Value]| messages.last().unwrap()["content"].to_string();
    assert!(last(whole).contains("And now?") && last(trimmed).contains("And now?"));
}

async fn after_five_failures_nobody_calls_until_one_call_has_gone_well(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    server.model().set_default(Answer::status(500, ""));
    // Three calls, and two: at the fifth failure there is no further try.
    for calls in [3, 5] {
        ada.say(&hana, KIND).await.problem(502, "provider_failed");
        assert_eq!(server.model().request_count(), calls);
    }
    done(&mut socket).await;
    let opened = done(&mut socket).await;
    assert!(opened["retry_after_ms"].as_u64() > Some(4_000), "{opened}");

    let asked = Instant::now();
    let refused = ada.say(&hana, KIND).await;
    assert!(
        asked.elapsed() < Duration::from_secs(1),
        "{:?}",
        asked.elapsed()
    );
    refused.problem(503, "provider_unavailable");
    assert!(!refused.header("retry-after").is_empty(), "{refused:?}");
    let told = done(&mut socket).await;
    let wait = told["retry_after_ms"].as_u64().expect("a wait");
    assert!((1..=5_000).contains(&wait), "{told}");
    assert_eq!(server.model().request_count(), 5, "nobody calls");

    // The provider is well again, but that is not known before the rest is over.
    server.model().set_default(Answer::echo());
    ada.say(&hana, KIND)
        .await
        .problem(503, "provider_unavailable");
    assert_eq!(server.model().request_count(), 5);
    sleep_until(asked + Duration::from_millis(wait + 200)).await;
    works_again(&ada, &hana).await;
    works_again(&ada, &hana).await;
    assert_eq!(server.model().request_count(), 7);
}

async fn retries_are_paid_for_and_run_out(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    // Five pairs of retries are paid for at once, and every ten calls earn one more.
    let mut calls = Vec::new();
    for _ in 0..8 {
        let before = server.model().request_count();
        server.model().set_default(Answer::status(500, ""));
        ada.say(&hana, KIND).await.problem(502, "provider_failed");
        calls.push(server.model().request_count() - before);
        server.model().set_default(Answer::echo());
        works_again(&ada, &hana).await;
    }
    assert_eq!(calls[..5], [3; 5], "{calls:?}");
    assert!(calls[5..].contains(&1), "{calls:?}");
}

async fn a_fault_reads_the_same_when_the_message_came_over_a_socket(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let later = Answer::status(429, "").with_header("Retry-After", "60");
    for (answer, status, reason, wait, affection) in [
        (
            later,
            "failed",
            "provider_unavailable",
            json!(60_000),
            false,
        ),
        (
            Answer::status(401, ""),
            "failed",
            "provider_failed",
            Value::Null,
            false,
        ),
        (
            Speech::of("I was").ending(Ending::Cut).into(),
            "incomplete",
            "cut",
            Value::Null,
            true,
        ),
    ] {
        let hana = ada.companion().await;
        let (mut socket, _) = Socket::ready(&ada, &hana).await;
        server.model().push(answer);
        socket.say(KIND).await;
        let done = done(&mut socket).await;
        assert_eq!(
            (&done["status"], &done["reason"]),
            (&json!(status), &json!(reason))
        );
        assert_eq!(done["retry_after_ms"], wait, "{done}");
        let moved = ada.relationship(&hana).await["affection"].as_i64() > Some(0);
        assert_eq!(moved, affection, "{done}");
        socket.say(KIND).await;
        assert_eq!(self::done(&mut socket).await["status"], "completed");
    }
}

async fn who_cancels_closes_the_providers_connection(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    for (no, answer) in (1..).zip([slow_speech().into(), Answer::HangBeforeHeaders]) {
        let hana = ada.companion().await;
        let (mut socket, _) = Socket::ready(&ada, &hana).await;
        server.model().push(answer);
        socket.say(KIND).await;
        let started = socket.until("turn.started").await;
        while server.model().in_flight() == 0 {
            sleep(Duration::from_millis(5)).await;
        }
        let turn = started.last().unwrap()["turn_id"].as_str().unwrap();
        let cancelled = Instant::now();
        let answer = ada
            .post(&format!("/waifus/{hana}/turns/{turn}/cancel"), &json!({}))
            .await;
        assert_eq!(answer.ok()["status"], "cancelled");
        assert!(
            server
                .model()
                .saw_hang_ups(no, Duration::from_secs(1))
                .await
        );
        let hung_up = server.model().hang_ups()[no - 1].at;
        assert!(hung_up - cancelled < Duration::from_secs(1));
        assert_eq!(server.model().in_flight(), 0);
        assert_eq!(done(&mut socket).await["status"], "cancelled");
        works_again(&ada, &hana).await;
    }
}
