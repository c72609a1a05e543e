//! Everything that happens between two, as one subscription.

use std::time::Duration;

use serde_json::{Value, json};

use super::frames::{as_graphql, assert_same, names, numbers, relationship};
use super::in_graphql;
use crate::support::chat::KIND;
use crate::support::graphql_socket::{GraphqlSocket, Operation};
use crate::support::new_id;
use crate::support::socket::Socket;
use crate::support::world::World;

scenarios! {
    everywhere: [
        who_listens_hears_what_is_done_at_every_door,
        who_comes_back_hears_what_he_missed,
        who_listened_before_they_met_can_come_back,
        a_place_that_is_none_is_refused_and_told_where_the_two_stand,
        who_comes_in_the_middle_gets_the_words_so_far_and_then_the_rest,
        what_cant_be_listened_to_has_its_code,
    ],
}

const SILENCE: Duration = Duration::from_millis(300);

async fn listen(graphql: &mut GraphqlSocket, waifu: &str, after: &Value) -> (Operation, Value) {
    let variables = json!({"waifu": waifu, "after": after});
    let operation = graphql.begin(&relationship(), &variables).await;
    let ready = graphql.frame(&operation).await;
    assert_eq!(ready["__typename"], "Ready", "{ready}");
    (operation, ready)
}

async fn who_listens_hears_what_is_done_at_every_door(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    let mut graphql = GraphqlSocket::of(&ada).await;
    let (operation, ready) = listen(&mut graphql, &hana, &Value::Null).await;
    assert_eq!(
        (&ready["resumed"], &ready["seq"], &ready["epoch"]),
        (&json!(false), &json!("0"), &Value::Null)
    );
    let standing = &ready["relationship"];
    assert_eq!(
        *standing,
        in_graphql(&ada.relationship(&hana).await, standing)
    );

    let talk = ada.say(&hana, KIND).await.ok();
    ada.give(&hana, "sea_glass").await.ok();
    ada.go(&hana, "chess_in_the_park").await.ok();
    ada.choose(&hana, "first_date", "long_way").await.ok();
    socket.say("And by this door.").await;
    let mut on_socket = Vec::new();
    let mut frames = Vec::new();
    for _ in 0..5 {
        on_socket.extend(socket.until("turn.done").await);
        frames.extend(graphql.until(&operation, "TurnDone").await);
    }
    let turn = on_socket.last().unwrap()["turn_id"].as_str().unwrap();
    let path = format!("/waifus/{hana}/turns/{turn}");
    ada.post(&format!("{path}/regenerate"), &json!({}))
        .await
        .ok();
    on_socket.extend(socket.until("turn.done").await);
    frames.extend(graphql.until(&operation, "TurnDone").await);
    let choose = ada
        .request("PUT", &format!("{path}/choice"))
        .json(&json!({"run": 1}));
    crate::support::rest::send(choose).await.ok();
    ada.rewind(&hana, &talk["turn_id"]).await.ok();
    on_socket.extend(socket.until("turn.voided").await);
    frames.extend(graphql.until(&operation, "TurnVoided").await);

    let (_, now) = Socket::ready(&ada, &hana).await;
    // Each run has its words: they are compared turn by turn.
    let ends = |frame: &Value| frame["type"] == "turn.done" || frame["__typename"] == "TurnDone";
    let turns = frames.split_inclusive(ends);
    for (by_graphql, on_socket) in turns.zip(on_socket.split_inclusive(ends)) {
        assert_same(by_graphql, on_socket, &now["epoch"]);
    }
    for kind in [
        "MessageAccepted",
        "TurnStarted",
        "TurnDone",
        "TurnChosen",
        "TurnVoided",
        "RelationshipUpdated",
        "EventChanged",
    ] {
        assert!(names(&frames).contains(&kind), "{kind}");
    }
    let causes = frames.iter().filter_map(|frame| frame["cause"].as_object());
    let causes: Vec<_> = causes.map(|cause| cause["type"].clone()).collect();
    assert_eq!(causes, ["GIFT", "DATE", "OCCURRENCE"]);
    let head = *numbers(&frames).last().unwrap();
    assert_eq!(numbers(&frames), (1..=head).collect::<Vec<_>>());
}

async fn who_comes_back_hears_what_he_missed(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let mut constant = GraphqlSocket::of(&ada).await;
    let (all, _) = listen(&mut constant, &hana, &Value::Null).await;
    ada.say(&hana, KIND).await.ok();
    let before = constant.until(&all, "TurnDone").await;
    ada.say(&hana, KIND).await.ok();
    ada.give(&hana, "sea_glass").await.ok();
    let mut missed = constant.until(&all, "TurnDone").await;
    missed.extend(constant.until(&all, "TurnDone").await);
    missed.retain(|frame| frame["seq"].is_string());

    let last = before.last().unwrap();
    let place = json!({"epoch": last["epoch"], "seq": last["seq"]});
    let mut back = GraphqlSocket::of(&ada).await;
    let (operation, ready) = listen(&mut back, &hana, &place).await;
    assert_eq!(
        (&ready["resumed"], &ready["seq"], &ready["epoch"]),
        (&json!(true), &last["seq"], &last["epoch"])
    );
    let mut heard = back.until(&operation, "TurnDone").await;
    heard.extend(back.until(&operation, "TurnDone").await);
    assert_eq!(heard, missed);
    back.silent_for(SILENCE).await;
    // And then on, as if nothing had been.
    ada.say(&hana, "I am back.").await.ok();
    let next = back.until(&operation, "TurnDone").await;
    assert_eq!(next.last(), constant.until(&all, "TurnDone").await.last());
}

