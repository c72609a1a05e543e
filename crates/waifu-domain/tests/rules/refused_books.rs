//! Rule books that can't be satisfied, by themselves or with a catalogue: refused with the key and why.

use std::sync::Arc;

use serde_json::{Value, json};
use waifu_domain::affection::RuleBook;
use waifu_domain::catalogue::Catalogue;

use crate::books::Numbers;
use crate::lives::History;
use crate::people::slug;
use crate::shelves::{choice, date, event, gate, gift};

#[test]
fn a_number_out_of_its_bounds_is_named_with_them() {
    for (path, value, why) in [
        (
            "/levels/hysteresis",
            json!(-1),
            "levels.hysteresis: must be 0 to 1000, is -1",
        ),
        (
            "/taste/liked_permille/2",
            json!(10_001),
            "taste.liked_permille: must be 0 to 10000, is 10001",
        ),
        (
            "/taste/disliked_permille/0",
            json!(10_001),
            "taste.disliked_permille: must be 0 to 10000, is 10001",
        ),
        (
            "/taste/pride_permille/per_point",
            json!(-6),
            "taste.pride_permille: must be 0 to 10000 over the whole scale, is -100 at 100",
        ),
        (
            "/gifts/repeated/permille",
            json!(10_001),
            "gifts.repeated.permille: must be 0 to 10000, is 10001",
        ),
        (
            "/gifts/repeated/days",
            json!(3_651),
            "gifts.repeated.days: must be at most 3650 days, is 3651",
        ),
        (
            "/gifts/birthday/permille",
            json!(10_001),
            "gifts.birthday.permille: must be 0 to 10000, is 10001",
        ),
        (
            "/gifts/birthday/days",
            json!(3_651),
            "gifts.birthday.days: must be at most 3650 days, is 3651",
        ),
        (
            "/gifts/cap/gain",
            json!(1_001),
            "gifts.cap.gain: must be 0 to 1000, is 1001",
        ),
        (
            "/gifts/cap/hours",
            json!(0),
            "gifts.cap.hours: must be at least 1",
        ),
        (
            "/dates/playfulness_permille/base",
            json!(-1),
            "dates.playfulness_permille: must be 0 to 10000 over the whole scale, is -1 at 0",
        ),
        (
            "/dates/repeated/days",
            json!(3_651),
            "dates.repeated.days: must be at most 3650 days, is 3651",
        ),
        (
            "/dates/cap/loss",
            json!(-1),
            "dates.cap.loss: must be 0 to 1000, is -1",
        ),
        (
            "/events/yearly_after_days",
            json!(3_651),
            "events.yearly_after_days: must be at most 3650 days, is 3651",
        ),
        (
            "/events/cap/hours",
            json!(87_601),
            "events.cap.hours: must be at most 3650 days, is 3651",
        ),
        (
            "/absence/grace_days",
            json!(3_651),
            "absence.grace_days: must be at most 3650 days, is 3651",
        ),
        (
            "/gates/reopen_after_days",
            json!(3_651),
            "gates.reopen_after_days: must be at most 3650 days, is 3651",
        ),
        (
            "/absence/at_most",
            json!(1_001),
            "absence.at_most: must be 0 to 1000, is 1001",
        ),
    ] {
        assert_eq!(refused(path, value), why);
    }
    let why = refused("/levels/minors_at_most", json!(11));
    assert!(why.contains("a level must be 0 to 10, is 11"), "{why}");
}

#[test]
fn one_event_guards_one_level() {
    let why = refused("/gates/events/9", json!("confession"));
    assert_eq!(
        why,
        "gates.events.9: confession already guards another level"
    );
}

#[test]
fn a_rule_book_fits_a_catalogue_that_has_its_gates_and_stays_within_its_caps() {
    let mut shelf = shelf();
    shelf.gifts.insert(slug("ring"), gift(&json!({"base": 10})));
    shelf
        .dates
        .insert(slug("journey"), date(&json!({"base": 15})));
    assert_eq!(RuleBook::shipped().check_against(&shelf), Ok(()));
}

#[test]
fn a_gate_without_its_event_is_refused() {
    let mut shelf = shelf();
    shelf.events.remove("promise");
    assert_eq!(
        unfit(&Numbers::shipped(), &shelf),
        "gates.events.9: there is no event promise"
    );
}

#[test]
fn a_gate_whose_event_opens_none_is_refused() {
    let mut shelf = shelf();
    let other = event(&json!({"trigger": {"on": "level", "level": 6}}));
    shelf.events.insert(slug("confession"), other);
    assert_eq!(
        unfit(&Numbers::shipped(), &shelf),
        "gates.events.7: the trigger of the event confession is not gate"
    );
}

#[test]
fn a_cap_below_what_one_entry_gives_or_takes_is_refused() {
    let mut shelf = shelf();
    shelf.gifts.insert(slug("ring"), gift(&json!({"base": 10})));
    shelf
        .dates
        .insert(slug("journey"), date(&json!({"base": 15})));
    let choices = [choice(&json!({"key": "slap", "effect": -20}))];
    let quarrel = event(&json!({"trigger": {"on": "her_birthday"}, "choices": choices}));
    shelf.events.insert(slug("quarrel"), quarrel);
    let with = |change: fn(&mut Numbers)| {
        let mut numbers = Numbers::shipped();
        change(&mut numbers);
        unfit(&numbers, &shelf)
    };
    assert_eq!(
        with(|numbers| numbers.gifts.cap.gain = 9),
        "gifts.cap.gain: is 9, and ring alone moves 10"
    );
    assert_eq!(
        with(|numbers| numbers.gifts.cap.loss = 9),
        "gifts.cap.loss: is 9, and ring alone moves -10"
    );
    assert_eq!(
        with(|numbers| numbers.dates.cap.gain = 14),
        "dates.cap.gain: is 14, and journey alone moves 15"
    );
    assert_eq!(
        with(|numbers| numbers.dates.cap.loss = 14),
        "dates.cap.loss: is 14, and journey alone moves -15"
    );
    assert_eq!(
        with(|numbers| numbers.events.cap.gain = 9),
        "events.cap.gain: is 9, and confession alone moves 10"
    );
    assert_eq!(
        with(|numbers| numbers.events.cap.loss = 19),
        "events.cap.loss: is 19, and quarrel alone moves -20"
    );
}

/// What the shipped rule book is refused with when the value at `path` is another.
fn refused(path: &str, value: Value) -> String {
    let mut numbers: Value =
        serde_json::from_str(&RuleBook::shipped().to_json()).expect("plain data");
    *numbers
        .pointer_mut(path)
        .expect("a number of the rule book") = value;
    let error = RuleBook::from_json(&numbers.to_string()).expect_err(path);
    if error.path.is_empty() {
        error.why
    } else {
        error.to_string()
    }
}

fn unfit(numbers: &Numbers, catalogue: &Catalogue) -> String {
    let error = numbers.book().check_against(catalogue);
    error.expect_err("it does not fit").to_string()
}

/// The shipped rule book's gates, and nothing else.
fn shelf() -> Catalogue {
    let shelf = Arc::unwrap_or_clone(History::plain(Numbers::shipped()).catalogue);
    assert_eq!(shelf.events[&slug("promise")], gate());
    shelf
}
