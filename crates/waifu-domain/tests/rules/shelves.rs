//! Catalogues: entries made as operators make them, and any small shelf of them.

use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use waifu_domain::catalogue::{Catalogue, DatePlan, Gift};
use waifu_domain::events::EventDefinition;
use waifu_domain::slug::Slug;

use crate::books::Numbers;
use crate::people::{TAGS, any_day, slug};

/// What entries unlock and ask for.
const UNLOCKS: [&str; 2] = ["beach_outfit", "spare_key"];

/// Gifts, dates and events as their files have them; gates' events come with the rule book.
#[derive(Debug, Clone)]
pub(crate) struct Shelf {
    gifts: Vec<Value>,
    dates: Vec<Value>,
    events: Vec<Value>,
}

impl Shelf {
    pub(crate) fn catalogue(&self, numbers: &Numbers) -> Catalogue {
        let gates = numbers.gates.events.values();
        let gates = gates.map(|event| (slug(event), gate()));
        Catalogue {
            gifts: numbered("gift", &self.gifts, gift).into_iter().collect(),
            dates: numbered("date", &self.dates, date).into_iter().collect(),
            events: numbered("event", &self.events, event)
                .into_iter()
                .chain(gates)
                .collect(),
        }
    }
}

pub(crate) fn empty_shelf() -> Shelf {
    Shelf {
        gifts: Vec::new(),
        dates: Vec::new(),
        events: Vec::new(),
    }
}

pub(crate) fn gift(entry: &Value) -> Gift {
    built(
        json!({"name": "A gift", "description": "To be given.", "tags": [], "base": 5}),
        entry,
    )
}

pub(crate) fn date(entry: &Value) -> DatePlan {
    built(
        json!({"name": "A date", "description": "To be had.", "tags": [], "base": 5, "cooldown_hours": 72}),
        entry,
    )
}

/// With one choice that moves nothing, unless told.
pub(crate) fn event(entry: &Value) -> EventDefinition {
    let choices = [choice(&json!({"key": "nod"}))];
    built(
        json!({"title": "An event", "scene": "Told.", "choices": choices}),
        entry,
    )
}

pub(crate) fn gate() -> EventDefinition {
    let yes = choice(&json!({"key": "yes", "effect": 10, "passes_gate": true}));
    let not_yet = choice(&json!({"key": "not_yet"}));
    event(&json!({"trigger": {"on": "gate"}, "choices": [yes, not_yet]}))
}

pub(crate) fn choice(entry: &Value) -> Value {
    merged(
        json!({"label": "Do it", "effect": 0, "line": "Done."}),
        entry,
    )
}

pub(crate) fn any_shelf() -> impl Strategy<Value = Shelf> {
    let gifts = prop::collection::vec(any_gift(), 1..4);
    let dates = prop::collection::vec(any_date(), 1..3);
    let events = prop::collection::vec(any_event(), 0..5);
    (gifts, dates, events).prop_map(|(gifts, dates, events)| Shelf {
        gifts,
        dates,
        events,
    })
}

fn any_gift() -> impl Strategy<Value = Value> {
    let flags = (any::<bool>(), prop::bool::weighted(0.2));
    (any_tags(), 1i32..=10, any_least_level(), flags, any_needs()).prop_map(
        |(tags, base, least_level, (keepsake, presses), requires)| {
            json!({
                "tags": tags, "base": base, "least_level": least_level,
                "keepsake": keepsake, "presses_for_return": presses, "requires": requires,
            })
        },
    )
}

fn any_date() -> impl Strategy<Value = Value> {
    let cooldown = prop_oneof![1i32..=24, 1i32..=200];
    (
        any_tags(),
        1i32..=15,
        any_least_level(),
        cooldown,
        any_needs(),
    )
        .prop_map(|(tags, base, least_level, cooldown_hours, requires)| {
            json!({
                "tags": tags, "base": base, "least_level": least_level,
                "cooldown_hours": cooldown_hours, "requires": requires,
            })
        })
}

fn any_event() -> impl Strategy<Value = Value> {
    let requires = (any_least_level(), any_needs());
    let effects = prop::collection::vec((-20i32..=20, any_needs()), 1..4);
    let ends = (1i32..=60, prop::bool::weighted(0.7), any_needs());
    (any_trigger(), requires, any_repeat(), effects, ends, any::<bool>()).prop_map(
        |(trigger, (least_level, unlocked), repeat, effects, (days, is_timed, unlocks), presses)| {
            let is_yearly = repeat == json!("yearly");
            let is_cheap = repeat["cooldown_days"].as_i64().is_some_and(|days| days < 7);
            let choices = effects.into_iter().zip(0..).map(|((effect, unlocks), no)| {
                let effect = if is_cheap { effect.min(0) } else { effect };
                choice(&json!({"key": format!("choice_{no}"), "effect": effect, "unlocks": unlocks}))
            });
            json!({
                "trigger": trigger,
                "requires": {"least_level": least_level, "unlocked": unlocked},
                "repeat": repeat,
                "lifetime_days": (is_timed || is_yearly).then_some(days),
                "presses_for_return": presses,
                "choices": choices.collect::<Vec<_>>(),
                "on_expiry": {"unlocks": unlocks},
            })
        },
    )
}

fn any_trigger() -> impl Strategy<Value = Value> {
    let kind = || prop::sample::select(vec!["chat", "gift", "date", "event"]);
    prop_oneof![
        kind().prop_map(|kind| json!({"on": "first", "kind": kind})),
        (kind(), 1i32..6).prop_map(|(kind, n)| json!({"on": "nth", "kind": kind, "n": n})),
        (0u8..=10).prop_map(|level| json!({"on": "level", "level": level})),
        (0i32..=1000).prop_map(|points| json!({"on": "affection", "points": points})),
        (1i32..=60).prop_map(|days| json!({"on": "days_known", "days": days})),
        (1i32..=40).prop_map(|days| json!({"on": "days_absent", "days": days})),
        Just(json!({"on": "her_birthday"})),
        Just(json!({"on": "user_birthday"})),
        Just(json!({"on": "anniversary"})),
        any_day().prop_map(|day| json!({"on": "day", "month": day.month(), "day": day.day()})),
    ]
}

fn any_repeat() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!("once")),
        Just(json!("yearly")),
        (1i32..=40).prop_map(|days| json!({"cooldown_days": days})),
    ]
}

fn any_least_level() -> impl Strategy<Value = u8> {
    prop_oneof![3 => Just(0u8), 1 => 0u8..=8]
}

fn any_needs() -> impl Strategy<Value = Vec<&'static str>> {
    prop_oneof![
        3 => Just(Vec::new()),
        1 => prop::sample::subsequence(UNLOCKS.to_vec(), 1..=2),
    ]
}

fn any_tags() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(TAGS.to_vec(), 0..=3)
}

fn numbered<T>(name: &str, entries: &[Value], build: fn(&Value) -> T) -> Vec<(Slug, T)> {
    let keys = (0..).map(|no| slug(&format!("{name}_{no}")));
    keys.zip(entries.iter().map(build)).collect()
}

fn built<T: DeserializeOwned>(usual: Value, entry: &Value) -> T {
    serde_json::from_value(merged(usual, entry)).expect("an entry that validates")
}

fn merged(mut usual: Value, entry: &Value) -> Value {
    let fields = entry.as_object().expect("fields by name");
    for (field, value) in fields {
        usual[field] = value.clone();
    }
    usual
}
