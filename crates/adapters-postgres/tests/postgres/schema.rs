//! `src/schema.rs` and the migrations say the same.

use std::fmt::Write;

use adapters_postgres::{PostgresOptions, PostgresStore};
use tokio_postgres::Row;
use waifu_testkit::postgres::FreshDatabase;

use crate::home::connect;

const SCHEMA: &str = include_str!("../../src/schema.rs");

pub(crate) const TABLES: &str = "
    select keys.table_name, string_agg(columns.column_name, ', ' order by columns.ordinal_position)
    from information_schema.table_constraints keys
    join information_schema.key_column_usage columns using (constraint_schema, constraint_name)
    where keys.constraint_type = 'PRIMARY KEY' and keys.table_schema = 'public'
        and keys.table_name not like '\\_\\_diesel%'
    group by keys.table_name order by keys.table_name";

const COLUMNS: &str = "
    select column_name, udt_name, is_nullable, column_default
    from information_schema.columns
    where table_schema = 'public' and table_name = $1
    order by ordinal_position";

#[tokio::test]
async fn the_schema_is_that_of_the_migrated_database() {
    let database = FreshDatabase::create().await;
    PostgresStore::open(PostgresOptions::new(database.url()))
        .await
        .unwrap();
    let client = connect(&database).await;
    let mut expected = String::new();
    for table in client.query(TABLES, &[]).await.unwrap() {
        let (name, key): (String, String) = (table.get(0), table.get(1));
        let columns = client.query(COLUMNS, &[&name]).await.unwrap();
        write!(
            expected,
            "diesel::table! {{\n    {name} ({key}) {{\n{}    }}\n}}\n\n",
            columns.iter().map(line).collect::<String>()
        )
        .unwrap();
    }
    assert!(
        SCHEMA.contains(&expected),
        "src/schema.rs must hold:\n\n{expected}"
    );
    assert_eq!(
        SCHEMA.matches("table! {").count(),
        expected.matches("table! {").count()
    );
}

fn line(column: &Row) -> String {
    let (name, udt, nullable): (String, String, String) =
        (column.get(0), column.get(1), column.get(2));
    let default: Option<String> = column.get(3);
    assert_eq!(default, None, "{name} has a default");
    let of = match udt.as_str() {
        "bool" => "Bool",
        "bytea" => "Binary",
        "date" => "Date",
        "int4" => "Integer",
        "int8" => "BigInt",
        "jsonb" => "Jsonb",
        "text" => "Text",
        "timestamptz" => "Timestamptz",
        "uuid" => "Uuid",
        _ => panic!("{name} has a type that is new here: {udt}"),
    };
    if nullable == "YES" {
        format!("        {name} -> Nullable<{of}>,\n")
    } else {
        format!("        {name} -> {of},\n")
    }
}
