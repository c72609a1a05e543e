//! SIGTERM under load: what was begun is finished, everybody is told, and nothing is lost.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::sleep;
use waifu_testkit::mock_llm::Speech;

use crate::support::chat::SLOW_WORDS;
use crate::support::server::Server;
use crate::support::socket::{Heard, Socket};
use crate::support::survivor::{
    Conversation, DOORS, Load, USABLE_WITHIN, Way, check, hold_the_law, make_up,
};
use crate::support::world::World;

scenarios! {
    with_a_scripted_model: [
        a_server_that_stops_under_load_finishes_what_was_begun,
    ],
}

/// They wait for an answer while the server is asked to stop, three through each door.
const WAITING: usize = 9;
const IDLE: usize = 4;
/// Meanwhile somebody else goes on and on.
const A_MOMENT: Duration = Duration::from_millis(300);

async fn a_server_that_stops_under_load_finishes_what_was_begun(world: World) {
    let mut server = world.server().await;
    let speech = Speech::of(SLOW_WORDS).word_every(Duration::from_millis(250));
    server.model().set_default(speech.into());
    let (ada, bob, cyd) = (
        server.user().await,
        server.user().await,
        server.user().await,
    );
    let mut waiting = Vec::new();
    for no in 0..WAITING {
        let user = [&ada, &bob][no % 2];
        waiting.push(Conversation::of(user, user.companion().await));
    }
    let mut idle = Vec::new();
    for no in 0..IDLE {
        let user = [&ada, &bob][no % 2];
        idle.push(Socket::ready(user, &user.companion().await).await.0);
    }
    let mut stranger = Socket::unauthenticated(&server.door, &ada.companion().await).await;
    let mut load = Load::of(&cyd, 6, 1).await;
    let (tell, way) = watch::channel(Way {
        door: server.door.clone(),
        is_over: false,
    });
    let door = server.door.clone();
    let talking = waiting.iter_mut().enumerate().map(|(no, conversation)| {
        let door = &door;
        async move {
            let by = DOORS[no % DOORS.len()];
            let said = conversation.say(door, by).await;
            said.unwrap_or_else(|gone| panic!("no answer by {by:?}: {gone:?}"));
            assert!(!conversation.is_stuck(), "{by:?} was refused");
        }
    });
    let mut loading = None;
    let stopping = async {
        while server.model().in_flight() < WAITING {
            sleep(Duration::from_millis(10)).await;
        }
        loading = Some(tokio::spawn(async move {
            load.go_on(way).await;
            load.conversations
        }));
        sleep(A_MOMENT).await;
        server.ask_to_stop();
    };
    let leaving = join_all(idle.iter_mut().map(is_told_to_leave));
    let turned_away = async { assert_eq!(stranger.hear().await, Heard::Closed(4503)) };
    tokio::join!(join_all(talking), stopping, leaving, turned_away);
    let exit = server.ended().await;
    assert!(exit.success(), "{exit}");
    let log = server.log();
    assert!(!log.contains("panicked"), "{log}");
    tell.send_modify(|way| way.is_over = true);
    let loading = loading.expect("it was begun");
    let mut loaded = loading.await.expect("whoever talks does not panic");

    everything_is_there(&mut server, &mut waiting, &mut loaded).await;
}

async fn is_told_to_leave(socket: &mut Socket) {
    let told: Value = socket.until("reconnect").await.pop().expect("a frame");
    assert!(told["after_ms"].is_u64(), "{told}");
    assert_eq!(socket.hear().await, Heard::Closed(4503));
}

async fn everything_is_there(
    server: &mut Server,
    waiting: &mut [Conversation],
    loaded: &mut [Conversation],
) {
    server.start_again().await;
    let by = tokio::time::Instant::now() + USABLE_WITHIN;
    for conversations in [waiting, loaded] {
        make_up(conversations, &server.door, by).await;
        check(conversations, &server.door).await;
    }
    hold_the_law(server).await;
}
