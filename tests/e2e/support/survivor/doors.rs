//! One attempt through each door, at a server that may be gone at any time.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::{Asked, Gone, Promise, text};
use crate::support::rest::User;
use crate::support::socket::{Heard, Socket};

impl Asked {
    pub(super) async fn by_rest(&mut self, user: &User, waifu: &str) -> Result<(), Gone> {
        let (status, answer) = whole(self.message(user, waifu)).await?;
        self.learn_of_turn(status, &answer)
    }

    pub(super) async fn by_socket(&mut self, user: &User, waifu: &str) -> Result<(), Gone> {
        let mut socket = Socket::attempt(user, waifu, None).await.ok_or(Gone)?;
        socket.say_as(&self.id, &self.what).await;
        let mut turn = None;
        loop {
            let Heard::Frame(frame) = socket.hear().await else {
                return Err(Gone);
            };
            let kind = frame["type"].as_str().expect("a type");
            if kind == "message.accepted" && frame["client_message_id"] == self.id.as_str() {
                turn = Some(frame["turn_id"].clone());
                self.promise = Promise::Kept(text(&frame["turn_id"]));
            } else if kind == "turn.done" && Some(&frame["turn_id"]) == turn.as_ref() {
                return Ok(());
            } else if kind == "error" && frame["ref"] == self.id.as_str() {
                return self.learn_of_refusal(&frame);
            }
        }
    }

    pub(super) async fn by_stream(&mut self, user: &User, waifu: &str) -> Result<(), Gone> {
        let request = self
            .message(user, waifu)
            .header("Accept", "text/event-stream");
        let mut response = request.send().await.map_err(|_| Gone)?;
        let status = response.status().as_u16();
        if status != 200 {
            let answer = response.json().await.map_err(|_| Gone)?;
            return self.learn_of_turn(status, &answer);
        }
        let mut heard = Vec::new();
        let mut read = 0;
        while let Some(chunk) = response.chunk().await.map_err(|_| Gone)? {
            heard.extend_from_slice(&chunk);
            while let Some(end) = heard[read..].windows(2).position(|pair| pair == b"\n\n") {
                let event = std::str::from_utf8(&heard[read..read + end]).expect("text");
                read += end + 2;
                let data = event.lines().find_map(|line| line.strip_prefix("data: "));
                let Some(data) = data else { continue };
                let frame: Value = serde_json::from_str(data).expect("data is JSON");
                match frame["type"].as_str() {
                    Some("message.accepted") => {
                        self.promise = Promise::Kept(text(&frame["turn_id"]));
                    }
                    Some("turn.done") => return Ok(()),
                    _ => {}
                }
            }
        }
        // It has ended as HTTP wants it, and before the turn: the server is going.
        Err(Gone)
    }

    pub(super) async fn give(&mut self, user: &User, waifu: &str) -> Result<(), Gone> {
        let request = user.request("POST", &format!("/waifus/{waifu}/gifts"));
        let request = request
            .header("Idempotency-Key", &self.id)
            .json(&json!({"gift_id": self.what}));
        let (status, answer) = whole(request).await?;
        if status == 200 {
            self.promise = Promise::Kept(text(&answer["interactions"][0]["id"]));
            return Ok(());
        }
        self.learn_of_refusal(&answer)
    }

    fn message(&self, user: &User, waifu: &str) -> RequestBuilder {
        let body = json!({
            "waifu_id": waifu, "message": self.what, "client_message_id": self.id,
        });
        user.request("POST", "/waifus/chat").json(&body)
    }

    /// A problem that names a turn is how this one ended, unless it is another that is in the way.
    fn learn_of_turn(&mut self, status: u16, answer: &Value) -> Result<(), Gone> {
        let is_of_this = answer["turn_id"].is_string() && answer["code"] != "turn_in_progress";
        if status == 200 || is_of_this {
            self.promise = Promise::Kept(text(&answer["turn_id"]));
            return Ok(());
        }
        self.learn_of_refusal(answer)
    }

    fn learn_of_refusal(&mut self, problem: &Value) -> Result<(), Gone> {
        match problem["code"].as_str() {
            Some("turn_in_progress" | "rate_limited" | "draining") => {
                self.promise = Promise::Refused;
                Ok(())
            }
            // Whether it was stored is not known.
            Some("store_unavailable" | "internal") => Err(Gone),
            _ => panic!("not an answer that was to come: {problem}"),
        }
    }
}

async fn whole(request: RequestBuilder) -> Result<(u16, Value), Gone> {
    let response = request.send().await.map_err(|_| Gone)?;
    let status = response.status().as_u16();
    let answer = response.json().await.map_err(|_| Gone)?;
    Ok((status, answer))
}
