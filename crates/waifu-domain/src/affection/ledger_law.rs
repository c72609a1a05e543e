//! The ledger law: what holds of every relationship's rows, whoever wrote them.

use crate::relationship::{Affection, Interaction, InteractionKind, Level, RelationshipState};
use crate::user::AgeGroup;

use super::levels::Gatekeeper;
use super::{RuleBook, RuleBookHash};

/// The first row that breaks the law, and how.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("row {no} breaks the ledger law: {why}")]
pub struct LawBroken {
    pub no: u32,
    pub why: &'static str,
}

/// Walks a whole ledger in its order. `book` finds the rule book under which a row was written. Returns the
/// affection and the level that the rows give, to be held against the relationship's cached ones.
pub fn check_ledger<'a>(
    rows: &[Interaction],
    book: impl Fn(RuleBookHash) -> Option<&'a RuleBook>,
) -> Result<(Affection, Level), LawBroken> {
    let mut state = RelationshipState::strangers();
    for (row, expected_no) in rows.iter().zip(1..) {
        let broken = |why| {
            Err(LawBroken {
                no: row.place.no,
                why,
            })
        };
        let Some(book) = book(row.rule_book) else {
            return broken("its rule book is not stored");
        };
        if row.place.no != expected_no {
            return broken("its number does not follow the one before");
        }
        if state.last_entry_at.is_some_and(|last| row.timestamp < last) {
            return broken("it is dated before the row before it");
        }
        if row.affection_after.get() != state.affection.get() + row.affection_change {
            return broken("affection_after is not that of the row before plus affection_change");
        }
        let told: i32 = row.reasons.iter().map(|reason| reason.effect).sum();
        if row.reasons.is_empty() || told != row.affection_change {
            return broken("its reasons do not add up to affection_change");
        }
        if requested(row) != row.requested_change {
            return broken("its reasons before cap and clamp do not add up to requested_change");
        }
        state.facts.extend(row.facts.iter().cloned());
        // A reversal's level comes from the rows before the one that it voids, not from the row before itself.
        if row.kind != InteractionKind::Reversal && !follows(row, book, &state) {
            return broken("level_after does not follow from the thresholds and gates");
        }
        state.affection = row.affection_after;
        state.level = row.level_after;
        state.last_entry_at = Some(row.timestamp);
    }
    Ok((state.affection, state.level))
}

fn requested(row: &Interaction) -> i32 {
    let before_limits = row.reasons.iter().filter(|reason| !reason.rule.is_limit());
    before_limits.map(|reason| reason.effect).sum()
}

/// The ledger does not say whether the user was marked a minor when the row was written: either reading will do.
fn follows(row: &Interaction, book: &RuleBook, before: &RelationshipState) -> bool {
    [AgeGroup::Adult, AgeGroup::Minor]
        .into_iter()
        .any(|age_group| {
            let gates = Gatekeeper {
                facts: &before.facts,
                age_group,
            };
            row.level_after == book.level_after(before.level, row.affection_after, &gates)
        })
}
