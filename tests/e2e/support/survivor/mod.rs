//! Conversations that go on whatever becomes of the server, and all that was promised in them.

mod check;
mod doors;
mod load;

use serde_json::Value;

pub(crate) use check::{USABLE_WITHIN, check, hold_the_law, make_up};
pub(crate) use load::{Load, Way, watch_on};

use super::chat::KIND;
use super::new_id;
use super::rest::{Door, User};

/// The server went away before it had answered.
#[derive(Debug)]
pub(crate) struct Gone;

/// How something reaches her.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Rest,
    Socket,
    Stream,
}

pub(crate) const DOORS: [By; 3] = [By::Rest, By::Socket, By::Stream];

/// What is known of something that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Promise {
    /// The server has said that it is stored, under this id: a message's turn, or a gift's ledger row.
    Kept(String),
    /// The server has said that it is not stored.
    Refused,
    /// It was gone before it said anything.
    Open,
}

/// A message or a gift: who asks again asks by the same id.
#[derive(Debug, Clone)]
struct Asked {
    id: String,
    /// A message's text, which no other has, or a gift's id.
    what: String,
    promise: Promise,
}

/// One user and one companion.
#[derive(Debug)]
pub(crate) struct Conversation {
    pub(crate) user: User,
    pub(crate) waifu: String,
    said: Vec<Asked>,
    given: Vec<Asked>,
}

impl Conversation {
    pub(crate) fn of(user: &User, waifu: String) -> Self {
        Self {
            user: user.clone(),
            waifu,
            said: Vec::new(),
            given: Vec::new(),
        }
    }

    /// Says something new; returns once it is answered, or refused.
    pub(crate) async fn say(&mut self, door: &Door, by: By) -> Result<(), Gone> {
        let asked = Asked {
            id: new_id(),
            what: format!("{KIND} ({})", self.said.len() + 1),
            promise: Promise::Open,
        };
        self.said.push(asked);
        let user = self.user.through(door);
        let asked = self.said.last_mut().expect("it was just pushed");
        match by {
            By::Rest => asked.by_rest(&user, &self.waifu).await,
            By::Socket => asked.by_socket(&user, &self.waifu).await,
            By::Stream => asked.by_stream(&user, &self.waifu).await,
        }
    }

    /// Gives her something, and waits for her words.
    pub(crate) async fn give(&mut self, door: &Door, gift: &str) -> Result<(), Gone> {
        let asked = Asked {
            id: new_id(),
            what: gift.to_owned(),
            promise: Promise::Open,
        };
        self.given.push(asked);
        let user = self.user.through(door);
        let asked = self.given.last_mut().expect("it was just pushed");
        asked.give(&user, &self.waifu).await
    }

    /// Whether the last message was refused, which another run is the reason for.
    pub(crate) fn is_stuck(&self) -> bool {
        let last = self.said.last();
        last.is_some_and(|asked| asked.promise == Promise::Refused)
    }

    /// How many messages were said to be kept, and of how many it is not known.
    pub(crate) fn promises(&self) -> (usize, usize) {
        let count = |is: fn(&Promise) -> bool| {
            let all = self.said.iter().chain(&self.given);
            all.filter(|asked| is(&asked.promise)).count()
        };
        (
            count(|promise| matches!(promise, Promise::Kept(_))),
            count(|promise| *promise == Promise::Open),
        )
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
