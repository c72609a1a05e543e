//! Two servers on one store in PostgreSQL: whichever a message goes to, it is one conversation.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use waifu_testkit::mock_llm::Speech;

use crate::support::chat::{KIND, id_of};
use crate::support::new_id;
use crate::support::rest::{Door, send};
use crate::support::server::{Process, Server};
use crate::support::socket::{Socket, seqs};
use crate::support::survivor::{
    By, Conversation, Load, USABLE_WITHIN, Way, check, hold_the_law, make_up, watch_on,
};
use crate::support::world::World;
use crate::ws::model::{Model, stored};

on_postgres! {
    every_socket_hears_every_frame_whichever_server_a_message_went_to,
    words_from_the_other_server_come_at_least_every_three_seconds,
    two_servers_together_start_one_run_at_a_time,
    the_same_message_at_both_servers_at_once_is_one_turn,
    a_stop_through_the_other_server_hangs_up_on_the_provider,
    clients_of_a_server_that_dies_go_on_at_the_other,
    whoever_signs_out_at_one_server_is_out_at_the_other,
}

/// The second one goes with its [`Process`].
async fn two_servers(world: World) -> (Server, Process, Door) {
    let server = world.server().await;
    let other = server.place.spawn().await.expect("it starts");
    let door = Door::to(&other.address);
    (server, other, door)
}

async fn every_socket_hears_every_frame_whichever_server_a_message_went_to(world: World) {
    let (server, _other, there) = two_servers(world).await;
    let here = server.door.clone();
    let ada = server.user().await;
    let hana = ada.companion().await;
    let speech = Speech::of("one two three four").word_every(Duration::from_millis(30));
    server.model().set_default(speech.into());
    let (tell, way) = watch::channel(Way {
        door: here.clone(),
        is_over: false,
    });
    let (tell_there, other_way) = watch::channel(Way {
        door: there.clone(),
        is_over: false,
    });
    let watchers = [way.clone(), way, other_way.clone(), other_way]
        .map(|way| tokio::spawn(watch_on(ada.clone(), hana.clone(), way)));
    sleep(Duration::from_millis(300)).await;

    let mut conversation = Conversation::of(&ada, hana.clone());
    let gift = id_of(&ada.gift(&hana, "wildflowers").await);
    for door in [&here, &there, &there, &here] {
        for by in [By::Socket, By::Rest, By::Stream] {
            conversation.say(door, by).await.expect("an answer");
            assert!(!conversation.is_stuck());
        }
        conversation.give(door, &gift).await.expect("an answer");
    }
    // Whoever has no news to wait for hears of the last within a second.
    sleep(Duration::from_secs(2)).await;
    for tell in [tell, tell_there] {
        tell.send_modify(|way| way.is_over = true);
    }
    let stored = stored(&ada, &hana).await;
    for watcher in join_all(watchers).await {
        let model: Model = watcher.expect("whoever watches misses nothing");
        assert_eq!(model.shown(), stored);
    }
    conversation.check(&there, Model::default()).await;
}

async fn words_from_the_other_server_come_at_least_every_three_seconds(world: World) {
    let (server, _other, there) = two_servers(world).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let words = "word ".repeat(80);
    let speech = Speech::of(&words).word_every(Duration::from_millis(100));
    server.model().set_default(speech.into());
    let (mut socket, _) = Socket::ready(&ada.through(&there), &hana).await;
    let saying = ada.say(&hana, KIND);
    let listening = async {
        socket.until("turn.started").await;
        let (mut last, mut longest, mut tidings) = (Instant::now(), Duration::ZERO, 0);
        loop {
            let frame = socket.frame().await;
            longest = longest.max(last.elapsed());
            last = Instant::now();
            tidings += 1;
            if frame["type"] == "turn.done" {
                return (longest, tidings, frame);
            }
        }
    };
    let (answer, (longest, tidings, done)) = tokio::join!(saying, listening);
    println!("{tidings} frames of words in 8 s, at most {longest:?} apart");
    assert_eq!(done["message"]["id"], answer.ok()["reply"]["id"]);
    assert!(tidings > 4, "{tidings}");
    assert!(longest < Duration::from_secs(3), "{longest:?}");
}

async fn two_servers_together_start_one_run_at_a_time(world: World) {
    let (server, _other, there) = two_servers(world).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let speech = Speech::of("one two three").word_every(Duration::from_millis(150));
    server.model().set_default(speech.into());
    let doors = [server.door.clone(), there];
    // The first round makes the relationship.
    for round in 1..=4 {
        let saying = (0..16).map(|no| {
            let user = ada.through(&doors[no % 2]);
            let hana = &hana;
            async move { user.say(hana, &format!("{KIND} ({no})")).await }
        });
        let answers = join_all(saying).await;
        let (accepted, refused): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(|answer| answer.status == 200);
        assert_eq!(accepted.len(), 1, "{refused:?}");
        let turn = accepted[0].json()["turn_id"].clone();
        for refusal in refused {
            assert_eq!(refusal.problem(409, "turn_in_progress")["turn_id"], turn);
        }
        assert_eq!(ada.history(&hana).await.len(), 2 * round);
    }
    assert_eq!(server.model().request_count(), 4);
}

