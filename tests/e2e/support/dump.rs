//! Everything that a store holds, as text to be searched.

use std::fmt::Write;

use diesel::prelude::*;
use diesel::sql_types::Text;
use tokio_postgres::NoTls;

use super::place::Place;

/// Each row of each table as `table: row`; what is binary as small hexadecimal digits. No server runs meanwhile.
pub(crate) async fn rows(place: &Place) -> Vec<String> {
    let rows = if let Some(url) = place.database_url() {
        of_postgres(&url).await
    } else {
        let file = place.folder().join("data").join("waifu.db");
        let file = file.to_str().expect("a path of text").to_owned();
        let read = tokio::task::spawn_blocking(move || of_sqlite(&file));
        read.await.expect("the file is read")
    };
    rows.into_iter().map(|row| row.to_lowercase()).collect()
}

async fn of_postgres(url: &str) -> Vec<String> {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .expect("a database");
    let connection = tokio::spawn(connection);
    let tables = "select table_name::text from information_schema.tables \
        where table_schema = 'public' and table_type = 'BASE TABLE'";
    let mut rows = Vec::new();
    for table in client.query(tables, &[]).await.expect("tables") {
        let table: String = table.get(0);
        let all = format!("select t::text from \"{table}\" t");
        let found = client.query(&all, &[]).await.expect("rows");
        let told = |row: tokio_postgres::Row| format!("{table}: {}", row.get::<_, String>(0));
        rows.extend(found.into_iter().map(told));
    }
    drop(client);
    connection.await.expect("no panic").expect("a good end");
    rows
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn of_sqlite(file: &str) -> Vec<String> {
    let mut connection = SqliteConnection::establish(file).expect("a database");
    let mut ask = |query: &str| -> Vec<String> {
        let lines = diesel::sql_query(query).load::<Line>(&mut connection);
        let lines = lines.unwrap_or_else(|error| panic!("{query}: {error}"));
        lines.into_iter().map(|line| line.line).collect()
    };
    let mut rows = Vec::new();
    for table in ask("select name as line from sqlite_master where type = 'table'") {
        let columns = ask(&format!(
            "select name as line from pragma_table_info('{table}')"
        ));
        let quoted = columns.iter().map(|name| format!("quote(\"{name}\")"));
        let row = quoted.collect::<Vec<_>>().join(" || ' ' || ");
        let all = ask(&format!("select {row} as line from \"{table}\""));
        rows.extend(all.into_iter().map(|row| format!("{table}: {row}")));
    }
    rows
}

/// The rows in which something is, as text or in any other form that a store gives it.
pub(crate) fn holding<'a>(rows: &'a [String], what: &str) -> Vec<&'a String> {
    let plain = what.to_lowercase();
    let bare = plain.replace('-', "");
    let mut hex = String::new();
    for byte in plain.bytes() {
        write!(hex, "{byte:02x}").expect("there is memory");
    }
    let holds = |row: &&String| [&plain, &bare, &hex].iter().any(|form| row.contains(*form));
    rows.iter().filter(holds).collect()
}
