//! Coming back: whole or refused.

use std::time::Duration;

use serde_json::{Value, json};

use super::model::{Model, stored};
use crate::support::chat::KIND;
use crate::support::new_id;
use crate::support::rest::User;
use crate::support::socket::{Heard, Socket, durable, place, seqs, words_from};
use crate::support::world::World;

scenarios! {
    everywhere: [
        who_comes_back_hears_in_order_what_he_missed,
        a_place_may_be_told_in_the_header_and_in_the_auth_frame,
        who_was_there_before_the_beginning_can_come_back,
        who_heard_the_beginning_goes_back_to_it,
        who_missed_nothing_goes_on,
        a_place_that_is_none_is_refused_and_told_where_the_two_stand,
        what_is_no_place_is_refused_at_the_door,
        who_missed_more_than_three_hundred_starts_anew,
        who_comes_back_while_she_speaks_gets_what_he_missed_and_all_her_words,
        who_missed_only_words_gets_them_with_ready,
    ],
}

const SILENCE: Duration = Duration::from_millis(300);

async fn who_comes_back_hears_in_order_what_he_missed(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut constant, ready) = Socket::ready(&ada, &hana).await;
    assert_eq!(ready["resumed"], false);
    let (mut phone, _) = Socket::ready(&ada, &hana).await;
    ada.say(&hana, KIND).await.ok();
    let before = phone.until("turn.done").await;
    let (_, here) = Socket::ready(&ada, &hana).await;
    drop(phone);
    ada.say(&hana, KIND).await.ok();
    ada.give(&hana, "sea_glass").await.ok();
    let mut heard = durable(&constant.until("turn.done").await);
    assert_eq!(heard, durable(&before));
    heard = durable(&constant.until("turn.done").await);
    heard.extend(durable(&constant.until("turn.done").await));

    let (mut phone, ready) = Socket::resuming(&ada, &hana, &place(&here, None)).await;
    assert_eq!(
        (&ready["resumed"], &ready["seq"]),
        (&json!(true), &here["seq"])
    );
    let mut missed = phone.until("turn.done").await;
    missed.extend(phone.until("turn.done").await);
    // Words that are over come with the end of their turn alone.
    assert_eq!(missed, heard);
    assert_eq!(ready["relationship"], ada.relationship(&hana).await);
    phone.silent_for(SILENCE).await;
    // And then on, as if nothing had been.
    phone.say("I am back.").await;
    let after = phone.until("turn.done").await;
    assert_eq!(durable(&after), durable(&constant.until("turn.done").await));
    let last = seqs(&missed).last().copied().unwrap();
    assert_eq!(seqs(&after)[0], last + 1);
}

async fn a_place_may_be_told_in_the_header_and_in_the_auth_frame(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, KIND).await.ok();
    let (_, here) = Socket::ready(&ada, &hana).await;
    let epoch = here["epoch"].clone();
    let head = here["seq"].as_u64().unwrap();

    let (mut by_header, ready) = Socket::resuming(&ada, &hana, &place(&here, 2)).await;
    assert_eq!(
        (&ready["resumed"], &ready["seq"]),
        (&json!(true), &json!(2))
    );
    let replayed = by_header.until("turn.done").await;
    assert_eq!(seqs(&replayed), (3..=head).collect::<Vec<_>>());

    let mut by_frame = Socket::unauthenticated(&server.door, &hana).await;
    let auth = json!({
        "type": "auth", "access_token": ada.token, "resume": {"epoch": epoch, "seq": 2},
    });
    by_frame.send(&auth).await;
    assert_eq!(by_frame.expect("ready").await["seq"], 2);
    assert_eq!(by_frame.until("turn.done").await, replayed);

    // What the frame says goes before what the header said.
    let headers = [("Waifu-Resume", "null:0")];
    let mut by_both = Socket::open(&server.door, &hana, &headers).await.unwrap();
    by_both.send(&auth).await;
    assert_eq!(by_both.expect("ready").await["seq"], 2);
    assert_eq!(by_both.until("turn.done").await, replayed);

    let mut by_header = Socket::open(&server.door, &hana, &headers).await.unwrap();
    let auth = json!({"type": "auth", "access_token": ada.token});
    by_header.send(&auth).await;
    let ready = by_header.expect("ready").await;
    assert_eq!(
        (&ready["resumed"], &ready["seq"]),
        (&json!(true), &json!(0))
    );
    assert_eq!(by_header.until("turn.done").await.len(), 5);
}

