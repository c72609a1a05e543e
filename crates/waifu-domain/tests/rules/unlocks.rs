//! What entries ask for first: a level, and names that something has unlocked.

use std::sync::Arc;

use serde_json::{Value, json};
use time::Duration;
use waifu_domain::affection::{Appraisal, Refusal};
use waifu_domain::relationship::{Fact, InteractionKind, Level};
use waifu_domain::timestamp::Timestamp;
use waifu_domain::waifu::WaifuProfile;

use crate::books::Numbers;
use crate::life::{Life, Request};
use crate::lives::{Deed, History, Which, start};
use crate::people::{aiko, slug};
use crate::shelves::{date, event, gift};

#[test]
fn a_gift_below_its_level_writes_nothing_and_an_absence_stays_unstored() {
    let mut life = with_gifts(aiko(), &[]);
    add_gift(&mut life, "ring", &json!({"least_level": 7}));
    life.perform(Deed::Adjust(100), start())
        .expect("an adjustment");
    life.perform(Deed::Say(Appraisal::Warm), start())
        .expect("a chat");
    let late = start().plus(Duration::days(20));
    assert_eq!(life.pending_decay(late), 6);
    let before = life.state.clone();
    let seven = Level::try_from(7).expect("a level");
    assert_eq!(
        give(&mut life, "ring", late),
        Err(Refusal::BelowLevel(seven))
    );
    assert_eq!((life.ledger.len(), &life.state), (2, &before));
    assert_eq!(life.pending_decay(late), 6);
}

#[test]
fn an_absence_that_costs_the_level_costs_the_gift() {
    let mut life = with_gifts(aiko(), &[]);
    add_gift(&mut life, "scarf", &json!({"least_level": 4}));
    life.perform(Deed::Adjust(122), start())
        .expect("an adjustment");
    life.perform(Deed::Say(Appraisal::Cold), start())
        .expect("a chat");
    assert_eq!(life.state.level.get(), 4);
    let late = start().plus(Duration::days(60));
    assert_eq!(life.pending_decay(late), 30);
    let four = Level::try_from(4).expect("a level");
    assert_eq!(
        give(&mut life, "scarf", late),
        Err(Refusal::BelowLevel(four))
    );
    give(&mut life, "scarf", start().plus(Duration::days(14))).expect("in time");
}

#[test]
fn a_locked_gift_and_date_wait_for_what_a_choice_unlocks() {
    let mut life = with_gifts(aiko(), &[]);
    add_gift(&mut life, "shells", &json!({"requires": ["beach_outfit"]}));
    add_date(&mut life, "beach", &json!({"requires": ["beach_outfit"]}));
    let choices = json!([
        {"key": "yes", "label": "Yes", "effect": 1, "line": "Yes.", "unlocks": ["beach_outfit"]},
    ]);
    add_event(
        &mut life,
        "parcel",
        &json!({"trigger": {"on": "first", "kind": "chat"}, "choices": choices}),
    );

    let locked = Err(Refusal::Locked(slug("beach_outfit")));
    assert_eq!(give(&mut life, "shells", start()), locked);
    assert_eq!(go_on(&mut life, "beach", start()), locked);
    life.perform(Deed::Say(Appraisal::Warm), start())
        .expect("a chat");
    let which = Which::Pending(0);
    life.perform(Deed::Answer { which, choice: 0 }, start())
        .expect("it pends");
    let row = life.ledger.last().expect("the choice");
    assert_eq!(row.facts, [Fact::Unlocked(slug("beach_outfit"))]);
    give(&mut life, "shells", start()).expect("unlocked");
    go_on(&mut life, "beach", start()).expect("unlocked");
}

#[test]
fn what_runs_out_unlocks_without_a_row_and_in_time_for_the_act_that_finds_it() {
    let mut life = with_gifts(aiko(), &[]);
    add_gift(&mut life, "shells", &json!({"requires": ["beach_outfit"]}));
    let parcel = json!({
        "trigger": {"on": "first", "kind": "chat"}, "lifetime_days": 3,
        "on_expiry": {"words": "It was left at the door.", "unlocks": ["beach_outfit"]},
    });
    add_event(&mut life, "parcel", &parcel);
    life.perform(Deed::Say(Appraisal::Warm), start())
        .expect("a chat");
    let end = start().plus(Duration::days(3));
    let early = end.minus(Duration::microseconds(1));
    assert_eq!(
        give(&mut life, "shells", early),
        Err(Refusal::Locked(slug("beach_outfit")))
    );
    give(&mut life, "shells", end).expect("unlocked by what ran out");
    let kinds: Vec<_> = life.ledger.iter().map(|row| row.kind).collect();
    assert_eq!(kinds, [InteractionKind::Chat, InteractionKind::Gift]);
    assert!(!life.occurrences[0].is_pending());
}

#[test]
fn a_keepsake_is_kept_once_however_often_it_is_given() {
    let mut life = with_gifts(aiko(), &[]);
    add_gift(&mut life, "shell", &json!({"keepsake": true}));
    give(&mut life, "shell", start()).expect("a gift");
    give(&mut life, "shell", start()).expect("a gift");
    assert_eq!(life.ledger[0].facts, [Fact::Kept(slug("shell"))]);
    assert_eq!(life.ledger[1].facts, []);
}

#[test]
fn an_event_that_asks_for_an_unlock_and_a_level_waits_for_both() {
    let mut life = with_gifts(aiko(), &[]);
    let wave = json!({
        "trigger": {"on": "first", "kind": "chat"},
        "requires": {"least_level": 1, "unlocked": ["beach_outfit"]},
    });
    add_event(&mut life, "wave", &wave);
    life.perform(Deed::Say(Appraisal::Warm), start())
        .expect("a chat");
    life.state
        .facts
        .insert(Fact::Unlocked(slug("beach_outfit")));
    life.perform(Deed::Visit, start()).expect("a visit");
    assert_eq!((life.affection(), life.occurrences.len()), (3, 0));
    life.perform(Deed::Say(Appraisal::Warm), start())
        .expect("a chat");
    assert_eq!((life.state.level.get(), life.occurrences.len()), (1, 1));
}

/// With the shipped numbers and gifts of these names and bases that she neither likes nor dislikes.
pub(crate) fn with_gifts(waifu: WaifuProfile, gifts: &[(&str, i32)]) -> Life {
    let history = History {
        waifu,
        ..History::plain(Numbers::shipped())
    };
    let mut life = Life::new(&history);
    for (key, base) in gifts {
        add_gift(&mut life, key, &json!({"base": base}));
    }
    life
}

pub(crate) fn add_gift(life: &mut Life, key: &str, entry: &Value) {
    let catalogue = Arc::make_mut(&mut life.catalogue);
    catalogue.gifts.insert(slug(key), gift(entry));
}

pub(crate) fn add_event(life: &mut Life, key: &str, entry: &Value) {
    let catalogue = Arc::make_mut(&mut life.catalogue);
    catalogue.events.insert(slug(key), event(entry));
}

fn add_date(life: &mut Life, key: &str, entry: &Value) {
    let catalogue = Arc::make_mut(&mut life.catalogue);
    catalogue.dates.insert(slug(key), date(entry));
}

pub(crate) fn give(life: &mut Life, key: &str, now: Timestamp) -> Result<(), Refusal> {
    life.submit(Request::Gift(slug(key)), now)
}

fn go_on(life: &mut Life, key: &str, now: Timestamp) -> Result<(), Refusal> {
    life.submit(Request::Date(slug(key)), now)
}
