//! One message at every door at once.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::frames::chat;
use crate::support::chat::KIND;
use crate::support::graphql_socket::GraphqlSocket;
use crate::support::new_id;
use crate::support::socket::Socket;
use crate::support::sse::EventStream;
use crate::support::world::{Model, World};

scenarios! {
    everywhere: [
        fifty_copies_of_one_message_at_every_door_at_once_are_one_turn,
    ],
}

const SEND: &str = "mutation($input: SendMessageInput!) {
    sendMessage(input: $input) { turn { id } errors { code } } }";

async fn fifty_copies_of_one_message_at_every_door_at_once_are_one_turn(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let id = new_id();
    let (mut sockets, mut subscribers) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        sockets.push(Socket::ready(&ada, &hana).await.0);
        subscribers.push(GraphqlSocket::of(&ada).await);
    }
    let by_rest = join_all((0..10).map(|_| ada.say_as(&hana, &id, KIND)));
    let by_stream = join_all((0..10).map(async |_| {
        let stream = EventStream::say(&ada, &hana, &id, KIND).await;
        stream.unwrap().rest().await
    }));
    let input = json!({"input": {"waifuId": hana, "text": KIND, "clientMessageId": id}});
    let by_mutation = join_all((0..10).map(|_| ada.graphql(SEND, &input)));
    let by_socket = join_all(sockets.iter_mut().map(async |socket| {
        socket.say_as(&id, KIND).await;
        socket.say_as(&id, KIND).await;
        socket.until("turn.done").await
    }));
    let variables = json!({"waifu": hana, "text": KIND, "id": id});
    let by_subscription = join_all(subscribers.iter_mut().map(async |graphql| {
        let query = chat();
        let both = [
            graphql.begin(&query, &variables).await,
            graphql.begin(&query, &variables).await,
        ];
        let mut ends: Vec<Value> = Vec::new();
        let mut completed = 0;
        while completed < both.len() {
            let message = graphql.socket.frame().await;
            completed += usize::from(message["type"] == "complete");
            let frame = &message["payload"]["data"]["chat"];
            if frame["__typename"] == "TurnDone" {
                ends.push(frame.clone());
            }
        }
        ends
    }));
    let (by_rest, by_stream, by_mutation, by_socket, by_subscription) =
        tokio::join!(by_rest, by_stream, by_mutation, by_socket, by_subscription);

    let history = ada.history(&hana).await;
    let turn = &history[0]["turn_id"];
    for answer in by_rest {
        assert_eq!(answer.ok()["turn_id"], *turn);
    }
    for events in by_stream {
        let done = &events.last().unwrap().data;
        assert_eq!(
            (&done["type"], &done["turn_id"]),
            (&json!("turn.done"), turn)
        );
    }
    for answer in by_mutation {
        let payload = &answer["data"]["sendMessage"];
        assert_eq!(
            *payload,
            json!({"turn": {"id": turn}, "errors": []}),
            "{answer}"
        );
    }
    for frames in by_socket {
        assert_eq!(frames.last().unwrap()["turn_id"], *turn);
    }
    for ends in by_subscription {
        assert_eq!(ends.len(), 2, "{ends:?}");
        assert!(ends.iter().all(|done| done["turnId"] == *turn), "{ends:?}");
    }
    assert_eq!(history.len(), 2);
    assert_eq!(ada.ledger(&hana).await.len(), 1);
    if world.model == Model::Scripted {
        assert_eq!(server.model().request_count(), 1);
    }
}
