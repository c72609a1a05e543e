//! Absence: little, late, never below her stage's floor, and stored as it was shown.

use proptest::prelude::*;
use time::Duration;
use waifu_domain::affection::Appraisal;
use waifu_domain::relationship::{Affection, InteractionKind, Level, RelationshipState};
use waifu_domain::user::AgeGroup;

use crate::any_book::any_numbers;
use crate::books::Numbers;
use crate::life::{Life, Request};
use crate::lives::{Deed, History, any_history, start};
use crate::people::any_stats;

/// The first level of the stage that each level belongs to.
const STAGE_BEGINS: [usize; Level::COUNT] = [0, 1, 1, 3, 3, 5, 5, 7, 7, 9, 9];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]

    #[test]
    fn it_costs_whole_days_beyond_the_grace_up_to_the_limit_and_the_floor(life in any_farewell(), away in any_absence()) {
        let floor = floor(&life.numbers, life.state.level);
        let affection = life.affection();
        let absence = &life.numbers.absence;
        let micros_a_day = 86_400_000_000;
        let beyond = away.whole_microseconds() / micros_a_day - i128::from(absence.grace_days);
        let permille = i128::from(absence.permille.of(life.waifu.stats.patience));
        let points = (beyond.max(0) * permille / 1000).min(absence.at_most.into());
        let room = if affection > floor { affection - floor } else { 0 };

        let cost = cost_after(&life, away);
        prop_assert_eq!(i128::from(cost), points.min(room.into()));
        prop_assert!(affection - cost >= affection.min(floor));
    }

    #[test]
    fn it_never_shrinks_with_time_and_is_nothing_within_the_grace(life in any_farewell(), away in any_absence(), more in any_absence()) {
        prop_assert!(cost_after(&life, away) <= cost_after(&life, away + more));
        let grace = Duration::days(life.numbers.absence.grace_days);
        prop_assert_eq!(cost_after(&life, away.min(grace)), 0);
        let end_of_grace = grace + Duration::days(1) - Duration::microseconds(1);
        prop_assert_eq!(cost_after(&life, end_of_grace), 0, "a day that is not whole");
    }

    #[test]
    fn it_costs_a_minor_nothing(mut life in any_farewell(), away in any_absence()) {
        life.person.age_group = AgeGroup::Minor;
        prop_assert_eq!(cost_after(&life, away), 0);
        life.perform(Deed::Say(Appraisal::Cold), start().plus(away)).expect("a chat");
        prop_assert_eq!(life.ledger.len(), 1);
    }

    #[test]
    fn the_next_act_that_is_written_stores_once_what_was_shown(history in any_history()) {
        let life = history.live();
        for (moment, verdict) in life.verdicts() {
            let shown = life.book.pending_decay(&life.waifu, &life.person, &moment.before, moment.now);
            let decays = verdict.rows.iter().filter(|row| row.kind == InteractionKind::Decay);
            let changes: Vec<i32> = decays.map(|row| row.applied).collect();
            let expected = if shown == 0 || !ends_an_absence(&moment.request) { vec![] } else { vec![-shown] };
            if let Some(first) = verdict.rows.first() {
                let is_first = first.kind == InteractionKind::Decay;
                prop_assert_eq!(is_first, !expected.is_empty(), "the absence comes before what ended it");
            }
            prop_assert_eq!(changes, expected);
            if ends_an_absence(&moment.request) {
                let again = life.book.pending_decay(&life.waifu, &life.person, &verdict.state_after, moment.now);
                prop_assert_eq!(again, 0);
            } else {
                prop_assert_eq!(verdict.state_after.last_interaction, moment.before.last_interaction);
            }
        }
    }
}

/// Operators, steps back and visits do not.
fn ends_an_absence(request: &Request) -> bool {
    match request {
        Request::Chat { .. } | Request::Gift(_) | Request::Date(_) | Request::Choice { .. } => true,
        Request::Rewind(_) | Request::Adjustment(_) | Request::Visit => false,
    }
}

fn cost_after(life: &Life, away: Duration) -> i32 {
    let now = start().plus(away);
    life.pending_decay(now)
}

fn floor(numbers: &Numbers, level: Level) -> i32 {
    numbers.levels.thresholds[STAGE_BEGINS[usize::from(level.get())]]
}

/// Two who last spoke at the start, at any affection and level.
fn any_farewell() -> impl Strategy<Value = Life> {
    let place = (0i32..=1000, 0u8..=10);
    (any_numbers(), any_stats(), place).prop_map(|(numbers, stats, (affection, level))| {
        let mut history = History::plain(numbers);
        history.waifu.stats = stats;
        let mut life = Life::new(&history);
        let spoken = Some(start());
        life.state = RelationshipState {
            affection: Affection::try_from(affection).expect("affection"),
            level: Level::try_from(level).expect("a level"),
            met_at: spoken,
            last_interaction: spoken,
            last_entry_at: spoken,
            ..RelationshipState::strangers()
        };
        life
    })
}

fn any_absence() -> impl Strategy<Value = Duration> {
    prop_oneof![
        (0i64..60).prop_map(Duration::days),
        (0i64..6_000_000_000_000).prop_map(Duration::microseconds),
        (0i64..3_000).prop_map(Duration::days),
    ]
}
