//! `kill -9` at any moment, again and again, under load.
//!
//! A hundred of them on each store, which takes about three minutes:
//! `cargo xtask test -- -p waifu-e2e -- --ignored --nocapture --test-threads 1 a_hundred_kills`

use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use waifu_testkit::mock_llm::Speech;

use crate::support::chance::Chance;
use crate::support::survivor::{Load, USABLE_WITHIN, Way, check, hold_the_law, make_up, watch_on};
use crate::support::world::{Model, Store, World};

scenarios! {
    with_a_scripted_model: [
        who_is_killed_at_any_moment_keeps_what_was_promised,
    ],
}

const USERS: usize = 3;
const WORDS: &str = "well I never knew that before";
const BETWEEN_WORDS: Duration = Duration::from_millis(15);

async fn who_is_killed_at_any_moment_keeps_what_was_promised(world: World) {
    be_killed(world, 10, 1).await;
}

#[tokio::test]
#[ignore = "soak: takes two minutes"]
async fn a_hundred_kills_on_sqlite() {
    let (store, model) = (Store::Sqlite, Model::Scripted);
    be_killed(World { store, model }, 100, 2).await;
}

#[tokio::test]
#[ignore = "soak: takes two minutes"]
async fn a_hundred_kills_on_postgres() {
    let (store, model) = (Store::Postgres, Model::Scripted);
    be_killed(World { store, model }, 100, 3).await;
}

async fn be_killed(world: World, kills: usize, seed: u64) {
    let mut server = world.server().await;
    let speech = Speech::of(WORDS).word_every(BETWEEN_WORDS);
    server.model().set_default(speech.into());
    let mut loads = Vec::new();
    for seed in (seed * 100..).take(USERS) {
        loads.push(Load::of(&server.user().await, 4, seed).await);
    }
    let (tell, way) = watch::channel(Way {
        door: server.door.clone(),
        is_over: false,
    });
    let watchers: Vec<_> = loads
        .iter()
        .map(|load| {
            let watched = &load.conversations[0];
            let (user, waifu) = (watched.user.clone(), watched.waifu.clone());
            tokio::spawn(watch_on(user, waifu, way.clone()))
        })
        .collect();
    let loads: Vec<_> = loads
        .into_iter()
        .map(|mut load| {
            let way = way.clone();
            tokio::spawn(async move {
                load.go_on(way).await;
                load.conversations
            })
        })
        .collect();

    let mut chance = Chance(seed);
    let mut killed = Instant::now();
    for _ in 0..kills {
        sleep(chance.millis(20, 900)).await;
        server.kill();
        killed = Instant::now();
        server.start_again().await;
        tell.send_modify(|way| way.door = server.door.clone());
    }
    tell.send_modify(|way| way.is_over = true);

    let models = join_all(watchers).await;
    let mut all = Vec::new();
    for conversations in join_all(loads).await {
        all.push(conversations.expect("whoever talks does not panic"));
    }
    let mut open = 0;
    for conversations in &mut all {
        open += make_up(conversations, &server.door, killed + USABLE_WITHIN).await;
    }
    let took = killed.elapsed();
    let kept: usize = all
        .iter()
        .flatten()
        .map(|conversation| conversation.promises().0)
        .sum();
    println!(
        "{kills} kills: {kept} messages and gifts are kept, {open} of them had no answer; usable {took:?} after the last"
    );
    assert!(open > 0, "nobody was left without an answer");
    for (conversations, model) in all.iter().zip(models) {
        let model = model.expect("whoever watches does not panic");
        conversations[0].check(&server.door, model).await;
        check(&conversations[1..], &server.door).await;
    }
    hold_the_law(&mut server).await;
}
