//! What a client holds that knows nothing but the frames it has heard, to be compared with what the store holds.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::chat::items;
use crate::support::rest::User;
use crate::support::socket::Socket;

/// Fields of where the two stand that frames tell.
const STANDING: [&str; 4] = ["version", "affection", "level", "stage"];

/// A client's view, built up frame by frame from the very beginning.
#[derive(Debug, Default)]
pub(crate) struct Model {
    epoch: Value,
    pub(crate) seq: u64,
    /// The number up to which this connection has told.
    told: u64,
    turns: BTreeMap<u64, Turn>,
    /// Rows and occurrences, the oldest first.
    ledger: Vec<Value>,
    events: BTreeMap<String, Value>,
    standing: Option<Value>,
    live: Option<Live>,
}

#[derive(Debug, Default)]
struct Turn {
    id: Value,
    kind: Value,
    message_id: Value,
    /// What each run said that said something.
    answers: BTreeMap<u64, Value>,
    chosen: Option<u64>,
    is_voided: bool,
    /// Runs that have ended.
    done: Vec<u64>,
}

/// Words that are being said.
#[derive(Debug)]
struct Live {
    run: Value,
    attempt: Value,
    next_index: u64,
    text: String,
}

impl Model {
    /// Where it would go on. Only `ready` tells the epoch, so who came before the beginning goes back to there.
    pub(crate) fn place(&self) -> String {
        match self.epoch.as_str() {
            Some(epoch) => format!("{epoch}:{}", self.seq),
            None => "null:0".to_owned(),
        }
    }

    /// A connection has opened on which everything that was missed will come.
    #[track_caller]
    pub(crate) fn connected(&mut self, ready: &Value) {
        assert_eq!(ready["type"], "ready", "{ready}");
        assert_eq!(ready["resumed"], true, "{ready}");
        let came_from = if self.epoch.is_null() { 0 } else { self.seq };
        assert_eq!(ready["seq"], came_from, "{ready}");
        self.told = came_from;
        self.epoch = ready["epoch"].clone();
        // What was being said when the last connection broke is not gone on with.
        self.live = None;
        if let Some(active) = ready.get("active") {
            self.show(active);
        }
    }

    /// Whether it was new.
    #[track_caller]
    pub(crate) fn apply(&mut self, frame: &Value) -> bool {
        if frame["type"] == "turn.started" {
            self.live = Some(Live {
                run: json!([frame["turn_id"], frame["run"]]),
                attempt: json!(1),
                next_index: 0,
                text: String::new(),
            });
        }
        if let Some(seq) = frame["seq"].as_u64() {
            assert_eq!(seq, self.told + 1, "a hole, or out of order: {frame}");
            self.told = seq;
            if seq <= self.seq {
                return false;
            }
            self.seq = seq;
        }
        self.take(frame);
        true
    }

    #[track_caller]
    fn take(&mut self, frame: &Value) {
        match frame["type"].as_str().expect("a type") {
            "message.accepted" => {
                let turn = self.turns.entry(number(&frame["turn_no"])).or_default();
                turn.message_id = frame["message_id"].clone();
            }
            "turn.started" => {
                let turn = self.turns.entry(number(&frame["turn_no"])).or_default();
                turn.id = frame["turn_id"].clone();
                turn.kind = frame["kind"].clone();
            }
            "turn.delta" => self.say(frame),
            "turn.snapshot" => self.show(frame),
            "turn.done" => self.end(frame),
            "turn.chosen" => {
                let run = number(&frame["run"]);
                let turn = self.turn(&frame["turn_id"]);
                assert_eq!(turn.answers.get(&run), Some(&frame["message"]), "{frame}");
                turn.chosen = Some(run);
            }
            "turn.voided" => {
                let range = number(&frame["from_turn_no"])..=number(&frame["to_turn_no"]);
                for (_, turn) in self.turns.range_mut(range) {
                    turn.is_voided |= turn.kind == "chat";
                }
            }
            "relationship.updated" => {
                self.ledger.push(frame["interaction"].clone());
                self.standing = Some(only(frame, &STANDING));
            }
            "event.opened" | "event.resolved" | "event.expired" => {
                let occurrence = &frame["occurrence"];
                let id = occurrence["id"].as_str().expect("an id").to_owned();
                self.events.insert(id, occurrence.clone());
            }
            "ping" => {}
            other => panic!("{other} came: {frame}"),
        }
    }

