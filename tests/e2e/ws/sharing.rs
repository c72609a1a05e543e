//! Several devices of one user, some of which come and go.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::support::chat::KIND;
use crate::support::new_id;
use crate::support::socket::{SETTLED, Socket, durable_types, seqs, words_from};
use crate::support::world::{Model, World};

scenarios! {
    everywhere: [
        every_device_hears_everything,
        a_message_by_rest_is_heard_on_the_socket,
        who_comes_in_the_middle_gets_the_words_so_far_and_then_the_rest,
        a_reply_goes_on_when_everybody_has_left,
        one_message_over_three_doors_at_once_is_one_turn,
    ],
}

async fn every_device_hears_everything(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut phone, _) = Socket::ready(&ada, &hana).await;
    let (mut laptop, _) = Socket::ready(&ada, &hana).await;
    phone.say(KIND).await;
    let (on_phone, on_laptop) = (
        phone.until("turn.done").await,
        laptop.until("turn.done").await,
    );
    let durable = |frames: &[Value]| -> Vec<Value> {
        frames
            .iter()
            .filter(|frame| frame["seq"].is_u64())
            .cloned()
            .collect()
    };
    assert_eq!(durable(&on_phone), durable(&on_laptop));
    assert_eq!(words_from(0, &on_phone), words_from(0, &on_laptop));
    assert_eq!(seqs(&on_laptop), [1, 2, 3, 4, 5]);
}

async fn a_message_by_rest_is_heard_on_the_socket(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    let answer = ada.say(&hana, KIND).await.ok();
    let frames = socket.until("turn.done").await;
    assert_eq!(frames[0]["message_id"], answer["message"]["id"]);
    assert_eq!(
        frames.last().unwrap()["message"]["id"],
        answer["reply"]["id"]
    );
}

async fn who_comes_in_the_middle_gets_the_words_so_far_and_then_the_rest(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut phone, _) = Socket::ready(&ada, &hana).await;
    phone.say(KIND).await;
    let mut on_phone = phone.until("turn.delta").await;
    on_phone.extend(phone.until("turn.delta").await);

    let (mut laptop, ready) = Socket::ready(&ada, &hana).await;
    let active = &ready["active"];
    assert_eq!(active["turn_id"], on_phone[0]["turn_id"], "{ready}");
    assert_eq!((&active["run"], &ready["seq"]), (&json!(1), &json!(2)));
    let so_far = active["text"].as_str().unwrap();
    assert!(so_far.len() >= words_from(0, &on_phone).len(), "{ready}");
    let rest = laptop.until("turn.done").await;
    let words = so_far.to_owned() + &words_from(active["index"].as_u64().unwrap(), &rest);
    assert_eq!(
        words,
        rest.last().unwrap()["message"]["text"].as_str().unwrap()
    );
    assert_eq!(durable_types(&rest), SETTLED);
    assert_eq!(seqs(&rest), [3, 4, 5]);

    let (_, later) = Socket::ready(&ada, &hana).await;
    assert_eq!(later.get("active"), None);
}

async fn a_reply_goes_on_when_everybody_has_left(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    let id = socket.say(KIND).await;
    let heard = words_from(0, &socket.until("turn.delta").await);
    drop(socket);

    let deadline = Instant::now() + Duration::from_secs(30);
    while ada.history(&hana).await.len() < 2 {
        assert!(Instant::now() < deadline, "the reply was not stored");
        sleep(Duration::from_millis(50)).await;
    }
    let history = ada.history(&hana).await;
    assert_eq!(
        (&history[0]["role"], &history[0]["status"]),
        (&json!("waifu"), &json!("completed"))
    );
    let text = history[0]["text"].as_str().unwrap();
    assert!(
        text.starts_with(&heard) && text.len() > heard.len(),
        "{heard:?} and then {text:?}"
    );
    assert_eq!(ada.ledger(&hana).await.len(), 1);

    // Who comes back and asks by the same id hears how it ended.
    let (mut socket, ready) = Socket::ready(&ada, &hana).await;
    assert_eq!(ready["seq"], 5);
    socket.say_as(&id, KIND).await;
    socket.expect("message.accepted").await;
    assert_eq!(socket.expect("turn.done").await["message"], history[0]);
}

async fn one_message_over_three_doors_at_once_is_one_turn(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let id = new_id();
    let mut sockets = Vec::new();
    for _ in 0..5 {
        sockets.push(Socket::ready(&ada, &hana).await.0);
    }
    let by_rest = join_all((0..20).map(|_| ada.say_as(&hana, &id, KIND)));
    let mutation = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { turn { id } errors { code } } }";
    let input = json!({"input": {"waifuId": hana, "text": KIND, "clientMessageId": id}});
    let by_graphql = join_all((0..20).map(|_| ada.graphql(mutation, &input)));
    let by_socket = join_all(sockets.iter_mut().map(async |socket| {
        socket.say_as(&id, KIND).await;
        socket.say_as(&id, KIND).await;
        socket.until("turn.done").await
    }));
    let (by_rest, by_graphql, by_socket) = tokio::join!(by_rest, by_graphql, by_socket);

    let turn_id = ada.history(&hana).await[0]["turn_id"].clone();
    for answer in by_rest {
        assert_eq!(answer.ok()["turn_id"], turn_id);
    }
    for answer in by_graphql {
        let payload = &answer["data"]["sendMessage"];
        assert_eq!(
            payload,
            &json!({"turn": {"id": turn_id}, "errors": []}),
            "{answer}"
        );
    }
    for frames in by_socket {
        assert_eq!(frames.last().unwrap()["turn_id"], turn_id);
    }
    assert_eq!(ada.history(&hana).await.len(), 2);
    assert_eq!(ada.ledger(&hana).await.len(), 1);
    if world.model == Model::Scripted {
        assert_eq!(server.model().request_count(), 1);
    }
}
