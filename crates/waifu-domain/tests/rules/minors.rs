//! For a minor gates stay shut, absence costs nothing, and nothing presses for a return.

use proptest::prelude::*;
use serde_json::json;
use time::Duration;
use time::macros::date;
use waifu_domain::affection::{Appraisal, Refusal};
use waifu_domain::events::Trigger;
use waifu_domain::relationship::{Fact, InteractionKind, Level};
use waifu_domain::user::AgeGroup;

use crate::books::Numbers;
use crate::life::Life;
use crate::lives::{Deed, History, Which, any_history, start};
use crate::people::{aiko, minor, slug};
use crate::unlocks::{add_event, add_gift, give, with_gifts};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_gate_opens_no_absence_costs_and_no_level_passes_the_ceiling(history in any_history()) {
        let mut history = History { person: minor(), ..history };
        let highest = Deed::Adjust(1000);
        history.deeds.push((start().plus(Duration::days(9_000)), highest));
        let mut life = history.live();
        let is_for_grown_ups = |key| {
            let event = &life.catalogue.events[key];
            event.trigger == Trigger::Gate || event.presses_for_return
        };
        prop_assert!(!life.occurrences.iter().any(|occurrence| is_for_grown_ups(&occurrence.event)));
        prop_assert!(life.ledger.iter().all(|row| row.kind != InteractionKind::Decay));
        let first_gate = life.numbers.gates.events.keys().next().map_or(10, |guarded| guarded - 1);
        let ceiling = first_gate.min(life.numbers.levels.minors_at_most);
        prop_assert!(life.ledger.iter().all(|row| row.level_after.get() <= ceiling));

        // Not even by a pass from before he was marked one.
        let passes = life.numbers.gates.events.values().map(|event| Fact::Passed(slug(event)));
        life.state.facts.extend(passes);
        life.perform(Deed::Adjust(1), start()).expect("an adjustment");
        prop_assert!(life.state.level.get() <= ceiling);
        prop_assert_eq!(life.book.waiting_gate(&life.state, AgeGroup::Minor), None);
    }
}

#[test]
fn a_minor_is_who_has_not_had_his_18th_birthday() {
    let on = |today| AgeGroup::of(date!(2008 - 03 - 15), today);
    assert_eq!(on(date!(2026 - 03 - 14)), AgeGroup::Minor);
    assert_eq!(on(date!(2026 - 03 - 15)), AgeGroup::Adult);
    assert_eq!(on(date!(2027 - 01 - 01)), AgeGroup::Adult);
}

#[test]
fn level_6_is_the_highest_and_affection_goes_on_counting() {
    let mut life = of_a_minor();
    life.perform(Deed::Adjust(999), start())
        .expect("an adjustment");
    life.perform(Deed::Say(Appraisal::Warm), start())
        .expect("a chat");
    assert_eq!((life.affection(), life.state.level.get()), (1000, 6));
}

#[test]
fn the_ceiling_alone_holds_where_there_is_no_gate() {
    let mut history = History::plain(Numbers::shipped());
    history.numbers.gates.events.clear();
    history.numbers.levels.minors_at_most = 4;
    history.person = minor();
    let mut life = Life::new(&history);
    life.perform(Deed::Adjust(1000), start())
        .expect("an adjustment");
    assert_eq!(life.state.level.get(), 4);
    life.person.age_group = AgeGroup::Adult;
    life.perform(Deed::Say(Appraisal::Warm), start())
        .expect("a chat");
    assert_eq!(life.state.level.get(), 10);
    life.person.age_group = AgeGroup::Minor;
    life.perform(Deed::Say(Appraisal::Warm), start())
        .expect("a chat");
    assert_eq!(
        life.state.level.get(),
        4,
        "marked again, he comes down to it"
    );
}

#[test]
fn a_gift_that_presses_for_a_return_is_refused() {
    let mut life = of_a_minor();
    add_gift(&mut life, "calendar", &json!({"presses_for_return": true}));
    assert_eq!(
        give(&mut life, "calendar", start()),
        Err(Refusal::NotForMinors)
    );
    assert_eq!(life.ledger.len(), 0);
    life.person.age_group = AgeGroup::Adult;
    give(&mut life, "calendar", start()).expect("he is grown up");
}

#[test]
fn an_event_that_presses_for_a_return_never_comes() {
    let mut life = of_a_minor();
    let trigger = json!({"on": "days_absent", "days": 5});
    add_event(
        &mut life,
        "missed_you",
        &json!({"trigger": trigger, "presses_for_return": true}),
    );
    add_event(&mut life, "hello_again", &json!({"trigger": trigger}));
    life.perform(Deed::Say(Appraisal::Warm), start())
        .expect("a chat");
    let back = start().plus(Duration::days(5));
    life.perform(Deed::Visit, back).expect("a visit");
    let came: Vec<_> = life
        .occurrences
        .iter()
        .map(|occurrence| occurrence.event.as_str())
        .collect();
    assert_eq!(came, ["hello_again"]);
    life.person.age_group = AgeGroup::Adult;
    life.perform(Deed::Visit, back).expect("a visit");
    assert_eq!(life.occurrences.len(), 2);
}

#[test]
fn whoever_is_marked_when_he_had_come_further_is_held_to_the_ceiling_before_any_row_is_written() {
    let mut life = with_gifts(aiko(), &[]);
    life.numbers.gates.events.clear();
    life.book = life.numbers.book();
    life.perform(Deed::Adjust(900), start())
        .expect("an adjustment");
    assert_eq!(life.state.level.get(), 9);
    add_gift(&mut life, "ring", &json!({"least_level": 7}));
    life.person.age_group = AgeGroup::Minor;
    assert_eq!(
        give(&mut life, "ring", start()),
        Err(Refusal::BelowLevel(Level::try_from(7).expect("a level")))
    );
    let counts = life
        .book
        .level_that_counts(life.state.level, AgeGroup::Minor);
    assert_eq!(counts.get(), 6);
}

#[test]
fn what_pends_from_before_and_is_for_grown_ups_takes_no_choice() {
    let mut life = with_gifts(aiko(), &[]);
    life.perform(Deed::Adjust(500), start())
        .expect("an adjustment");
    let confession = Deed::Answer {
        which: Which::Pending(0),
        choice: 0,
    };
    life.person.age_group = AgeGroup::Minor;
    assert_eq!(
        life.perform(confession, start()),
        Err(Refusal::NotForMinors)
    );
    assert_eq!(life.ledger.len(), 1);
    life.person.age_group = AgeGroup::Adult;
    life.perform(confession, start()).expect("he is grown up");
}

fn of_a_minor() -> Life {
    let mut life = with_gifts(aiko(), &[]);
    life.person = minor();
    life
}
