//! Rows as columns, for a statement that writes those of many relationships.

use diesel::pg::Pg;
use diesel::query_builder::QueryFragment;
use diesel::sql_types::{
    Array, Binary, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};

use super::InteractionRow;
use crate::sql::binds;

/// In the order of the table's columns.
pub(crate) fn columns(rows: &[InteractionRow]) -> impl QueryFragment<Pg> + Send + use<> {
    macro_rules! each {
        (|$row:ident| $value:expr) => {
            rows.iter().map(|$row| $value).collect::<Vec<_>>()
        };
    }
    binds!(
        each!(|row| row.relationship_id) => Array<SqlUuid>,
        each!(|row| row.no) => Array<Integer>,
        each!(|row| row.id) => Array<SqlUuid>,
        each!(|row| row.kind.clone()) => Array<Text>,
        each!(|row| row.at) => Array<Timestamptz>,
        each!(|row| row.requested_change) => Array<Integer>,
        each!(|row| row.affection_change) => Array<Integer>,
        each!(|row| row.affection_after) => Array<Integer>,
        each!(|row| row.level_after) => Array<Integer>,
        each!(|row| row.reasons.clone()) => Array<Jsonb>,
        each!(|row| row.facts.clone()) => Array<Jsonb>,
        each!(|row| row.cause.clone()) => Array<Jsonb>,
        each!(|row| row.turn_id) => Array<Nullable<SqlUuid>>,
        each!(|row| row.voids_no) => Array<Nullable<Integer>>,
        each!(|row| row.rule_book.clone()) => Array<Binary>,
    )
}
