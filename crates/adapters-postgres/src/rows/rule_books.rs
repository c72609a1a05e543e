//! Rule books under their hashes.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use waifu_domain::affection::RuleBook;

use crate::columns::valid;
use crate::errors::Fault;
use crate::schema::rule_books;

pub(crate) async fn keep(connection: &mut AsyncPgConnection, book: &RuleBook) -> Result<(), Fault> {
    diesel::insert_into(rule_books::table)
        .values((
            rule_books::hash.eq(book.hash().as_bytes().as_slice()),
            rule_books::body.eq(book.to_json()),
        ))
        .on_conflict(rule_books::hash)
        .do_nothing()
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn all(connection: &mut AsyncPgConnection) -> Result<Vec<RuleBook>, Fault> {
    let bodies: Vec<String> = rule_books::table
        .order_by(rule_books::hash)
        .select(rule_books::body)
        .load(connection)
        .await?;
    bodies
        .iter()
        .map(|body| valid("rule_books.body", RuleBook::from_json(body)))
        .collect()
}
