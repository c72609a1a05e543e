//! Gates: shut until their event is passed, and shut for minors whatever they do.

use proptest::prelude::*;
use time::Duration;
use waifu_domain::affection::Appraisal;
use waifu_domain::events::OccurrenceState;
use waifu_domain::relationship::{Fact, Level, RelationshipState};
use waifu_domain::slug::Slug;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::user::AgeGroup;
use waifu_domain::waifu::Stats;

use crate::books::Numbers;
use crate::lives::{Deed, History, Life, any_history, start};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]

    #[test]
    fn a_gates_event_opens_when_its_level_waits_and_neither_pends_nor_rests(history in any_history()) {
        let life = history.live();
        for moment in &life.moments {
            let expected: Vec<Slug> = due_event(&life, &moment.before, &moment.verdict.state_after)
                .into_iter()
                .collect();
            prop_assert_eq!(&moment.verdict.opened_events, &expected);
        }
    }

    #[test]
    fn no_level_behind_a_gate_comes_before_its_event_is_passed(history in any_history()) {
        let life = history.live();
        for moment in &life.moments {
            for row in &moment.verdict.rows {
                for (guarded, event) in &life.numbers.gates.events {
                    let passed = moment.verdict.state_after.facts.contains(&passed(event));
                    prop_assert!(passed || row.level_after.get() < *guarded);
                }
            }
        }
    }

    #[test]
    fn for_a_minor_gates_stay_shut(history in any_history()) {
        let mut history = History { age_group: AgeGroup::Minor, ..history };
        let highest = Deed::Adjust(1000);
        history.deeds.push((start().plus(Duration::days(9_000)), highest));
        let mut life = history.live();
        prop_assert!(life.moments.iter().all(|moment| moment.verdict.opened_events.is_empty()));
        let ceiling = life.numbers.gates.events.keys().next().map_or(10, |guarded| guarded - 1);
        prop_assert!(life.ledger.iter().all(|row| row.level_after.get() <= ceiling));

        // Not even by a pass from before he was marked one.
        life.state.facts.extend(life.numbers.gates.events.values().map(|event| passed(event)));
        life.perform(Deed::Adjust(1), start()).expect("an adjustment");
        prop_assert!(life.state.level.get() <= ceiling);
        prop_assert_eq!(life.book.waiting_gate(&life.state, AgeGroup::Minor), None);
    }
}

#[test]
fn a_gate_turned_down_opens_again_after_seven_days_and_not_a_microsecond_earlier() {
    let mut life = at_the_first_gate();
    assert_eq!(opened_by(&mut life, start()), [] as [&str; 0], "it pends");
    let turned_down = start().plus(Duration::hours(5));
    answer(&mut life, false, turned_down);

    let back = turned_down.plus(Duration::days(7));
    let moment = Duration::microseconds(1);
    assert_eq!(opened_by(&mut life, back.minus(moment)), [] as [&str; 0]);
    assert_eq!(opened_by(&mut life, back), ["confession"]);
    assert_eq!(
        opened_by(&mut life, back.plus(Duration::days(30))),
        [] as [&str; 0],
        "it pends again"
    );
}

#[test]
fn a_gate_once_passed_lets_the_level_go_on_for_good() {
    let mut life = at_the_first_gate();
    assert_eq!(life.state.level.get(), 6);
    answer(&mut life, true, start());
    assert_eq!(opened_by(&mut life, start()), [] as [&str; 0]);
    assert_eq!(life.state.level.get(), 7);
    life.perform(Deed::Adjust(-1000), start())
        .expect("an adjustment");
    assert_eq!(life.state.level.get(), 1);
    life.perform(Deed::Adjust(599), start())
        .expect("an adjustment");
    assert_eq!(life.state.level.get(), 7);
}

/// With the shipped numbers, at 500 points, where the confession has just opened.
fn at_the_first_gate() -> Life {
    let mut life = Life::new(Numbers::shipped(), Stats::default(), AgeGroup::Adult);
    life.perform(Deed::Adjust(500), start())
        .expect("an adjustment");
    assert_eq!(last_opened(&life), ["confession"]);
    life
}

fn answer(life: &mut Life, passes: bool, now: Timestamp) {
    life.perform(Deed::Answer { passes }, now)
        .expect("an answer is not judged");
}

fn opened_by(life: &mut Life, now: Timestamp) -> Vec<String> {
    life.perform(Deed::Say(Appraisal::Warm), now)
        .expect("a chat");
    last_opened(life)
}

fn last_opened(life: &Life) -> Vec<String> {
    let last = life.moments.last().expect("an act was judged");
    last.verdict
        .opened_events
        .iter()
        .map(Slug::to_string)
        .collect()
}

fn passed(event: &str) -> Fact {
    Fact::Passed(event.parse().expect("a slug"))
}

/// The event that has to open once `after` is reached, from the rules' words.
fn due_event(life: &Life, before: &RelationshipState, after: &RelationshipState) -> Option<Slug> {
    let next = Level::try_from(after.level.get() + 1).ok()?;
    let event = life.numbers.gates.events.get(&next.get())?;
    let waits = life.person.age_group == AgeGroup::Adult
        && after.affection.get() >= life.numbers.threshold(next)
        && !after.facts.contains(&passed(event));
    let at = after.last_entry_at.expect("a row was just written");
    let rest = Duration::days(life.numbers.gates.reopen_after_days);
    let last = before
        .last_occurrences
        .iter()
        .find(|last| last.event.as_str() == event);
    let free = last.is_none_or(|last| match last.state {
        OccurrenceState::Pending => false,
        OccurrenceState::Resolved | OccurrenceState::Expired => at.since(last.at) >= rest,
    });
    (waits && free).then(|| event.parse().expect("a slug"))
}