async fn who_was_there_before_the_beginning_can_come_back(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (socket, strangers) = Socket::ready(&ada, &hana).await;
    assert_eq!(place(&strangers, None), "null:0");
    drop(socket);
    let (socket, ready) = Socket::resuming(&ada, &hana, "null:0").await;
    let standing = (&ready["resumed"], &ready["seq"], &ready["epoch"]);
    assert_eq!(standing, (&json!(true), &json!(0), &Value::Null));
    drop(socket);
    ada.say(&hana, KIND).await.ok();
    let (mut socket, ready) = Socket::resuming(&ada, &hana, "null:0").await;
    assert_eq!(
        (&ready["resumed"], &ready["seq"]),
        (&json!(true), &json!(0))
    );
    assert!(ready["epoch"].is_string());
    let replayed = socket.until("turn.done").await;
    assert_eq!(seqs(&replayed), [1, 2, 3, 4, 5]);
    assert_eq!(replayed[4]["message"], ada.history(&hana).await[0]);
}

/// No frame but `ready` tells the epoch, so who has never been told it can go back to the beginning alone.
async fn who_heard_the_beginning_goes_back_to_it(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    socket.say(KIND).await;
    let heard = durable(&socket.until("turn.done").await);
    drop(socket);
    is_refused(&ada, &hana, "null:5").await;
    let (mut socket, ready) = Socket::resuming(&ada, &hana, "null:0").await;
    assert_eq!(socket.until("turn.done").await, heard);
    let (_, ready) = Socket::resuming(&ada, &hana, &place(&ready, 5)).await;
    assert_eq!(
        (&ready["resumed"], &ready["seq"]),
        (&json!(true), &json!(5))
    );
}

async fn who_missed_nothing_goes_on(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, KIND).await.ok();
    let (_, here) = Socket::ready(&ada, &hana).await;
    let (mut socket, ready) = Socket::resuming(&ada, &hana, &place(&here, None)).await;
    assert_eq!(
        (&ready["resumed"], &ready["seq"]),
        (&json!(true), &here["seq"])
    );
    assert_eq!(ready.get("active"), None);
    socket.silent_for(SILENCE).await;
}

/// Comes back to a place that can't be gone on from.
async fn is_refused(ada: &User, hana: &str, place: &str) {
    let (mut socket, ready) = Socket::resuming(ada, hana, place).await;
    let (_, fresh) = Socket::ready(ada, hana).await;
    assert_eq!(ready["resumed"], false, "{place}");
    assert_eq!(ready["seq"], fresh["seq"], "{place}");
    assert_eq!(ready["epoch"], fresh["epoch"], "{place}");
    socket.silent_for(SILENCE).await;
}

async fn a_place_that_is_none_is_refused_and_told_where_the_two_stand(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let nowhere = format!("{}:0", new_id());
    is_refused(&ada, &hana, &nowhere).await;
    is_refused(&ada, &hana, "null:1").await;
    ada.say(&hana, KIND).await.ok();
    let (_, here) = Socket::ready(&ada, &hana).await;
    let head = here["seq"].as_u64().unwrap();
    is_refused(&ada, &hana, &place(&here, head + 1)).await;
    is_refused(&ada, &hana, &place(&here, u64::MAX)).await;
    is_refused(&ada, &hana, &format!("{}:{head}", new_id())).await;
    is_refused(&ada, &hana, &format!("null:{head}")).await;
    is_refused(&ada, &hana, &nowhere).await;
}