async fn who_listened_before_they_met_can_come_back(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let mut graphql = GraphqlSocket::of(&ada).await;
    let (operation, strangers) = listen(&mut graphql, &hana, &Value::Null).await;
    ada.say(&hana, KIND).await.ok();
    let first = graphql.until(&operation, "TurnDone").await;
    let (_, now) = Socket::ready(&ada, &hana).await;
    let mut durable = first;
    durable.retain(|frame| frame["seq"].is_string());
    assert!(durable.iter().all(|frame| frame["epoch"] == now["epoch"]));

    for (place, told) in [(&strangers, &durable[..]), (&durable[1], &durable[2..])] {
        let place = json!({"epoch": place["epoch"], "seq": place["seq"]});
        let (operation, ready) = listen(&mut graphql, &hana, &place).await;
        assert_eq!(ready["resumed"], true, "{place}");
        assert_eq!(graphql.until(&operation, "TurnDone").await, told);
        graphql.leave(&operation).await;
    }
}

async fn a_place_that_is_none_is_refused_and_told_where_the_two_stand(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, KIND).await.ok();
    let (_, now) = Socket::ready(&ada, &hana).await;
    let mut graphql = GraphqlSocket::of(&ada).await;
    for place in [
        json!({"epoch": now["epoch"], "seq": "6"}),
        json!({"epoch": now["epoch"], "seq": u64::MAX.to_string()}),
        json!({"epoch": new_id(), "seq": "0"}),
        json!({"seq": "5"}),
    ] {
        let (operation, ready) = listen(&mut graphql, &hana, &place).await;
        assert_eq!(
            (&ready["resumed"], &ready["seq"], &ready["epoch"]),
            (&json!(false), &json!("5"), &now["epoch"]),
            "{place}"
        );
        graphql.silent_for(SILENCE).await;
        graphql.leave(&operation).await;
    }
}

async fn who_comes_in_the_middle_gets_the_words_so_far_and_then_the_rest(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    socket.say(KIND).await;
    let started = socket.until("turn.delta").await;
    let mut graphql = GraphqlSocket::of(&ada).await;
    let (operation, ready) = listen(&mut graphql, &hana, &Value::Null).await;
    let active = &ready["active"];
    assert_eq!(active["turnId"], started[0]["turn_id"], "{ready}");
    let rest = graphql.until(&operation, "TurnDone").await;
    let mut words = active["text"].as_str().unwrap().to_owned();
    let first = active["index"].as_u64().unwrap();
    let is_delta = |frame: &&Value| frame["__typename"] == "TurnDelta";
    for (delta, index) in rest.iter().filter(is_delta).zip(first..) {
        assert_eq!(delta["index"], index);
        words += delta["text"].as_str().unwrap();
    }
    let done = rest.last().unwrap();
    assert_eq!(done["message"]["text"], words);
    let on_socket = socket.until("turn.done").await;
    let epoch = &done["epoch"];
    assert_eq!(*done, as_graphql(on_socket.last().unwrap(), done, epoch));
}

async fn what_cant_be_listened_to_has_its_code(world: World) {
    let server = world.server().await;
    let (ada, bob) = (server.user().await, server.user().await);
    let (yuki, his) = (ada.companion().await, bob.companion().await);
    ada.delete(&format!("/waifus/{yuki}")).await;
    let mut graphql = GraphqlSocket::of(&ada).await;
    let place = |epoch: &str| json!({"epoch": epoch, "seq": "0"});
    for (waifu, after, code) in [
        (his.as_str(), Value::Null, "not_found"),
        (&new_id(), Value::Null, "not_found"),
        (&yuki, Value::Null, "companion_gone"),
        ("yuki", Value::Null, "validation"),
        (&yuki, place("x"), "validation"),
    ] {
        let variables = json!({"waifu": waifu, "after": after});
        let operation = graphql.begin(&relationship(), &variables).await;
        assert_eq!(graphql.refused(&operation).await, code, "{variables}");
    }
    for seq in [json!("x"), json!("-1"), json!("18446744073709551616")] {
        let variables = json!({"waifu": yuki, "after": {"seq": seq}});
        let operation = graphql.begin(&relationship(), &variables).await;
        graphql.refused(&operation).await;
    }
    // By POST nothing can be listened to.
    let answer = ada.graphql(&relationship(), &json!({"waifu": yuki})).await;
    assert!(answer["errors"].is_array(), "{answer}");
}
