//! A turn, frame by frame.

use serde_json::{Value, json};
use waifu_testkit::mock_llm::{Answer, Ending, Speech};

use crate::support::chat::{KIND, SLOW_WORDS, change_of};
use crate::support::shape::shape;
use crate::support::socket::{SETTLED, Socket, durable, durable_types, seqs, types, words_from};
use crate::support::world::{Model, World};

scenarios! {
    everywhere: [
        a_turn_goes_out_in_order_and_ends_with_her_whole_words,
        a_turn_tells_what_the_store_holds,
        a_turn_can_be_shown_again,
        a_message_that_was_sent_before_is_answered_to_its_sender_alone,
        a_message_that_still_streams_is_shown_so_far_and_then_on,
        a_second_message_while_she_speaks_is_told_which_turn_is_in_its_way,
    ],
    with_a_scripted_model: [
        a_turn_in_which_she_said_nothing_moves_nothing_and_may_be_tried_again,
        a_turn_that_breaks_off_ends_incomplete_with_its_words,
    ],
}

async fn a_turn_goes_out_in_order_and_ends_with_her_whole_words(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    for turn_no in 1..=2 {
        let id = socket.say(KIND).await;
        let frames = socket.until("turn.done").await;
        let kinds = types(&frames);
        let count = kinds.len();
        assert!(count > 6, "few deltas: {kinds:?}");
        assert_eq!(kinds[..2], ["message.accepted", "turn.started"]);
        assert!(
            kinds[2..count - 3].iter().all(|kind| *kind == "turn.delta"),
            "{kinds:?}"
        );
        // An event opens with the first talk, and one with the level that the second reaches.
        assert_eq!(kinds[count - 3..], SETTLED);
        let first = (turn_no - 1) * 5 + 1;
        assert_eq!(seqs(&frames), [0, 1, 2, 3, 4].map(|no| first + no));

        let done = &frames[count - 1];
        assert_eq!(
            words_from(0, &frames),
            done["message"]["text"].as_str().unwrap()
        );
        assert_eq!(
            (&done["status"], &done["run"]),
            (&json!("completed"), &json!(1))
        );
        if world.model == Model::Scripted {
            assert_eq!(done["message"]["text"], SLOW_WORDS);
        }
        assert_eq!(frames[0]["client_message_id"], id.as_str());
        assert_eq!(frames[0]["turn_no"], turn_no);
        let turn = &frames[0]["turn_id"];
        for frame in frames
            .iter()
            .filter(|frame| frame["type"].as_str().unwrap().contains("turn."))
        {
            assert_eq!(&frame["turn_id"], turn, "{frame}");
        }
        if turn_no == 1 {
            let durable: Vec<Value> = frames
                .iter()
                .filter(|frame| frame["seq"].is_u64())
                .map(shape)
                .collect();
            if world.model == Model::Scripted {
                insta::assert_json_snapshot!("durable_frames", durable);
            }
        }
    }
}

async fn a_turn_tells_what_the_store_holds(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    socket.say(KIND).await;
    let frames = durable(&socket.until("turn.done").await);
    let [.., updated, opened, done] = frames.as_slice() else {
        panic!("{frames:?}")
    };
    let history = ada.history(&hana).await;
    assert_eq!(done["message"], history[0]);
    assert_eq!(frames[0]["message_id"], history[1]["id"]);
    assert_eq!(updated["interaction"], ada.ledger(&hana).await[0]);
    assert_eq!(opened["occurrence"], ada.event(&hana, "first_chat").await);
    let relationship = ada.relationship(&hana).await;
    for field in ["affection", "level", "stage", "version"] {
        assert_eq!(updated[field], relationship[field], "{field}");
    }
    assert_eq!(
        change_of(&updated["interaction"]),
        updated["affection"].as_i64().unwrap()
    );
    let (_, ready) = Socket::ready(&ada, &hana).await;
    assert_eq!(ready["seq"], done["seq"]);
}

async fn a_turn_can_be_shown_again(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    socket.say("Tell me a story.").await;
    let mut frames = socket.until("turn.delta").await;
    let turn_id = frames[0]["turn_id"].clone();
    socket
        .send(&json!({"type": "turn.sync", "turn_id": turn_id}))
        .await;
    frames = socket.until("turn.snapshot").await;
    let snapshot = frames.pop().unwrap();
    let frames = socket.until("turn.done").await;
    let so_far = snapshot["text"].as_str().unwrap();
    let words = so_far.to_owned() + &words_from(snapshot["index"].as_u64().unwrap(), &frames);
    let done = without_seq(frames.last().unwrap());
    assert!(!so_far.is_empty());
    assert_eq!(words, done["message"]["text"].as_str().unwrap());
    assert_eq!(durable_types(&frames), SETTLED);

    socket
        .send(&json!({"type": "turn.sync", "turn_id": turn_id}))
        .await;
    assert_eq!(socket.expect("turn.done").await, done);
}

