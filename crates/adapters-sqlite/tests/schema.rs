//! The tables as the program sees them are those that the migrations make.

use std::collections::BTreeSet;

use adapters_sqlite::{SqliteOptions, SqliteStore};
use diesel::prelude::*;
use diesel::sql_types::Text;

#[derive(QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    column: String,
}

#[test]
fn schema_rs_is_that_of_the_migrated_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waifu.db");
    let _store = SqliteStore::open(&SqliteOptions::new(&path)).unwrap();
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    let stored = diesel::sql_query(
        "select t.name || '.' || c.name || ' ' || lower(c.type) || iif(c.\"notnull\", '', ' null') as column \
         from pragma_table_list t join pragma_table_info(t.name) c \
         where t.type = 'table' and t.schema = 'main' \
           and t.name not like 'sqlite%' and t.name not like '\\_\\_diesel%' escape '\\'",
    )
    .load::<ColumnRow>(&mut connection)
    .unwrap();
    let stored: BTreeSet<_> = stored.into_iter().map(|row| row.column).collect();
    assert!(stored.contains("users.id blob"));
    assert_eq!(declared(include_str!("../src/schema.rs")), stored);
}

/// The columns of `schema.rs` in the same words.
fn declared(schema: &str) -> BTreeSet<String> {
    let mut columns = BTreeSet::new();
    let mut table = "";
    for line in schema.lines().map(str::trim) {
        if let Some((column, sql_type)) = line.split_once(" -> ") {
            let sql_type = sql_type.trim_end_matches(',');
            let inner = sql_type
                .strip_prefix("Nullable<")
                .and_then(|inner| inner.strip_suffix('>'));
            let stored_as = match inner.unwrap_or(sql_type) {
                "Binary" => "blob",
                "Text" => "text",
                "BigInt" | "Bool" => "integer",
                other => panic!("{table}.{column} has the unexpected type {other}"),
            };
            let null = if inner.is_some() { " null" } else { "" };
            columns.insert(format!("{table}.{column} {stored_as}{null}"));
        } else if let Some((name, _)) = line.split_once(" (") {
            table = name;
        }
    }
    columns
}
