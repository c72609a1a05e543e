//! Which rows of a ledger stand, read from its reversals alone.

use std::collections::BTreeSet;

use time::Duration;
use waifu_domain::relationship::{Cause, Interaction, InteractionKind};
use waifu_domain::timestamp::Timestamp;

/// The number of the row that this one takes back.
pub(crate) fn taken_back_by(row: &Interaction) -> Option<u32> {
    if let Cause::Voided { no } = row.cause {
        Some(no)
    } else {
        None
    }
}

/// The rows of `ledger` that nothing in it takes back.
pub(crate) fn standing(ledger: &[Interaction]) -> impl Iterator<Item = &Interaction> + Clone {
    let voided: BTreeSet<u32> = ledger.iter().filter_map(taken_back_by).collect();
    ledger
        .iter()
        .filter(move |row| !voided.contains(&row.place.no))
}

/// Those of one kind in `(t − span, t]`.
pub(crate) fn within(
    ledger: &[Interaction],
    kind: InteractionKind,
    span: Duration,
    t: Timestamp,
) -> impl Iterator<Item = &Interaction> + Clone {
    standing(ledger).filter(move |row| row.kind == kind && t.since(row.timestamp) < span)
}

pub(crate) fn gained<'a>(rows: impl Iterator<Item = &'a Interaction>) -> i32 {
    rows.map(|row| row.affection_change.max(0)).sum()
}

pub(crate) fn lost<'a>(rows: impl Iterator<Item = &'a Interaction>) -> i32 {
    rows.map(|row| -row.affection_change.min(0)).sum()
}

/// Whether the user was there.
pub(crate) fn is_presence(row: &Interaction) -> bool {
    matches!(
        row.kind,
        InteractionKind::Chat
            | InteractionKind::Gift
            | InteractionKind::Date
            | InteractionKind::Event
    )
}
