//! Frames by GraphQL, and the same ones of a chat socket.

use serde_json::{Value, json};

use super::in_graphql;

/// All that there is to ask of a frame.
pub(super) const FRAME: &str = "
    __typename
    ... on Ready { epoch seq resumed active { turnId run attempt index text } relationship {
        waifuId level stage affection nextLevelAt gate mood pendingDecay pendingEvents keepsakes unlocked
        lastInteraction version } }
    ... on MessageAccepted { clientMessageId messageId turnId turnNo duplicate seq epoch }
    ... on TurnStarted { turnId turnNo run kind cause { type gift date occurrenceId event choice } seq epoch }
    ... on TurnDelta { turnId run attempt index text }
    ... on TurnSnapshot { turnId run attempt index text }
    ... on TurnDone { turnId run status reason usage { promptTokens completionTokens } retryable retryAfterMs
        message { id turnId turnNo role text status candidates { run id chosen } createdAt } seq epoch }
    ... on TurnChosen { turnId run
        message { id turnId turnNo role text status candidates { run id chosen } createdAt } seq epoch }
    ... on TurnVoided { fromTurnNo toTurnNo seq epoch }
    ... on RelationshipUpdated { version affection level stage interaction { id no kind content timestamp
        requestedChange affectionChange affectionAfter levelAfter reasons { rule effect text } } seq epoch }
    ... on EventChanged { occurrence { id event title scene state openedAt expiresAt closedAt
        choices { key label } choice words } seq epoch }";

pub(crate) fn chat() -> String {
    format!(
        "subscription($waifu: ID!, $text: String!, $id: ID!) {{
            chat(waifuId: $waifu, text: $text, clientMessageId: $id) {{ {FRAME} }} }}"
    )
}

pub(super) fn relationship() -> String {
    format!(
        "subscription($waifu: ID!, $after: PlaceInput) {{
            relationship(waifuId: $waifu, after: $after) {{ {FRAME} }} }}"
    )
}

/// What a chat socket was told, as GraphQL has to tell it to somebody who asks for as much as `asked`.
pub(super) fn as_graphql(frame: &Value, asked: &Value, epoch: &Value) -> Value {
    let mut told = in_graphql(frame, asked);
    let kind = frame["type"].as_str().expect("a type");
    let kind = match kind {
        "event.opened" | "event.resolved" | "event.expired" => "EventChanged".to_owned(),
        kind => kind.split('.').map(capitalised).collect(),
    };
    told["__typename"] = json!(kind);
    if let Some(seq) = frame["seq"].as_u64() {
        told["seq"] = json!(seq.to_string());
        told["epoch"] = epoch.clone();
    }
    told
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

/// Each durable frame must be what the chat socket was told, field by field, and so must be the words.
#[track_caller]
pub(super) fn assert_same(by_graphql: &[Value], on_socket: &[Value], epoch: &Value) {
    let (by_graphql, words) = without_words(by_graphql, "__typename", "TurnDelta");
    let (on_socket, words_on_socket) = without_words(on_socket, "type", "turn.delta");
    // Who hears of a run when it is over is told its words with its end alone.
    if !words.is_empty() && !words_on_socket.is_empty() {
        assert_eq!(words, words_on_socket);
    }
    assert_eq!(by_graphql.len(), on_socket.len(), "{by_graphql:#?}");
    for (frame, on_socket) in by_graphql.iter().zip(&on_socket) {
        assert_eq!(*frame, as_graphql(on_socket, frame, epoch));
        let named = frame.as_object().expect("a frame").keys();
        assert!(named.count() > 3, "{frame}");
    }
}

fn without_words(frames: &[Value], named: &str, delta: &str) -> (Vec<Value>, String) {
    let (deltas, others) = frames
        .iter()
        .cloned()
        .partition::<Vec<Value>, _>(|frame| frame[named] == delta);
    let numbered = (0..).zip(&deltas).map(|(index, delta)| {
        assert_eq!(delta["index"], index, "{delta}");
        delta["text"].as_str().expect("words")
    });
    (others, numbered.collect())
}

pub(super) fn names(frames: &[Value]) -> Vec<&str> {
    let names = frames.iter().map(|frame| &frame["__typename"]);
    let names = names.map(|name| name.as_str().expect("a name"));
    names.filter(|name| *name != "TurnDelta").collect()
}

pub(super) fn numbers(frames: &[Value]) -> Vec<u64> {
    let numbers = frames.iter().filter_map(|frame| frame["seq"].as_str());
    numbers.map(|seq| seq.parse().expect("a number")).collect()
}
