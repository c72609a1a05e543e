//! What must hold when everything is over: what was promised is there once, and adds up.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{By, Conversation, Promise, text};
use crate::support::operators::succeeded;
use crate::support::rest::Door;
use crate::support::server::Server;
use crate::support::socket::{Heard, Socket};
use crate::ws::model::{Model, stored};

/// After a death of its server a conversation is usable again within this.
pub(crate) const USABLE_WITHIN: Duration = Duration::from_secs(20);
const ASK_AGAIN: Duration = Duration::from_millis(400);
const REPLAYED_WITHIN: Duration = Duration::from_secs(10);
/// So few that their sockets are fewer than one user may have.
const AT_ONCE: usize = 8;

/// Asks again for all of which nothing is known, and says something new; all of it must work by then. Returns how many
/// things were asked for again.
pub(crate) async fn make_up(
    conversations: &mut [Conversation],
    door: &Door,
    usable_by: Instant,
) -> usize {
    let open = conversations
        .iter()
        .map(|conversation| conversation.promises().1)
        .sum();
    // All at once, so that each has until then.
    let making_up = conversations
        .iter_mut()
        .map(|conversation| conversation.make_up(door, usable_by));
    join_all(making_up).await;
    open
}

/// Everything that a conversation holds, against what it was promised and against itself.
pub(crate) async fn check(conversations: &[Conversation], door: &Door) {
    stream::iter(conversations)
        .for_each_concurrent(AT_ONCE, async |conversation| {
            conversation.check(door, Model::default()).await;
        })
        .await;
}

/// The ledgers, by the operators' command.
pub(crate) async fn hold_the_law(server: &mut Server) {
    let said = succeeded(&server.command(&["verify-ledger"]).await);
    assert!(said.starts_with("the ledger law holds: "), "{said}");
}

impl Conversation {
    async fn make_up(&mut self, door: &Door, usable_by: Instant) {
        let user = self.user.through(door);
        for asked in &mut self.said {
            if asked.promise != Promise::Open {
                continue;
            }
            asked.promise = Promise::Refused;
            while asked.promise == Promise::Refused {
                assert!(Instant::now() < usable_by, "{asked:?} is not answered");
                if asked.by_rest(&user, &self.waifu).await.is_err() {
                    asked.promise = Promise::Refused;
                }
                if asked.promise == Promise::Refused {
                    sleep(ASK_AGAIN).await;
                }
            }
            let once = asked.promise.clone();
            asked
                .by_rest(&user, &self.waifu)
                .await
                .expect("the server is well");
            assert_eq!(asked.promise, once, "asked for again it is another turn");
        }
        for asked in &mut self.given {
            while asked.promise == Promise::Open {
                assert!(Instant::now() < usable_by, "{asked:?} is not answered");
                if asked.give(&user, &self.waifu).await.is_err() {
                    sleep(ASK_AGAIN).await;
                }
            }
        }
        loop {
            assert!(Instant::now() < usable_by, "{} is stuck", self.waifu);
            self.say(door, By::Rest).await.expect("the server is well");
            if !self.is_stuck() {
                return;
            }
            sleep(ASK_AGAIN).await;
        }
    }

    /// `model` is what a client holds that has watched for a while: resumed, it must hold what a fresh one does.
    pub(crate) async fn check(&self, door: &Door, model: Model) {
        let user = self.user.through(door);
        let waifu = &self.waifu;
        let messages = user.pages(&format!("/waifus/{waifu}/messages"), 50).await;
        let replies = self.check_messages(&messages);
        let path = format!("/waifus/{waifu}/relationship/interactions");
        self.check_ledger(&user.pages(&path, 50).await, &replies);
        let relationship = user.relationship(waifu).await;
        let moved: i64 = user
            .pages(&path, 50)
            .await
            .iter()
            .map(|row| row["affection_change"].as_i64().expect("points"))
            .sum();
        assert_eq!(relationship["affection"], moved, "{relationship}");

        let (_, ready) = Socket::ready(&user, waifu).await;
        assert_eq!(ready.get("active"), None, "a run still streams");
        let head = ready["seq"].as_u64().expect("a number");
        let model = resumed(model, &user, waifu, head).await;
        assert_eq!(model.shown(), stored(&user, waifu).await);
    }

    /// Each message that was promised is there once, and nothing else. Returns her replies by their turns.
    fn check_messages<'a>(&self, messages: &'a [Value]) -> BTreeMap<&'a str, &'a Value> {
        let of = |role: &'static str| messages.iter().filter(move |told| told["role"] == role);
        let mut stored: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for message in of("user") {
            let words = message["text"].as_str().expect("words");
            stored.entry(words).or_default().push(&message["turn_id"]);
        }
        for asked in &self.said {
            let stored = stored.remove(asked.what.as_str()).unwrap_or_default();
            match &asked.promise {
                Promise::Kept(turn) => assert_eq!(stored, [turn.as_str()], "{asked:?}"),
                Promise::Refused => assert!(stored.is_empty(), "{asked:?}: {stored:?}"),
                Promise::Open => panic!("{asked:?} was not made up for"),
            }
        }
        assert!(stored.is_empty(), "nobody said {stored:?}");
        let mut replies = BTreeMap::new();
        for reply in of("waifu") {
            let turn = reply["turn_id"].as_str().expect("an id");
            assert_eq!(replies.insert(turn, reply), None, "a second reply");
        }
        replies
    }

    /// A turn counts once, and only if she was heard; so does a gift.
    fn check_ledger(&self, ledger: &[Value], replies: &BTreeMap<&str, &Value>) {
        let of = |kind: &'static str| {
            ledger
                .iter()
                .filter(move |row| row["cause"]["type"] == kind)
        };
        let mut counted: Vec<String> = of("turn")
            .map(|row| text(&row["cause"]["turn_id"]))
            .collect();
        counted.sort_unstable();
        let heard = self.said.iter().filter_map(|asked| match &asked.promise {
            Promise::Kept(turn) if replies.contains_key(turn.as_str()) => Some(turn.clone()),
            Promise::Kept(_) | Promise::Refused | Promise::Open => None,
        });
        let mut heard: Vec<String> = heard.collect();
        heard.sort_unstable();
        assert_eq!(counted, heard, "turns that count, and turns that do not");
        let mut gifts: Vec<String> = of("gift").map(|row| text(&row["id"])).collect();
        gifts.sort_unstable();
        let given = self.given.iter().filter_map(|asked| match &asked.promise {
            Promise::Kept(row) => Some(row.clone()),
            Promise::Refused | Promise::Open => None,
        });
        let mut given: Vec<String> = given.collect();
        given.sort_unstable();
        assert_eq!(gifts, given, "gifts that count, and gifts that do not");
    }
}

/// Up to where the two stand by now; [`Model`] takes nothing but what follows without a hole.
async fn resumed(
    mut model: Model,
    user: &crate::support::rest::User,
    waifu: &str,
    head: u64,
) -> Model {
    let (mut socket, ready) = Socket::resuming(user, waifu, &model.place()).await;
    model.connected(&ready);
    while model.seq < head {
        match socket.hear_within(REPLAYED_WITHIN).await {
            Some(Heard::Frame(frame)) => {
                model.apply(&frame);
            }
            other => panic!("at {} of {head} came {other:?} after {ready}", model.seq),
        }
    }
    model
}
