//! Gifts, dates, events and steps back, in one call each.

use reqwest::header::HeaderValue;
use serde_json::{Value, json};

use super::chat::{id_of, items};
use super::rest::{Answer, User, send};

impl User {
    /// A companion of his own who has this taste: tags by weight, 1 to 3.
    pub(crate) async fn companion_with_taste(&self, likes: Value, dislikes: Value) -> String {
        let personality = json!({"likes": likes, "dislikes": dislikes});
        let body = json!({"name": "Hana", "personality": personality});
        id_of(&self.post("/waifus", &body).await.created())
    }

    /// All gifts, with what each would earn now.
    pub(crate) async fn gifts(&self, waifu: &str) -> Vec<Value> {
        self.pages(&format!("/waifus/{waifu}/gifts"), 100).await
    }

    /// All dates, with what each would earn now.
    pub(crate) async fn dates(&self, waifu: &str) -> Vec<Value> {
        self.pages(&format!("/waifus/{waifu}/dates"), 100).await
    }

    pub(crate) async fn gift(&self, waifu: &str, key: &str) -> Value {
        with_key(&self.gifts(waifu).await, key)
    }

    pub(crate) async fn date(&self, waifu: &str, key: &str) -> Value {
        with_key(&self.dates(waifu).await, key)
    }

    pub(crate) async fn give(&self, waifu: &str, gift: &str) -> Answer {
        let body = json!({"gift_id": id_of(&self.gift(waifu, gift).await)});
        self.post(&format!("/waifus/{waifu}/gifts"), &body).await
    }

    pub(crate) async fn go(&self, waifu: &str, date: &str) -> Answer {
        let body = json!({"date_id": id_of(&self.date(waifu, date).await)});
        self.post(&format!("/waifus/{waifu}/dates"), &body).await
    }

    /// Newest first; at most 50.
    pub(crate) async fn events(&self, waifu: &str) -> Vec<Value> {
        items(&self.get(&format!("/waifus/{waifu}/events")).await.ok())
    }

    /// The newest time that an event came up.
    pub(crate) async fn event(&self, waifu: &str, key: &str) -> Value {
        let events = self.events(waifu).await;
        let found = events.iter().find(|event| event["event"] == key);
        found
            .unwrap_or_else(|| panic!("no {key} in {events:#?}"))
            .clone()
    }

    /// Takes a choice in an event, by the event's key.
    pub(crate) async fn choose(&self, waifu: &str, event: &str, choice: &str) -> Answer {
        let occurrence = id_of(&self.event(waifu, event).await);
        self.choose_in(waifu, &occurrence, choice).await
    }

    pub(crate) async fn choose_in(&self, waifu: &str, occurrence: &str, choice: &str) -> Answer {
        let path = format!("/waifus/{waifu}/events/{occurrence}/choice");
        self.post(&path, &json!({"choice": choice})).await
    }

    /// Goes back to before a turn.
    pub(crate) async fn rewind(&self, waifu: &str, turn: &Value) -> Answer {
        let turn = turn.as_str().expect("an id");
        let path = format!("/waifus/{waifu}/turns/{turn}/rewind");
        send(self.request("POST", &path)).await
    }

    /// What an operator does.
    pub(crate) async fn adjust(&self, user: &User, waifu: &str, points: i32) -> Answer {
        let body = adjustment(user, waifu, points);
        self.post("/admin/adjustments", &body).await
    }

    /// A post under an idempotency key.
    pub(crate) async fn post_under(&self, key: &str, path: &str, body: &Value) -> Answer {
        let key = HeaderValue::from_bytes(key.as_bytes()).expect("a header");
        let request = self.request("POST", path).header("Idempotency-Key", key);
        send(request.json(body)).await
    }
}

pub(crate) fn adjustment(user: &User, waifu: &str, points: i32) -> Value {
    json!({"user_id": user.id, "waifu_id": waifu, "points": points, "reason": "made up for it"})
}

#[track_caller]
pub(crate) fn with_key(items: &[Value], key: &str) -> Value {
    let found = items.iter().find(|item| item["key"] == key);
    found.unwrap_or_else(|| panic!("there is no {key}")).clone()
}

/// The only row of an act.
#[track_caller]
pub(crate) fn row_of(done: &Value) -> Value {
    let rows = done["interactions"].as_array().expect("rows");
    assert_eq!(rows.len(), 1, "{done}");
    rows[0].clone()
}
