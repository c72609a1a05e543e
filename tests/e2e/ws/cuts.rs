//! Connections that break anywhere: who comes back holds what somebody sees who comes for the first time.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::sleep;
use waifu_testkit::mock_llm::Speech;

use super::model::{Model, stored};
use crate::support::chat::KIND;
use crate::support::rest::{User, send};
use crate::support::server::Server;
use crate::support::socket::{Socket, durable};
use crate::support::world::World;

scenarios! {
    everywhere: [
        who_is_cut_off_after_every_frame_misses_nothing,
        who_is_cut_off_at_random_misses_nothing,
    ],
    with_a_scripted_model: [
        who_is_cut_off_early_misses_nothing,
        who_is_cut_off_midway_misses_nothing,
        who_is_cut_off_late_misses_nothing,
    ],
}

/// Six words in a quarter of a second.
const WORDS: &str = "well I never knew that before";
const BETWEEN_WORDS: Duration = Duration::from_millis(40);
const SESSIONS_AT_ONCE: usize = 10;
/// As many sockets as one user may have at once leave room for two sessions.
const SESSIONS_A_USER: usize = 2;

/// Who only watches answers no ping.
const SETTINGS: [(&str, &str); 2] = [
    ("WAIFU__OFFLINE__WORDS_PER_SECOND", "25"),
    ("WAIFU__CHAT__HEARTBEAT_SECONDS", "120"),
];

async fn talkative_server(world: World) -> Server {
    let server = world.server_with(&SETTINGS).await;
    if world.model == crate::support::world::Model::Scripted {
        let speech = Speech::of(WORDS).word_every(BETWEEN_WORDS);
        server.model().set_default(speech.into());
    }
    server
}

/// A life with her, led at another device: messages, a gift, a choice, answers that are stopped, asked for again and
/// chosen among, and a step back. Returns all frames as they are heard by somebody who never leaves.
async fn live(user: &User, waifu: &str) -> Vec<Value> {
    let (mut socket, _) = Socket::ready(user, waifu).await;
    let mut heard = Vec::new();
    let mut hear = async |socket: &mut Socket, kind: &str| {
        let frames = socket.until(kind).await;
        let last = frames.last().expect("a frame").clone();
        heard.extend(frames);
        last
    };
    user.say(waifu, KIND).await.ok();
    hear(&mut socket, "turn.done").await;
    user.give(waifu, "sea_glass").await.ok();
    hear(&mut socket, "turn.done").await;
    user.choose(waifu, "first_chat", "stay").await.ok();
    hear(&mut socket, "turn.done").await;

    let (stopped, turn) = tokio::join!(user.say(waifu, "Tell me a story."), async {
        let turn = hear(&mut socket, "turn.delta").await["turn_id"].clone();
        let turn = turn.as_str().expect("an id").to_owned();
        send(user.request("POST", &format!("/waifus/{waifu}/turns/{turn}/cancel")))
            .await
            .ok();
        turn
    });
    stopped.ok();
    hear(&mut socket, "turn.done").await;
    let path = format!("/waifus/{waifu}/turns/{turn}");
    for _ in 0..2 {
        send(user.request("POST", &format!("{path}/regenerate")))
            .await
            .ok();
        hear(&mut socket, "turn.done").await;
    }
    let choice = serde_json::json!({"run": 1});
    send(user.request("PUT", &format!("{path}/choice")).json(&choice))
        .await
        .ok();
    hear(&mut socket, "turn.chosen").await;

    let taken_back = user.say(waifu, KIND).await.ok();
    hear(&mut socket, "turn.done").await;
    user.say(waifu, "I am going to the shop.").await.ok();
    hear(&mut socket, "turn.done").await;
    user.rewind(waifu, &taken_back["turn_id"]).await.ok();
    hear(&mut socket, "turn.voided").await;
    user.say(waifu, "Where were we?").await.ok();
    hear(&mut socket, "turn.done").await;
    heard
}

/// How a watcher's connections break.
trait Cuts {
    /// How many frames the next connection lives for, and how long its end is not noticed.
    fn next(&mut self) -> (usize, Duration);
}

