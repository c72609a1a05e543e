//! What users do with companions, in one call each.

use std::time::Duration;

use serde_json::{Value, json};
use waifu_testkit::mock_llm::Speech;

use super::rest::{Answer, User};

/// Moves affection up.
pub(crate) const KIND: &str = "You are so kind, thank you!";
/// Moves it down, if there is any.
pub(crate) const HOSTILE: &str = "You are stupid and I hate you.";
pub(crate) const SLOW_WORDS: &str =
    "one two three four five six seven eight nine ten eleven twelve";

/// Takes about two seconds.
pub(crate) fn slow_speech() -> Speech {
    Speech::of(SLOW_WORDS).word_every(Duration::from_millis(160))
}

impl User {
    /// A private companion of his own, whose every stat is 50; her id.
    pub(crate) async fn companion(&self) -> String {
        id_of(
            &self
                .post("/waifus", &json!({"name": "Hana"}))
                .await
                .created(),
        )
    }

    /// A companion of his own whom everybody may meet; her id.
    pub(crate) async fn public_companion(&self) -> String {
        id_of(
            &self
                .post("/waifus", &json!({"name": "Mina", "visibility": "public"}))
                .await
                .created(),
        )
    }

    pub(crate) async fn say(&self, waifu: &str, message: &str) -> Answer {
        self.post(
            "/waifus/chat",
            &json!({"waifu_id": waifu, "message": message}),
        )
        .await
    }

    pub(crate) async fn say_as(
        &self,
        waifu: &str,
        client_message_id: &str,
        message: &str,
    ) -> Answer {
        let body =
            json!({"waifu_id": waifu, "message": message, "client_message_id": client_message_id});
        self.post("/waifus/chat", &body).await
    }

    /// Newest first; at most 50.
    pub(crate) async fn history(&self, waifu: &str) -> Vec<Value> {
        items(&self.get(&format!("/waifus/{waifu}/messages")).await.ok())
    }

    /// Newest first; at most 50.
    pub(crate) async fn ledger(&self, waifu: &str) -> Vec<Value> {
        items(
            &self
                .get(&format!("/waifus/{waifu}/relationship/interactions"))
                .await
                .ok(),
        )
    }

    pub(crate) async fn relationship(&self, waifu: &str) -> Value {
        self.get(&format!("/waifus/{waifu}/relationship"))
            .await
            .ok()
    }

    /// Everything that is stored between the two.
    pub(crate) async fn everything_with(&self, waifu: &str) -> Value {
        json!({
            "events": self.events(waifu).await,
            "history": self.history(waifu).await,
            "ledger": self.ledger(waifu).await,
            "relationship": self.relationship(waifu).await,
        })
    }

    /// All items of a list, read in pages of `limit`, none of which may be longer.
    pub(crate) async fn pages(&self, path: &str, limit: usize) -> Vec<Value> {
        let mut all = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self
                .get(&format!("{path}?limit={limit}{cursor}"))
                .await
                .ok();
            let items = items(&page);
            assert!(items.len() <= limit, "{page}");
            all.extend(items);
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return all,
            }
        }
    }
}

pub(crate) fn items(page: &Value) -> Vec<Value> {
    page["items"].as_array().expect("a page").clone()
}

pub(crate) fn id_of(value: &Value) -> String {
    value["id"].as_str().expect("an id").to_owned()
}

/// The reasons of a ledger row must add up to what it moved; returns that.
#[track_caller]
pub(crate) fn change_of(interaction: &Value) -> i64 {
    let reasons = interaction["reasons"].as_array().expect("reasons");
    assert!(!reasons.is_empty(), "{interaction}");
    let sum: i64 = reasons
        .iter()
        .map(|reason| reason["effect"].as_i64().expect("points"))
        .sum();
    assert_eq!(interaction["affection_change"], sum, "{interaction}");
    sum
}
