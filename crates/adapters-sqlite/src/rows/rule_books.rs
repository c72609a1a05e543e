//! The rule books under which ledger rows were written.

use diesel::prelude::*;
use waifu_domain::affection::RuleBook;

use crate::errors::Fault;
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