async fn what_is_no_place_is_refused_at_the_door(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let bearer = format!("Bearer {}", ada.token);
    for place in [
        "", "7", "null", "null:", "null:-1", "null:1.5", "x:1", ":1", "null:0:0",
    ] {
        let headers = [("Authorization", bearer.as_str()), ("Waifu-Resume", place)];
        let (status, problem) = Socket::open(&server.door, &hana, &headers)
            .await
            .unwrap_err();
        assert_eq!(status, 422, "{place:?}: {problem}");
        assert!(problem.contains("Waifu-Resume"), "{place:?}: {problem}");
    }
    for resume in [
        json!({"seq": -1}),
        json!("null:0"),
        json!({"epoch": "x", "seq": 0}),
    ] {
        let mut socket = Socket::unauthenticated(&server.door, &hana).await;
        let auth = json!({"type": "auth", "access_token": ada.token, "resume": resume});
        socket.send(&auth).await;
        assert_eq!(socket.hear().await, Heard::Closed(4400), "{resume}");
    }
}

async fn who_missed_more_than_three_hundred_starts_anew(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let mut head = 0;
    let mut here = Value::Null;
    while head < 302 {
        for _ in 0..25 {
            ada.say(&hana, "I am going to the shop.").await.ok();
        }
        here = Socket::ready(&ada, &hana).await.1;
        head = here["seq"].as_u64().unwrap();
    }
    is_refused(&ada, &hana, "null:0").await;
    is_refused(&ada, &hana, &place(&here, head - 301)).await;
    let (mut socket, ready) = Socket::resuming(&ada, &hana, &place(&here, head - 300)).await;
    assert_eq!(ready["resumed"], true);
    let mut numbers = Vec::new();
    while numbers.last() != Some(&head) {
        numbers.push(socket.frame().await["seq"].as_u64().expect("a number"));
    }
    assert_eq!(numbers, (head - 299..=head).collect::<Vec<_>>());
}

async fn who_comes_back_while_she_speaks_gets_what_he_missed_and_all_her_words(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut constant, here) = Socket::ready(&ada, &hana).await;
    let mut model = Model::default();
    model.connected(&Socket::resuming(&ada, &hana, &model.place()).await.1);
    constant.say(KIND).await;
    constant.until("turn.delta").await;
    // He missed that she began.
    let (mut socket, ready) = Socket::resuming(&ada, &hana, &place(&here, None)).await;
    assert_eq!(ready["resumed"], true);
    let early = ready.get("active");
    assert_eq!(early, None, "events come before words: {ready}");
    model.connected(&ready);
    let frames = socket.until("turn.done").await;
    for frame in &frames {
        // Her words, in whatever form they come, have to be those of the end.
        assert!(model.apply(frame), "{frame}");
    }
    assert_eq!(
        durable(&frames)[2..],
        durable(&constant.until("turn.done").await)
    );
    assert_eq!(model.shown(), stored(&ada, &hana).await);
}

async fn who_missed_only_words_gets_them_with_ready(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    socket.say(KIND).await;
    socket.until("turn.started").await;
    let heard = words_from(0, &socket.until("turn.delta").await);
    let (_, here) = Socket::ready(&ada, &hana).await;
    drop(socket);
    let (mut socket, ready) = Socket::resuming(&ada, &hana, &place(&here, 2)).await;
    assert_eq!(ready["resumed"], true);
    let active = &ready["active"];
    assert!(
        active["text"].as_str().unwrap().starts_with(&heard),
        "{ready}"
    );
    assert_eq!((&active["run"], &active["attempt"]), (&json!(1), &json!(1)));
    whole(active, &socket.until("turn.done").await);
}

/// A snapshot and the deltas after it are what she said.
#[track_caller]
fn whole(snapshot: &Value, rest: &[Value]) {
    let so_far = snapshot["text"].as_str().expect("words").to_owned();
    let words = so_far + &words_from(snapshot["index"].as_u64().expect("a number"), rest);
    let done = rest.last().expect("an end");
    assert_eq!(done["message"]["text"], words.as_str());
}