async fn a_message_that_was_sent_before_is_answered_to_its_sender_alone(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut phone, _) = Socket::ready(&ada, &hana).await;
    let (mut laptop, _) = Socket::ready(&ada, &hana).await;
    let id = phone.say(KIND).await;
    let frames = phone.until("turn.done").await;
    laptop.until("turn.done").await;
    let stored = ada.everything_with(&hana).await;

    phone.say_as(&id, KIND).await;
    let mut accepted = without_seq(&frames[0]);
    accepted["duplicate"] = json!(true);
    assert_eq!(phone.expect("message.accepted").await, accepted);
    assert_eq!(
        phone.expect("turn.done").await,
        without_seq(frames.last().unwrap())
    );

    phone.say_as(&id, "other words").await;
    let error = phone.expect("error").await;
    assert_eq!(
        (&error["code"], &error["ref"]),
        (&json!("idempotency_mismatch"), &json!(id))
    );
    laptop
        .silent_for(std::time::Duration::from_millis(300))
        .await;
    assert_eq!(ada.everything_with(&hana).await, stored);
    if world.model == Model::Scripted {
        assert_eq!(server.model().request_count(), 1);
    }
}

async fn a_message_that_still_streams_is_shown_so_far_and_then_on(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut phone, _) = Socket::ready(&ada, &hana).await;
    let (mut laptop, _) = Socket::ready(&ada, &hana).await;
    let id = phone.say("Tell me a story.").await;
    phone.until("turn.delta").await;
    laptop.until("turn.delta").await;

    laptop.say_as(&id, "Tell me a story.").await;
    let mut frames = laptop.until("turn.snapshot").await;
    let snapshot = frames.pop().unwrap();
    let accepted = frames.pop().unwrap();
    assert_eq!(
        (&accepted["type"], &accepted["duplicate"]),
        (&json!("message.accepted"), &json!(true))
    );
    assert_eq!(accepted.get("seq"), None);
    let rest = laptop.until("turn.done").await;
    let words = snapshot["text"].as_str().unwrap().to_owned()
        + &words_from(snapshot["index"].as_u64().unwrap(), &rest);
    assert_eq!(
        words,
        rest.last().unwrap()["message"]["text"].as_str().unwrap()
    );
    assert_eq!(durable_types(&phone.until("turn.done").await), SETTLED);
    assert_eq!(ada.history(&hana).await.len(), 2);
}

async fn a_second_message_while_she_speaks_is_told_which_turn_is_in_its_way(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    socket.say("Tell me a story.").await;
    let frames = socket.until("turn.delta").await;
    let second = socket.say("Hurry up.").await;
    let by_rest = ada
        .say(&hana, "Now!")
        .await
        .problem(409, "turn_in_progress");
    assert_eq!(by_rest["turn_id"], frames[0]["turn_id"]);

    let rest = socket.until("turn.done").await;
    let error = rest
        .iter()
        .find(|frame| frame["type"] == "error")
        .expect("an error");
    assert_eq!(
        (&error["code"], &error["ref"]),
        (&json!("turn_in_progress"), &json!(second))
    );
    assert_eq!(
        (&error["turn_id"], &error["retryable"]),
        (&frames[0]["turn_id"], &json!(true))
    );
    assert_eq!(seqs(&rest), [3, 4, 5]);
    // It was not kept, so the same id is free to be sent again.
    socket.say_as(&second, "Hurry up.").await;
    assert_eq!(socket.expect("message.accepted").await["turn_no"], 2);
}

async fn a_turn_in_which_she_said_nothing_moves_nothing_and_may_be_tried_again(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    server.model().set_default(Answer::status(500, "{}"));
    socket.say(KIND).await;
    let frames = socket.until("turn.done").await;
    assert_eq!(
        types(&frames),
        ["message.accepted", "turn.started", "turn.done"]
    );
    assert_eq!(seqs(&frames), [1, 2, 3]);
    let done = frames.last().unwrap();
    assert_eq!(
        shape(done),
        json!({
            "type": "turn.done", "seq": 3, "turn_id": "[id]", "run": 1, "status": "failed",
            "reason": "provider_failed", "message": null, "retryable": true,
        })
    );
    server.model().set_default(Answer::echo());
    socket.say(KIND).await;
    assert_eq!(seqs(&socket.until("turn.done").await), [4, 5, 6, 7, 8]);
    assert_eq!(ada.ledger(&hana).await.len(), 1);
}

async fn a_turn_that_breaks_off_ends_incomplete_with_its_words(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    server
        .model()
        .push(Speech::of("I was about to").ending(Ending::Cut).into());
    socket.say(KIND).await;
    let frames = socket.until("turn.done").await;
    assert_eq!(words_from(0, &frames), "I was about to");
    let done = frames.last().unwrap();
    assert_eq!(
        (&done["status"], &done["reason"]),
        (&json!("incomplete"), &json!("cut"))
    );
    assert_eq!(done["message"]["text"], "I was about to");
    assert_eq!(seqs(&frames), [1, 2, 3, 4, 5]);
}

fn without_seq(frame: &Value) -> Value {
    let mut frame = frame.clone();
    frame.as_object_mut().expect("a frame").remove("seq");
    frame
}