    #[track_caller]
    fn show(&mut self, words: &Value) {
        self.live = Some(Live {
            run: json!([words["turn_id"], words["run"]]),
            attempt: words["attempt"].clone(),
            next_index: number(&words["index"]),
            text: words["text"].as_str().expect("words").to_owned(),
        });
    }

    #[track_caller]
    fn say(&mut self, delta: &Value) {
        let live = self.live.as_mut().expect("words come after a start");
        assert_eq!(json!([delta["turn_id"], delta["run"]]), live.run, "{delta}");
        if delta["attempt"] != live.attempt {
            live.attempt = delta["attempt"].clone();
            live.next_index = 0;
            live.text.clear();
        }
        assert_eq!(delta["index"], live.next_index, "{delta}");
        live.next_index += 1;
        live.text += delta["text"].as_str().expect("words");
    }

    #[track_caller]
    fn end(&mut self, done: &Value) {
        let run = number(&done["run"]);
        if let Some(live) = self.live.take() {
            assert_eq!(json!([done["turn_id"], done["run"]]), live.run, "{done}");
            let is_heard_from_here = live.next_index > 0 || !live.text.is_empty();
            if is_heard_from_here {
                assert_eq!(done["message"]["text"], live.text.as_str(), "{done}");
            }
        }
        let turn = self.turn(&done["turn_id"]);
        assert!(!turn.done.contains(&run), "it has ended before: {done}");
        turn.done.push(run);
        if done["message"].is_object() {
            turn.answers.insert(run, done["message"].clone());
            turn.chosen = Some(run);
        }
    }

    #[track_caller]
    fn turn(&mut self, id: &Value) -> &mut Turn {
        let turn = self.turns.values_mut().find(|turn| turn.id == *id);
        turn.expect("a turn that has started")
    }

    /// All that it holds, in the form of [`stored`].
    pub(crate) fn shown(&self) -> Value {
        let mut messages = Vec::new();
        for (no, turn) in self.turns.iter().filter(|(_, turn)| !turn.is_voided) {
            if !turn.message_id.is_null() {
                messages.push(json!({"turn_no": no, "id": turn.message_id, "role": "user"}));
            }
            let Some(chosen) = turn.chosen else { continue };
            let mut answer = turn.answers[&chosen].clone();
            if turn.answers.len() > 1 {
                let candidates = turn.answers.iter().map(|(run, message)| {
                    json!({"run": run, "id": message["id"], "chosen": *run == chosen})
                });
                answer["candidates"] = candidates.collect();
            }
            messages.push(answer);
        }
        json!({
            "seq": self.seq,
            "standing": self.standing,
            "messages": messages,
            "ledger": self.ledger,
            "events": self.events,
        })
    }
}

/// What somebody sees who comes for the first time.
pub(crate) async fn stored(user: &User, waifu: &str) -> Value {
    let (_, ready) = Socket::ready(user, waifu).await;
    let relationship = user.relationship(waifu).await;
    assert_eq!(ready["relationship"], relationship);
    let all = async |path: &str| {
        let mut items = user.pages(&format!("/waifus/{waifu}{path}"), 50).await;
        items.reverse();
        items
    };
    let messages = all("/messages").await.into_iter().map(|message| {
        if message["role"] == "user" {
            only(&message, &["turn_no", "id", "role"])
        } else {
            message
        }
    });
    let events = items(&user.get(&format!("/waifus/{waifu}/events")).await.ok());
    let events = events
        .into_iter()
        .map(|event| (event["id"].as_str().expect("an id").to_owned(), event));
    json!({
        "seq": ready["seq"],
        "standing": only(&relationship, &STANDING),
        "messages": messages.collect::<Vec<_>>(),
        "ledger": all("/relationship/interactions").await,
        "events": events.collect::<BTreeMap<_, _>>(),
    })
}

fn only(value: &Value, fields: &[&str]) -> Value {
    let fields = fields
        .iter()
        .map(|field| ((*field).to_owned(), value[*field].clone()));
    Value::Object(fields.collect())
}

#[track_caller]
fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}
