//! The rule books under which ledger rows were written.

use diesel::prelude::*;
use waifu_domain::affection::RuleBook;

use crate::errors::{Corrupt, Fault};
use crate::schema::rule_books;

pub(crate) fn keep(c: &mut SqliteConnection, book: &RuleBook) -> Result<(), Fault> {
    diesel::insert_into(rule_books::table)
        .values((
            rule_books::hash.eq(book.hash().as_bytes().as_slice()),
            rule_books::body.eq(book.to_json()),
        ))
        .on_conflict(rule_books::hash)
        .do_nothing()
        .execute(c)?;
    Ok(())
}

pub(crate) fn all(c: &mut SqliteConnection) -> Result<Vec<RuleBook>, Fault> {
    let bodies: Vec<String> = rule_books::table
        .order(rule_books::hash)
        .select(rule_books::body)
        .load(c)?;
    let books: Result<Vec<_>, _> = bodies
        .iter()
        .map(|body| {
            RuleBook::from_json(body).map_err(|error| Corrupt::new("rule_books.body", error))
        })
        .collect();
    Ok(books?)
}
