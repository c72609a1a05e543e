//! Gates: shut until their event is passed, and again after a pause when it was turned down.

use proptest::prelude::*;
use time::Duration;
use waifu_domain::affection::Appraisal;
use waifu_domain::relationship::Fact;
use waifu_domain::slug::Slug;
use waifu_domain::timestamp::Timestamp;

use crate::books::Numbers;
use crate::life::Life;
use crate::lives::{Deed, History, Which, any_history, start};
use crate::people::slug;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]

    #[test]
    fn no_level_behind_a_gate_comes_before_its_event_is_passed(history in any_history()) {
        let life = history.live();
        for (_, verdict) in life.verdicts() {
            for row in &verdict.rows {
                for (guarded, event) in &life.numbers.gates.events {
                    let passed = verdict.state_after.facts.contains(&Fact::Passed(slug(event)));
                    prop_assert!(passed || row.level_after.get() < *guarded);
                }
            }
        }
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
    assert_eq!(life.state.level.get(), 7, "with the choice itself");
    assert_eq!(opened_by(&mut life, start()), [] as [&str; 0]);
    life.perform(Deed::Adjust(-1000), start())
        .expect("an adjustment");
    assert_eq!(life.state.level.get(), 1);
    life.perform(Deed::Adjust(599), start())
        .expect("an adjustment");
    assert_eq!(life.state.level.get(), 7);
    assert_eq!(last_opened(&life), [] as [&str; 0]);
}

/// With the shipped numbers, at 500 points, where the confession has just opened.
fn at_the_first_gate() -> Life {
    let mut life = Life::new(&History::plain(Numbers::shipped()));
    life.perform(Deed::Adjust(500), start())
        .expect("an adjustment");
    assert_eq!(last_opened(&life), ["confession"]);
    life
}

fn answer(life: &mut Life, passes: bool, now: Timestamp) {
    let choice = usize::from(!passes);
    let which = Which::Pending(0);
    life.perform(Deed::Answer { which, choice }, now)
        .expect("it pends");
}

fn opened_by(life: &mut Life, now: Timestamp) -> Vec<String> {
    life.perform(Deed::Say(Appraisal::Warm), now)
        .expect("a chat");
    last_opened(life)
}

fn last_opened(life: &Life) -> Vec<String> {
    let (_, last) = life.verdicts().last().expect("an act was judged");
    let opened = last.opened.iter();
    opened
        .map(|opened| Slug::to_string(&opened.event))
        .collect()
}
