//! An export as one JSON object: the profile, and a list for each kind of thing.

use serde::Serialize;
use waifu_app::use_cases::ExportPart;
use waifu_domain::catalogue::Events;
use waifu_domain::timestamp::Timestamp;

use super::views::{
    CompanionRecordView, EventRecordView, InteractionRecordView, OwnerView, ReceiptView,
    RelationshipRecordView, SessionView, SpendingView, TurnRecordView, VersionView,
};
use crate::rest::me::api_keys::ApiKeyView;

/// The lists in their order. Each is there, if only empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
enum List {
    Sessions,
    ApiKeys,
    Companions,
    CompanionVersions,
    Relationships,
    Interactions,
    Turns,
    Events,
    IdempotencyKeys,
    Spending,
}

const LISTS: [(List, &str); 10] = [
    (List::Sessions, "sessions"),
    (List::ApiKeys, "api_keys"),
    (List::Companions, "companions"),
    (List::CompanionVersions, "companion_versions"),
    (List::Relationships, "relationships"),
    (List::Interactions, "interactions"),
    (List::Turns, "turns"),
    (List::Events, "events"),
    (List::IdempotencyKeys, "idempotency_keys"),
    (List::Spending, "spending"),
];

/// What has been told of it is gone; this knows how to go on.
#[derive(Debug)]
pub(super) struct Document {
    begun_at: Timestamp,
    /// How many lists have been opened; the last of them is open.
    opened: usize,
    is_empty: bool,
}

impl Document {
    pub(super) fn begin(at: Timestamp) -> Self {
        Self {
            begun_at: at,
            opened: 0,
            is_empty: true,
        }
    }

    /// The text of a part. They must come in their order.
    pub(super) fn write(&mut self, part: ExportPart, events: &Events) -> String {
        match part {
            ExportPart::Profile(user) => {
                let (at, profile) = (json(&self.begun_at), json(&OwnerView::from(*user)));
                format!("{{\"exported_at\":{at},\"profile\":{profile}")
            }
            ExportPart::Sessions(all) => self.list(List::Sessions, all, SessionView::from),
            ExportPart::ApiKeys(all) => self.list(List::ApiKeys, all, ApiKeyView::from),
            ExportPart::Companions(all) => {
                self.list(List::Companions, all, CompanionRecordView::from)
            }
            ExportPart::Versions(waifu, all) => self.list(List::CompanionVersions, all, |one| {
                VersionView::new(waifu, one)
            }),
            ExportPart::Relationships(all) => {
                self.list(List::Relationships, all, RelationshipRecordView::from)
            }
            ExportPart::Interactions(waifu, all) => self.list(List::Interactions, all, |one| {
                InteractionRecordView::new(waifu, one)
            }),
            ExportPart::Turns(waifu, all) => {
                self.list(List::Turns, all, |one| TurnRecordView::new(waifu, one))
            }
            ExportPart::Events(waifu, all) => self.list(List::Events, all, |one| {
                let definition = events.get(&one.event);
                EventRecordView::new(waifu, one, definition)
            }),
            ExportPart::Receipts(all) => self.list(List::IdempotencyKeys, all, ReceiptView::from),
            ExportPart::Spending(all) => self.list(List::Spending, all, SpendingView::from),
        }
    }

    pub(super) fn end(&mut self) -> String {
        let mut text = String::new();
        while self.opened < LISTS.len() {
            self.open_next(&mut text);
        }
        text.push_str("]}");
        text
    }

    fn list<T, V: Serialize>(&mut self, list: List, all: Vec<T>, view: impl Fn(T) -> V) -> String {
        let mut text = String::new();
        while self.opened == 0 || LISTS[self.opened - 1].0 < list {
            self.open_next(&mut text);
        }
        for one in all {
            if !self.is_empty {
                text.push(',');
            }
            self.is_empty = false;
            text.push_str(&json(&view(one)));
        }
        text
    }

    fn open_next(&mut self, text: &mut String) {
        if self.opened > 0 {
            text.push(']');
        }
        let (_, name) = LISTS[self.opened];
        text.push_str(",\"");
        text.push_str(name);
        text.push_str("\":[");
        self.opened += 1;
        self.is_empty = true;
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("views are plain data")
}
