//! Users who go on and on: whom a dead server has left waiting turns to somebody else meanwhile.

use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::{Conversation, DOORS, Gone};
use crate::support::chance::Chance;
use crate::support::chat::id_of;
use crate::support::rest::{Door, User};
use crate::support::socket::{Heard, Socket};
use crate::ws::model::Model;

/// How long a conversation is left alone in which a run streams that nobody speaks.
const LEFT_ALONE: Duration = Duration::from_secs(16);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Where the server is now, and whether to go on.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    pub(crate) door: Door,
    pub(crate) is_over: bool,
}

/// One user, with as many companions as it takes for one always to be free.
#[derive(Debug)]
pub(crate) struct Load {
    user: User,
    gift: String,
    free_at: Vec<Instant>,
    pub(crate) conversations: Vec<Conversation>,
    chance: Chance,
}

impl Load {
    pub(crate) async fn of(user: &User, companions: usize, seed: u64) -> Self {
        let mut conversations = Vec::new();
        for _ in 0..companions {
            conversations.push(Conversation::of(user, user.companion().await));
        }
        let gift = user.gift(&conversations[0].waifu, "wildflowers").await;
        Self {
            user: user.clone(),
            gift: id_of(&gift),
            free_at: vec![Instant::now(); companions],
            conversations,
            chance: Chance(seed),
        }
    }

    /// Until it is over.
    pub(crate) async fn go_on(&mut self, mut way: watch::Receiver<Way>) {
        loop {
            let Way { door, is_over } = way.borrow_and_update().clone();
            if is_over {
                return;
            }
            if self.step(&door).await.is_err() {
                // Either it is another server by now, or this one is only in trouble.
                let _ = tokio::time::timeout(Duration::from_secs(1), way.changed()).await;
            }
            sleep(self.chance.millis(0, 40)).await;
        }
    }

    async fn step(&mut self, door: &Door) -> Result<(), Gone> {
        let now = Instant::now();
        let free: Vec<usize> = (0..self.free_at.len())
            .filter(|no| self.free_at[*no] <= now)
            .collect();
        if free.is_empty() {
            return self.meet(door).await;
        }
        let no = free[self.chance.index(free.len())];
        let conversation = &mut self.conversations[no];
        let done = match self.chance.index(4) {
            3 => conversation.give(door, &self.gift).await,
            by => conversation.say(door, DOORS[by]).await,
        };
        if done.is_err() || conversation.is_stuck() {
            self.free_at[no] = Instant::now() + LEFT_ALONE;
        }
        done
    }

    async fn meet(&mut self, door: &Door) -> Result<(), Gone> {
        let request = self.user.through(door).request("POST", "/waifus");
        let sent = request.json(&json!({"name": "Hana"})).send().await;
        let answer = sent.map_err(|_| Gone)?;
        if answer.status().as_u16() != 201 {
            return Err(Gone);
        }
        let made = answer.json().await.map_err(|_| Gone)?;
        self.conversations
            .push(Conversation::of(&self.user, id_of(&made)));
        self.free_at.push(Instant::now());
        Ok(())
    }
}

/// Somebody who watches, and comes back at once whenever the connection breaks; returns what he holds.
pub(crate) async fn watch_on(user: User, waifu: String, mut way: watch::Receiver<Way>) -> Model {
    let mut model = Model::default();
    loop {
        let Way { door, is_over } = way.borrow_and_update().clone();
        if is_over {
            return model;
        }
        let socket = Socket::attempt(&user.through(&door), &waifu, Some(&model.place())).await;
        let Some(mut socket) = socket else {
            sleep(LOOK_AGAIN).await;
            continue;
        };
        let mut is_ready = false;
        loop {
            let heard = tokio::select! {
                heard = socket.hear_on() => heard,
                _ = way.wait_for(|way| way.is_over) => break,
            };
            let Heard::Frame(mut frame) = heard else {
                break;
            };
            // The words of a run that another server streams come with gaps until its end.
            if !is_ready {
                frame.as_object_mut().expect("ready").remove("active");
                model.connected(&frame);
                is_ready = true;
            } else if frame["seq"].is_u64() {
                model.apply(&frame);
            }
        }
    }
}