async fn the_same_message_at_both_servers_at_once_is_one_turn(world: World) {
    let (server, _other, there) = two_servers(world).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let doors = [server.door.clone(), there];
    for round in 1..=5 {
        let id = new_id();
        let saying = (0..20).map(|no| {
            let (user, hana, id) = (ada.through(&doors[no % 2]), &hana, &id);
            async move { user.say_as(hana, id, KIND).await.ok() }
        });
        let answers = join_all(saying).await;
        for answer in &answers {
            assert_eq!(answer["turn_id"], answers[0]["turn_id"]);
            assert_eq!(answer["reply"], answers[0]["reply"]);
        }
        assert_eq!(ada.history(&hana).await.len(), 2 * round);
        assert_eq!(ada.ledger(&hana).await.len(), round);
        assert_eq!(server.model().request_count(), round);
    }
}

async fn a_stop_through_the_other_server_hangs_up_on_the_provider(world: World) {
    const HANGS_UP_WITHIN: Duration = Duration::from_secs(3);

    let (server, _other, there) = two_servers(world).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let words = "word ".repeat(300);
    let speech = Speech::of(&words).word_every(Duration::from_millis(100));
    server.model().set_default(speech.into());
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    socket.say(KIND).await;
    let frames = socket.until("turn.delta").await;
    let turn = frames[0]["turn_id"].as_str().expect("an id");
    // So that there are words to keep, which are saved once a second.
    sleep(Duration::from_millis(1_500)).await;
    let stopped = Instant::now();
    let path = format!("/waifus/{hana}/turns/{turn}/cancel");
    send(ada.through(&there).request("POST", &path)).await.ok();
    assert!(server.model().saw_hang_ups(1, HANGS_UP_WITHIN).await);
    println!("the provider was hung up on {:?} later", stopped.elapsed());
    let frames = socket.until("turn.done").await;
    let done = frames.last().expect("a frame");
    assert_eq!(done["status"], json!("cancelled"));
    assert_eq!(ada.history(&hana).await[0], done["message"]);
    assert!(seqs(&frames).is_sorted());
    server.model().set_default(Speech::of("back again").into());
    ada.through(&there).say(&hana, KIND).await.ok();
}

async fn clients_of_a_server_that_dies_go_on_at_the_other(world: World) {
    let (mut server, other, there) = two_servers(world).await;
    let speech = Speech::of("well I never knew that before").word_every(Duration::from_millis(20));
    server.model().set_default(speech.into());
    let here = server.door.clone();
    let (tell, way_here) = watch::channel(Way {
        door: here.clone(),
        is_over: false,
    });
    let (tell_there, other_way) = watch::channel(Way {
        door: there,
        is_over: false,
    });
    let (mut talkers, mut watchers) = (Vec::new(), Vec::new());
    for (seed, way) in (0..).zip([&way_here, &other_way, &other_way]) {
        let user = server.user().await;
        let mut load = Load::of(&user, 4, seed).await;
        // Whoever watches is at the other server than whoever talks, or at the same one.
        for way in [&way_here, way] {
            let waifu = load.conversations[0].waifu.clone();
            watchers.push((
                talkers.len(),
                tokio::spawn(watch_on(user.clone(), waifu, way.clone())),
            ));
        }
        let way = way.clone();
        talkers.push(tokio::spawn(async move {
            load.go_on(way).await;
            load.conversations
        }));
    }
    sleep(Duration::from_secs(3)).await;
    // `kill -9`
    drop(other);
    let killed = Instant::now();
    tell_there.send_modify(|way| way.door = here.clone());
    sleep(Duration::from_secs(3)).await;
    for tell in [tell, tell_there] {
        tell.send_modify(|way| way.is_over = true);
    }
    let mut all = Vec::new();
    for talker in talkers {
        all.push(talker.await.expect("whoever talks does not panic"));
    }
    for conversations in &mut all {
        make_up(conversations, &here, killed + USABLE_WITHIN).await;
    }
    println!(
        "usable {:?} after the other server's death",
        killed.elapsed()
    );
    for (no, watcher) in watchers {
        let model = watcher.await.expect("whoever watches misses nothing");
        all[no][0].check(&here, model).await;
    }
    for conversations in &all {
        check(conversations, &here).await;
    }
    hold_the_law(&mut server).await;
}

async fn whoever_signs_out_at_one_server_is_out_at_the_other(world: World) {
    let (server, _other, there) = two_servers(world).await;
    let here = server.user().await;
    let there = here.through(&there);
    let hana = here.companion().await;
    there.get("/me").await.ok();
    let (mut socket, _) = Socket::ready(&there, &hana).await;
    let signed_out = Instant::now();
    assert_eq!(send(here.request("POST", "/auth/logout")).await.status, 204);
    assert_eq!(socket.closed().await, 4410);
    while there.get("/me").await.status != 401 {
        sleep(Duration::from_millis(50)).await;
    }
    assert!(signed_out.elapsed() < Duration::from_secs(5));
}