struct EveryFrame;

impl Cuts for EveryFrame {
    fn next(&mut self) -> (usize, Duration) {
        (1, Duration::ZERO)
    }
}

struct Once(Option<usize>);

impl Cuts for Once {
    fn next(&mut self) -> (usize, Duration) {
        (self.0.take().unwrap_or(usize::MAX), Duration::ZERO)
    }
}

/// Numbers that look like chance, from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        // Knuth's MMIX, whose high bits are the good ones.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

impl Cuts for Random {
    fn next(&mut self) -> (usize, Duration) {
        let frames = self.below(8).try_into().expect("a small number");
        (frames, Duration::from_millis(self.below(400)))
    }
}

/// Watches over connections that break, until everything is heard; `end` becomes the last number there is.
async fn watch(
    user: &User,
    waifu: &str,
    mut cuts: impl Cuts,
    mut end: watch::Receiver<Option<u64>>,
) -> (Model, Vec<Value>) {
    let (mut model, mut heard) = (Model::default(), Vec::new());
    loop {
        let (frames, absence) = cuts.next();
        let (mut socket, ready) = Socket::resuming(user, waifu, &model.place()).await;
        model.connected(&ready);
        for _ in 0..frames {
            let frame = tokio::select! {
                biased;
                frame = socket.frame() => frame,
                _ = end.wait_for(|end| *end == Some(model.seq)) => return (model, heard),
            };
            if model.apply(&frame) {
                heard.push(frame);
            }
        }
        if *end.borrow() == Some(model.seq) {
            return (model, heard);
        }
        drop(socket);
        sleep(absence).await;
    }
}

/// A life, watched over connections that break; returns how many frames there were to hear.
async fn is_whole(user: &User, waifu: &str, cuts: impl Cuts) -> usize {
    let (tell_end, end) = watch::channel(None);
    let living = async {
        // Who watches is there first.
        sleep(Duration::from_millis(50)).await;
        let heard = live(user, waifu).await;
        let last = durable(&heard).last().expect("a frame")["seq"].as_u64();
        tell_end.send(last).expect("somebody watches");
        heard
    };
    let (constant, (model, heard)) = tokio::join!(living, watch(user, waifu, cuts, end));
    assert_eq!(durable(&heard), durable(&constant));
    assert_eq!(model.shown(), stored(user, waifu).await);
    constant.len()
}

async fn who_is_cut_off_after_every_frame_misses_nothing(world: World) {
    let server = talkative_server(world).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    is_whole(&ada, &hana, EveryFrame).await;
}

async fn who_is_cut_off_at_random_misses_nothing(world: World) {
    let server = talkative_server(world).await;
    stream::iter(0..6)
        .for_each_concurrent(None, async |seed| {
            let ada = server.user().await;
            let hana = ada.companion().await;
            is_whole(&ada, &hana, Random(seed)).await;
        })
        .await;
}

async fn who_is_cut_off_early_misses_nothing(world: World) {
    after_any_one_frame(world, 0).await;
}

async fn who_is_cut_off_midway_misses_nothing(world: World) {
    after_any_one_frame(world, 1).await;
}

async fn who_is_cut_off_late_misses_nothing(world: World) {
    after_any_one_frame(world, 2).await;
}

/// A life for each frame of a third of it, cut once, after that frame.
async fn after_any_one_frame(world: World, third: usize) {
    let server = talkative_server(world).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let count = is_whole(&ada, &hana, Once(None)).await;
    let mut users = Vec::new();
    for _ in 0..SESSIONS_AT_ONCE.div_ceil(SESSIONS_A_USER) {
        users.push(server.user().await);
    }
    let frames = count * third / 3..count * (third + 1) / 3;
    stream::iter(frames.zip(users.iter().cycle()))
        .for_each_concurrent(SESSIONS_AT_ONCE, async |(frames, user)| {
            let waifu = user.companion().await;
            is_whole(user, &waifu, Once(Some(frames))).await;
        })
        .await;
}
