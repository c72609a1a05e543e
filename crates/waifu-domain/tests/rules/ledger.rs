//! The ledger law: it holds of every life, and names the first row that somebody changed.

use proptest::prelude::*;
use proptest::sample::Index;
use waifu_domain::affection::{Appraisal, LawBroken, LedgerSum, check_ledger};
use waifu_domain::relationship::{Affection, Cause, Interaction, InteractionKind, Level, Rule};

use crate::life::{Life, Request};
use crate::lives::{Deed, any_history, start};
use crate::people::aiko;
use crate::tampering::any_tampering;
use crate::unlocks::with_gifts;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]

    #[test]
    fn the_law_holds_of_every_ledger_and_gives_back_the_cache(history in any_history()) {
        let life = history.live();
        let sum = checked(&life, &life.ledger).expect("the law holds");
        let state = &life.state;
        prop_assert_eq!(sum.affection, state.affection);
        prop_assert_eq!(sum.level, state.level);
        prop_assert_eq!(sum.last_interaction, state.last_interaction);
        prop_assert_eq!(sum.counts, state.counts);
        prop_assert_eq!(&sum.deeds, &state.deeds);
        prop_assert!(sum.facts.is_subset(&state.facts), "what expired may have unlocked more");
    }

    /// Each conversation goes back by itself, so rows may be taken back in any order.
    #[test]
    fn the_law_holds_in_whatever_order_turns_are_taken_back(history in any_history(), picks in prop::collection::vec(any::<u64>(), 1..4)) {
        let mut life = history.live();
        let Some(turns) = life.turns_since(life.turn_count().saturating_sub(1)) else {
            return Ok(());
        };
        for pick in picks {
            let some = turns.iter().enumerate().filter(|(place, _)| pick >> (place % 64) & 1 == 1);
            let some = some.map(|(_, turn)| *turn).collect();
            life.submit(Request::Rewind(some), start()).expect("a rewind is never refused");
        }
        let sum = checked(&life, &life.ledger).expect("the law holds");
        prop_assert_eq!((sum.affection, sum.level), (life.state.affection, life.state.level));
        prop_assert_eq!(sum.counts, life.state.counts);
    }

    #[test]
    fn a_tampered_row_is_named_by_its_number(history in any_history(), tampering in any_tampering(), place in any::<Index>()) {
        let life = history.live();
        prop_assume!(!life.ledger.is_empty());
        let mut rows = life.ledger.clone();
        let place = place.index(rows.len());
        let Some(named) = tampering.commit(&life, &mut rows, place) else {
            // Nothing to tamper with here.
            return Ok(());
        };
        let found = checked(&life, &rows).map_err(|LawBroken { no, .. }| no);
        prop_assert_eq!(found.map(|sum| sum.affection), Err(named), "{:?} at row {}", tampering, place + 1);
    }
}

#[test]
fn a_reversal_is_held_to_what_it_takes_back() {
    // 1: the operator, 2: a gift, 3 and 4: words, 5 and 6: both taken back; each but the first moves 3.
    let mut life = with_gifts(aiko(), &[("cake", 3)]);
    for deed in [
        Deed::Adjust(100),
        Deed::Give(0),
        Deed::Say(Appraisal::Warm),
        Deed::Say(Appraisal::Warm),
        Deed::Rewind(1),
    ] {
        life.perform(deed, start()).expect("nothing to refuse");
    }
    let with = |change: fn(&mut Interaction)| {
        let mut rows = life.ledger.clone();
        change(&mut rows[5]);
        checked(&life, &rows).map_err(|broken| broken.to_string())
    };
    assert!(with(|_| ()).is_ok());
    for (change, why) in [
        (
            (|row| row.cause = Cause::Voided { no: 4 }) as fn(&mut Interaction),
            "what it takes back was taken back before",
        ),
        (
            |row| row.cause = Cause::Voided { no: 2 },
            "what it takes back is no chat row before it",
        ),
        (
            |row| row.cause = Cause::Voided { no: 6 },
            "what it takes back is no chat row before it",
        ),
        (
            |row| row.cause = Cause::Absence,
            "it names no row that it takes back",
        ),
        (
            |row| row.kind = InteractionKind::Adjustment,
            "only a reversal takes a row back",
        ),
        (
            |row| row.reasons[0].rule = Rule::OPERATOR,
            "its reasons are not those of a reversal",
        ),
        (
            |row| {
                row.requested_change = -2;
                row.affection_change = -2;
                row.affection_after = Affection::clamped(104);
                row.reasons[0].effect = -2;
            },
            "it does not take back what the row gave",
        ),
        (
            |row| row.level_after = Level::STRANGER,
            "level_after is not what the ledger gives without the row that it takes back",
        ),
    ] {
        let broken = format!("row 6 breaks the ledger law: {why}");
        assert_eq!(with(change).map(|sum| sum.affection), Err(broken));
    }
}

fn checked(life: &Life, rows: &[Interaction]) -> Result<LedgerSum, LawBroken> {
    check_ledger(rows, |hash| {
        (hash == life.book.hash()).then_some(&life.book)
    })
}
