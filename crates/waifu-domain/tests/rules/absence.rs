//! Absence: little, late, never below her stage's floor, and stored as it was shown.

use proptest::prelude::*;
use time::Duration;
use waifu_domain::affection::Appraisal;
use waifu_domain::relationship::{Affection, InteractionKind, Level, RelationshipState};
use waifu_domain::timestamp::Timestamp;
use waifu_domain::user::AgeGroup;

use crate::books::{Numbers, any_numbers, any_stats};
use crate::lives::{Deed, Life, any_history, said, start};

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
        let verdict = life.verdict(&life.state, &said(Appraisal::Cold), start().plus(away)).expect("a chat");
        prop_assert_eq!(verdict.rows.len(), 1);
    }

    #[test]
    fn the_next_message_stores_once_what_was_shown(history in any_history(), now in any_absence()) {
        let mut life = history.live();
        let now = start().plus(now);
        let shown = life.book.pending_decay(&life.waifu, &life.person, &life.state, now);
        life.perform(Deed::Say(Appraisal::Cold), now).expect("a chat");

        let stored = &life.moments.last().expect("just judged").verdict.rows;
        let decays = stored.iter().filter(|row| row.kind == InteractionKind::Decay);
        let changes: Vec<i32> = decays.map(|row| row.applied).collect();
        let expected = if shown == 0 { vec![] } else { vec![-shown] };
        prop_assert_eq!(changes, expected);
        let kind = if shown == 0 { InteractionKind::Chat } else { InteractionKind::Decay };
        prop_assert_eq!(stored[0].kind, kind, "the absence comes before what ended it");
        let again = life.book.pending_decay(&life.waifu, &life.person, &life.state, now);
        prop_assert_eq!(again, 0);
    }

    #[test]
    fn an_adjustment_neither_stores_nor_ends_it(mut life in any_farewell(), away in any_absence(), points in 1i32..=1000) {
        let last = life.state.last_interaction;
        life.perform(Deed::Adjust(points), start().plus(away)).expect("an adjustment");
        prop_assert_eq!(life.state.last_interaction, last);
        prop_assert_eq!(life.moments[0].verdict.rows.len(), 1);
    }
}

fn cost_after(life: &Life, away: Duration) -> i32 {
    let now = start().plus(away);
    life.book
        .pending_decay(&life.waifu, &life.person, &life.state, now)
}

fn floor(numbers: &Numbers, level: Level) -> i32 {
    numbers.levels.thresholds[STAGE_BEGINS[usize::from(level.get())]]
}

/// Two who last spoke at the start, at any affection and level.
fn any_farewell() -> impl Strategy<Value = Life> {
    let place = (0i32..=1000, 0u8..=10);
    (any_numbers(), any_stats(), place).prop_map(|(numbers, stats, (affection, level))| {
        let mut life = Life::new(numbers, stats, AgeGroup::Adult);
        let spoken: Option<Timestamp> = Some(start());
        life.state = RelationshipState {
            affection: Affection::try_from(affection).expect("affection"),
            level: Level::try_from(level).expect("a level"),
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
