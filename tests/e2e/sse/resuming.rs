//! Streams that break off, and are asked for again.

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use crate::support::chat::KIND;
use crate::support::new_id;
use crate::support::rest::User;
use crate::support::socket::{Socket, durable, durable_types, seqs, types, words_from};
use crate::support::sse::{Event, EventStream, frames};
use crate::support::world::World;

scenarios! {
    everywhere: [
        a_turn_that_is_over_is_told_from_any_event_on,
        a_stream_that_breaks_off_anywhere_is_gone_on_with,
        who_does_not_say_where_he_was_is_told_how_it_stands,
        a_place_that_is_none_is_as_good_as_no_place,
        a_stream_that_is_asked_for_late_tells_of_its_own_turn,
    ],
}

/// She says so many words in about a second.
const LIVELY: [(&str, &str); 1] = [("WAIFU__OFFLINE__WORDS_PER_SECOND", "15")];

fn without_seq(frame: &Value) -> Value {
    let mut frame = frame.clone();
    frame.as_object_mut().expect("a frame").remove("seq");
    frame
}

async fn all(user: &User, waifu: &str, id: &str, last: Option<&str>) -> Vec<Event> {
    let stream = EventStream::say_again(user, waifu, id, KIND, last).await;
    stream.unwrap().rest().await
}

async fn a_turn_that_is_over_is_told_from_any_event_on(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let id = new_id();
    let events = all(&ada, &hana, &id, None).await;
    let events: Vec<Event> = events
        .into_iter()
        .filter(|event| event.id.is_some())
        .collect();
    assert_eq!(events.len(), 5);
    let stored = ada.everything_with(&hana).await;
    for (no, event) in events.iter().enumerate() {
        let rest = all(&ada, &hana, &id, event.id.as_deref()).await;
        assert_eq!(rest, events[no + 1..], "after {}", event.name);
    }
    assert_eq!(all(&ada, &hana, &id, Some("null:0")).await, events);
    assert_eq!(ada.everything_with(&hana).await, stored);
}

/// Hears so many events, and then the rest of them on another connection.
async fn broken(user: &User, waifu: &str, count: usize) {
    let id = new_id();
    let mut stream = EventStream::say(user, waifu, &id, KIND).await.unwrap();
    let mut before = Vec::new();
    while before.len() < count
        && let Some(event) = stream.next().await
    {
        before.push(event);
    }
    drop(stream);
    let last = before.iter().rev().find_map(|event| event.id.clone());
    let after = all(user, waifu, &id, last.as_deref()).await;
    let history = user.history(waifu).await;
    let said = history[0]["text"].as_str().unwrap();
    if last.is_none() {
        // He does not even know that it was accepted.
        assert_eq!(after[0].data["duplicate"], true);
        assert_eq!(after.last().unwrap().data["message"], history[0]);
        return;
    }
    let heard = [frames(&before), frames(&after)].concat();
    let numbers = seqs(&heard);
    let first = numbers[0];
    let all_once: Vec<u64> = (first..first + numbers.len() as u64).collect();
    assert_eq!(numbers, all_once, "{heard:#?}");
    let ends = durable(&heard).last().cloned().unwrap();
    assert_eq!(
        (&ends["type"], &ends["message"]),
        (&json!("turn.done"), &history[0])
    );
    // Whoever comes back while she speaks gets her words from the start of his connection.
    let spoken: Vec<Value> = frames(&after);
    if let Some(at) = spoken
        .iter()
        .position(|frame| frame["type"] == "turn.snapshot")
    {
        let snapshot = &spoken[at];
        let so_far = snapshot["text"].as_str().unwrap().to_owned();
        let index = snapshot["index"].as_u64().unwrap();
        assert_eq!(so_far + &words_from(index, &spoken[at..]), said);
    } else if types(&spoken).contains(&"turn.delta") {
        assert_eq!(words_from(0, &spoken), said);
    }
}

async fn a_stream_that_breaks_off_anywhere_is_gone_on_with(world: World) {
    let server = world.slow_server(&LIVELY).await;
    stream::iter(0..20)
        .for_each_concurrent(10, async |count| {
            let ada = server.user().await;
            let hana = ada.companion().await;
            broken(&ada, &hana, count).await;
        })
        .await;
}

async fn who_does_not_say_where_he_was_is_told_how_it_stands(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let id = new_id();
    let mut first = EventStream::say(&ada, &hana, &id, KIND).await.unwrap();
    let mut events = first.until("turn.delta").await;
    let again = frames(&all(&ada, &hana, &id, None).await);
    events.extend(first.rest().await);
    let first = frames(&events);

    let mut accepted = without_seq(&first[0]);
    accepted["duplicate"] = json!(true);
    assert_eq!(again[0], accepted);
    assert_eq!(again[1]["type"], "turn.snapshot");
    let so_far = again[1]["text"].as_str().unwrap().to_owned();
    let index = again[1]["index"].as_u64().unwrap();
    assert_eq!(so_far + &words_from(index, &again), words_from(0, &first));
    assert_eq!(durable(&again), durable(&first)[2..]);

    // And when it is over, that it is.
    let over = frames(&all(&ada, &hana, &id, None).await);
    assert_eq!(over, [accepted, without_seq(first.last().unwrap())]);
    assert_eq!(ada.history(&hana).await.len(), 2);
}

async fn a_place_that_is_none_is_as_good_as_no_place(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let id = new_id();
    let events = all(&ada, &hana, &id, None).await;
    let over = all(&ada, &hana, &id, None).await;
    let (epoch, _) = events[0].id.as_ref().unwrap().split_once(':').unwrap();
    for place in [
        "",
        "null:3",
        &format!("{epoch}:6"),
        &format!("{}:1", new_id()),
    ] {
        let told = all(&ada, &hana, &id, Some(place)).await;
        assert_eq!(told, over, "{place:?}");
    }
}

async fn a_stream_that_is_asked_for_late_tells_of_its_own_turn(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let id = new_id();
    let events = all(&ada, &hana, &id, None).await;
    let place = events[0].id.as_deref();
    let in_time = frames(&all(&ada, &hana, &id, place).await);
    ada.give(&hana, "sea_glass").await.ok();
    ada.say(&hana, KIND).await.ok();
    let late = frames(&all(&ada, &hana, &id, place).await);
    assert_eq!(durable_types(&late).last(), Some(&"turn.done"));
    assert_eq!(late, in_time);
    // Nothing of it is new to sockets.
    let (_, ready) = Socket::ready(&ada, &hana).await;
    assert!(ready["seq"].as_u64() > seqs(&late).last().copied());
}
