//! A client of `graphql-transport-ws` that takes every message as it comes.

use std::time::Duration;

use serde_json::{Value, json};

use super::rest::{Door, User};
use super::socket::{Heard, Socket};

pub(crate) const PATH: &str = "/graphql/ws";
pub(crate) const PROTOCOL: [(&str, &str); 1] = [("Sec-WebSocket-Protocol", "graphql-transport-ws")];

#[derive(Debug)]
pub(crate) struct GraphqlSocket {
    pub(crate) socket: Socket,
    begun: usize,
}

/// A subscription or another operation at work.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Operation(pub(crate) String);

impl GraphqlSocket {
    /// A socket that is to say who it is.
    pub(crate) async fn unauthenticated(door: &Door) -> Self {
        let opened = Socket::open_at(door, PATH, &PROTOCOL).await;
        Self::on(opened.expect("a socket"))
    }

    pub(crate) fn on(socket: Socket) -> Self {
        Self { socket, begun: 0 }
    }

    /// A socket that has said who it is.
    pub(crate) async fn of(user: &User) -> Self {
        let mut graphql = Self::unauthenticated(&user.door).await;
        graphql.init(user).await;
        graphql
    }

    pub(crate) async fn init(&mut self, user: &User) {
        let payload = json!({"access_token": user.token});
        self.send(&json!({"type": "connection_init", "payload": payload}))
            .await;
        self.socket.expect("connection_ack").await;
    }

    pub(crate) async fn send(&mut self, message: &Value) {
        self.socket.send(message).await;
    }

    pub(crate) async fn begin(&mut self, query: &str, variables: &Value) -> Operation {
        self.begun += 1;
        let operation = Operation(format!("operation-{}", self.begun));
        self.begin_as(&operation, &json!({"query": query, "variables": variables}))
            .await;
        operation
    }

    pub(crate) async fn begin_as(&mut self, operation: &Operation, payload: &Value) {
        let subscribe = json!({"type": "subscribe", "id": operation.0, "payload": payload});
        self.send(&subscribe).await;
    }

    pub(crate) async fn leave(&mut self, operation: &Operation) {
        self.send(&json!({"type": "complete", "id": operation.0}))
            .await;
    }

    /// What is told next, which must be of this operation: its type and its payload.
    pub(crate) async fn hear(&mut self, operation: &Operation) -> (String, Value) {
        let message = self.socket.frame().await;
        assert_eq!(message["id"], operation.0, "{message}");
        let kind = message["type"].as_str().expect("a type").to_owned();
        (kind, message["payload"].clone())
    }

    /// The data of the next result, which must be whole.
    pub(crate) async fn data(&mut self, operation: &Operation) -> Value {
        let (kind, payload) = self.hear(operation).await;
        assert_eq!(
            (kind.as_str(), payload.get("errors")),
            ("next", None),
            "{payload}"
        );
        payload["data"].clone()
    }

    /// The next frame of a subscription.
    pub(crate) async fn frame(&mut self, operation: &Operation) -> Value {
        let data = self.data(operation).await;
        let fields = data.as_object().expect("one field");
        fields.values().next().expect("one field").clone()
    }

    /// The next frames of a subscription, up to and with one of this type.
    pub(crate) async fn until(&mut self, operation: &Operation, kind: &str) -> Vec<Value> {
        let mut frames: Vec<Value> = Vec::new();
        while frames
            .last()
            .is_none_or(|frame| frame["__typename"] != kind)
        {
            frames.push(self.frame(operation).await);
        }
        frames
    }

    /// The code of the only error of an operation that comes to nothing.
    pub(crate) async fn refused(&mut self, operation: &Operation) -> Value {
        let (kind, payload) = self.hear(operation).await;
        let error = match kind.as_str() {
            "error" => payload[0].clone(),
            "next" => {
                self.completed(operation).await;
                payload["errors"][0].clone()
            }
            _ => panic!("no error: {kind} {payload}"),
        };
        error["extensions"]["code"].clone()
    }

    pub(crate) async fn completed(&mut self, operation: &Operation) {
        let (kind, payload) = self.hear(operation).await;
        assert_eq!(kind, "complete", "{payload}");
    }

    pub(crate) async fn silent_for(&mut self, patience: Duration) {
        self.socket.silent_for(patience).await;
    }

    /// The code with which it is closed, with nothing told before that.
    pub(crate) async fn closed(&mut self) -> u16 {
        match self.socket.hear().await {
            Heard::Closed(code) => code,
            other @ (Heard::Frame(_) | Heard::Pong(_) | Heard::Lost) => {
                panic!("not closed, but {other:?}")
            }
        }
    }
}
