//! Going back: what was said is taken back, what was done was done.

use std::collections::BTreeSet;

use proptest::prelude::*;
use time::Duration;
use uuid::Uuid;
use waifu_domain::affection::{Act, Appraisal, Verdict};
use waifu_domain::ids::TurnId;
use waifu_domain::relationship::{Cause, Fact, InteractionKind, Reason, RelationshipState};
use waifu_domain::timestamp::Timestamp;

use crate::books::Numbers;
use crate::life::{Life, Request};
use crate::lives::{Deed, History, Which, any_history, any_words, start};
use crate::standing::standing;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_rewind_over_chat_alone_gives_back_affection_and_level_and_frees_its_room(
        history in any_history(),
        words in prop::collection::vec((0i64..90, any_words()), 1..8),
        later in 0i64..40,
    ) {
        let mut life = history.live();
        let mut now = latest(&life);
        // Whatever an absence has cost is stored before.
        life.perform(Deed::Say(Appraisal::Cold), now).expect("a chat");
        let before = life.state.clone();
        let so_many = words.len();
        for (minutes, words) in words {
            now = now.plus(Duration::minutes(minutes));
            life.perform(Deed::Say(words), now).expect("a chat");
        }
        now = now.plus(Duration::hours(later));
        life.perform(Deed::Rewind(so_many - 1), now).expect("turns to take back");
        prop_assert_eq!(life.state.affection, before.affection);
        prop_assert_eq!(life.state.level, before.level);
        prop_assert_eq!(life.state.counts, before.counts);
        prop_assert_eq!(life.state.mood(), before.mood());
        // What was taken back has ended an absence all the same.
        let before = RelationshipState { last_interaction: life.state.last_interaction, ..before };
        for words in Appraisal::ALL {
            prop_assert_eq!(moved(&say(&life, words, &life.state)), moved(&say(&life, words, &before)));
        }
    }

    #[test]
    fn a_rewind_takes_back_each_standing_chat_row_from_its_turn_on_newest_first_and_nothing_else(history in any_history()) {
        let life = history.live();
        for (moment, verdict) in life.verdicts() {
            let Request::Rewind(turns) = &moment.request else {
                continue;
            };
            let is_meant = |cause: &Cause| matches!(cause, Cause::Turn { turn_id, .. } if turns.contains(turn_id));
            let rows = standing(&life.ledger[..moment.rows_before]);
            let meant = rows.filter(|row| row.kind == InteractionKind::Chat && is_meant(&row.cause));
            let mut expected: Vec<_> = meant.map(|row| (Cause::Voided { no: row.place.no }, -row.affection_change)).collect();
            expected.reverse();
            let found: Vec<_> = verdict.rows.iter().map(|row| (row.cause.clone(), row.requested)).collect();
            prop_assert_eq!(found, expected);
            prop_assert_eq!(&verdict.state_after.deeds, &moment.before.deeds);
            prop_assert_eq!(&verdict.state_after.facts, &facts_after_expiry(&life, verdict, &moment.before));
        }
    }

    #[test]
    fn more_of_the_ledger_than_is_needed_changes_no_rewind(history in any_history(), ago in 0usize..12) {
        let mut life = history.live();
        let now = latest(&life);
        let Some(turns) = life.turns_since(ago) else {
            return Ok(());
        };
        let with_all = rewound_with_the_whole_ledger(&life, &turns);
        life.submit(Request::Rewind(turns), now).expect("turns to take back");
        let (_, as_needed) = life.verdicts().last().expect("just judged");
        prop_assert_eq!(&with_all, as_needed);
    }

    #[test]
    fn whoever_goes_back_to_one_turn_takes_back_the_later_ones_too(history in any_history(), ago in 0usize..12) {
        let life = history.live();
        let Some(turns) = life.turns_since(ago) else {
            return Ok(());
        };
        let first = standing(&life.ledger).find_map(|row| {
            let Cause::Turn { turn_id, .. } = &row.cause else {
                return None;
            };
            turns.contains(turn_id).then_some(*turn_id)
        });
        let first = first.into_iter().collect();
        prop_assert_eq!(rewound_with_the_whole_ledger(&life, &first), rewound_with_the_whole_ledger(&life, &turns));
    }
}

fn rewound_with_the_whole_ledger(life: &Life, turns: &BTreeSet<TurnId>) -> Verdict {
    let act = Act::Rewind {
        turns,
        ledger: &life.ledger,
    };
    let verdict = life
        .book
        .judge(life.setting(), &life.state, &act, latest(life));
    verdict.expect("a rewind is never refused")
}

fn latest(life: &Life) -> Timestamp {
    life.state.time_of_act(start())
}

fn say(life: &Life, appraisal: Appraisal, state: &RelationshipState) -> Verdict {
    let turn_id = TurnId::new(Uuid::max());
    let said = Request::Chat { turn_id, appraisal };
    let verdict = life.judge(&said, state, life.ledger.len(), latest(life));
    verdict.expect("a chat is never refused")
}

/// What a chat row moves, and why.
fn moved(verdict: &Verdict) -> (i32, Vec<Reason>) {
    let row = verdict.rows.last().expect("a chat writes a row");
    (row.applied, row.reasons.clone())
}

fn facts_after_expiry(
    life: &Life,
    verdict: &Verdict,
    before: &RelationshipState,
) -> BTreeSet<Fact> {
    let expired = verdict.closed.iter();
    let unlocks =
        expired.flat_map(|closed| &life.catalogue.events[&closed.event].on_expiry.unlocks);
    let unlocked = unlocks.cloned().map(Fact::Unlocked);
    before.facts.iter().cloned().chain(unlocked).collect()
}

#[test]
fn a_gate_that_was_passed_later_was_shut_before() {
    let mut life = Life::new(&History::plain(Numbers::shipped()));
    for deed in [
        Deed::Adjust(425),
        Deed::Say(Appraisal::Warm),
        Deed::Adjust(-5),
        Deed::Adjust(-20),
        Deed::Answer {
            which: Which::Pending(0),
            choice: 0,
        },
        Deed::Rewind(0),
    ] {
        life.perform(deed, start()).expect("nothing to refuse");
    }
    let levels: Vec<u8> = life
        .ledger
        .iter()
        .map(|row| row.level_after.get())
        .collect();
    assert_eq!(life.affection(), 410);
    assert_eq!(
        levels, [6; 6],
        "it was passed at 410, where level 7 is not reached"
    );
}
