//! How many sockets there may be, and that all of them hear.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use crate::support::chat::KIND;
use crate::support::socket::{Heard, Socket, durable, words_from};
use crate::support::world::World;

scenarios! {
    everywhere: [
        five_devices_hear_the_same,
        the_newest_of_six_takes_the_place_of_the_oldest,
        the_newest_of_twenty_one_takes_the_place_of_the_oldest,
        twenty_strangers_may_wait_at_one_address,
    ],
}

async fn five_devices_hear_the_same(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let mut sockets = Vec::new();
    for _ in 0..5 {
        sockets.push(Socket::ready(&ada, &hana).await.0);
    }
    for speaker in [0, 4] {
        sockets[speaker].say(KIND).await;
        let hear = async |socket: &mut Socket| socket.until("turn.done").await;
        let heard = join_all(sockets.iter_mut().map(hear)).await;
        for frames in &heard {
            assert_eq!(durable(frames), durable(&heard[0]));
            assert_eq!(words_from(0, frames), words_from(0, &heard[0]));
        }
    }
}

async fn the_newest_of_six_takes_the_place_of_the_oldest(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let mut sockets = Vec::new();
    for _ in 0..5 {
        let (socket, ready) = Socket::ready(&ada, &hana).await;
        assert_eq!(ready["limits"]["sockets_per_companion"], 5);
        sockets.push(socket);
    }
    let (mut sixth, _) = Socket::ready(&ada, &hana).await;
    assert_eq!(sockets[0].hear().await, Heard::Closed(4409));
    sixth.say(KIND).await;
    let heard = durable(&sixth.until("turn.done").await);
    for socket in &mut sockets[1..] {
        assert_eq!(durable(&socket.until("turn.done").await), heard);
    }
    // With another companion, and for another user, there is as much room again.
    let yuki = ada.companion().await;
    Socket::ready(&ada, &yuki).await;
    sixth.silent_for(Duration::from_millis(200)).await;
    // Who leaves makes room.
    drop(sockets.pop());
    tokio::time::sleep(Duration::from_millis(200)).await;
    let (_seventh, _) = Socket::ready(&ada, &hana).await;
    sockets[1].silent_for(Duration::from_millis(200)).await;
}

async fn the_newest_of_twenty_one_takes_the_place_of_the_oldest(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let mut sockets = Vec::new();
    for _ in 0..4 {
        let waifu = ada.companion().await;
        for _ in 0..5 {
            let (socket, ready) = Socket::ready(&ada, &waifu).await;
            assert_eq!(ready["limits"]["sockets_per_user"], 20);
            sockets.push(socket);
        }
    }
    sockets[0].silent_for(Duration::from_millis(100)).await;
    let one_more = ada.companion().await;
    let (mut newest, _) = Socket::ready(&ada, &one_more).await;
    assert_eq!(sockets[0].hear().await, Heard::Closed(4409));
    sockets[1].silent_for(Duration::from_millis(200)).await;
    newest.say(KIND).await;
    newest.until("turn.done").await;
}

async fn twenty_strangers_may_wait_at_one_address(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let mut waiting = Vec::new();
    for _ in 0..20 {
        waiting.push(Socket::unauthenticated(&server.door, &hana).await);
    }
    let (status, problem) = Socket::open(&server.door, &hana, &[]).await.unwrap_err();
    assert_eq!(status, 429, "{problem}");
    assert!(problem.contains("\"rate_limited\""), "{problem}");
    // Whoever says with the upgrade who he is does not wait.
    Socket::ready(&ada, &hana).await;
    // And one who has said it makes room.
    let auth = json!({"type": "auth", "access_token": ada.token});
    waiting[0].send(&auth).await;
    waiting[0].expect("ready").await;
    waiting.push(Socket::unauthenticated(&server.door, &hana).await);
    assert!(Socket::open(&server.door, &hana, &[]).await.is_err());
    // As does one who gives up.
    drop(waiting.pop());
    tokio::time::sleep(Duration::from_millis(300)).await;
    Socket::unauthenticated(&server.door, &hana).await;
}
