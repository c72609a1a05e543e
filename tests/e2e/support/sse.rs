//! A client of event streams that takes every event as it comes.

use std::collections::VecDeque;
use std::time::Duration;

use reqwest::Response;
use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::rest::{Answer, User};

const PATIENCE: Duration = Duration::from_secs(15);

/// Hung up on when dropped.
#[derive(Debug)]
pub(crate) struct EventStream {
    response: Response,
    pub(crate) headers: HeaderMap,
    read: String,
    events: VecDeque<Event>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
    pub(crate) data: Value,
}

impl EventStream {
    /// Says something to her and streams her answer; an error is whatever came in a stream's stead.
    pub(crate) async fn say(
        user: &User,
        waifu: &str,
        client_message_id: &str,
        message: &str,
    ) -> Result<Self, Answer> {
        Self::say_again(user, waifu, client_message_id, message, None).await
    }

    /// As [`EventStream::say`], by somebody who has heard up to an event.
    pub(crate) async fn say_again(
        user: &User,
        waifu: &str,
        client_message_id: &str,
        message: &str,
        last_event: Option<&str>,
    ) -> Result<Self, Answer> {
        let body = json!({
            "waifu_id": waifu, "message": message, "client_message_id": client_message_id,
        });
        let headers = last_event.map(|id| ("Last-Event-ID", id));
        Self::post(user, &body, headers.as_slice()).await
    }

    pub(crate) async fn post(
        user: &User,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> Result<Self, Answer> {
        let request = user.request("POST", "/waifus/chat");
        let mut request = request.header("Accept", "text/event-stream").json(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = timeout(PATIENCE, request.send())
            .await
            .expect("an answer in time")
            .expect("an answer");
        let headers = response.headers().clone();
        let media = headers.get("content-type").map(HeaderValue::as_bytes);
        if media == Some(b"text/event-stream") {
            return Ok(Self {
                response,
                headers,
                read: String::new(),
                events: VecDeque::new(),
            });
        }
        Err(Answer {
            status: response.status().as_u16(),
            headers,
            text: response.text().await.expect("a body of text"),
        })
    }

    /// `None`: the stream has ended, as HTTP wants it.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            let chunk = timeout(PATIENCE, self.response.chunk())
                .await
                .expect("an event in time")
                .expect("a body that is whole");
            let Some(chunk) = chunk else {
                assert_eq!(self.read, "", "the stream ends within an event");
                return None;
            };
            self.read += std::str::from_utf8(&chunk).expect("events come whole");
            while let Some((event, rest)) = self.read.split_once("\n\n") {
                // Comments are signs of life.
                if !event.starts_with(':') {
                    self.events.push_back(read(event));
                }
                self.read = rest.to_owned();
            }
        }
    }

    /// The next events, up to and with one of this name.
    pub(crate) async fn until(&mut self, name: &str) -> Vec<Event> {
        let mut events: Vec<Event> = Vec::new();
        while events.last().is_none_or(|event| event.name != name) {
            events.push(self.next().await.expect("an event"));
        }
        events
    }

    /// All events to the end of the stream.
    pub(crate) async fn rest(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }
}

fn read(text: &str) -> Event {
    let mut event = Event {
        name: String::new(),
        id: None,
        data: Value::Null,
    };
    for line in text.lines() {
        match line.split_once(": ").expect("a field and its value") {
            ("event", name) => name.clone_into(&mut event.name),
            ("id", id) => event.id = Some(id.to_owned()),
            ("data", data) => event.data = serde_json::from_str(data).expect("data is JSON"),
            _ => panic!("a line that is no field: {line}"),
        }
    }
    event
}

/// The frames that the events carry.
pub(crate) fn frames(events: &[Event]) -> Vec<Value> {
    events.iter().map(|event| event.data.clone()).collect()
}
