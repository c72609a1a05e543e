//! What the migrations do to a file that is in use.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use waifu_domain::relationship::{Counts, Deeds};

const FIRST: &str =
    include_str!("../../../migrations/sqlite/20261122000000_create_everything/up.sql");
const SECOND: &str =
    include_str!("../../../migrations/sqlite/20261125000000_remember_deeds/up.sql");

/// Two relationships of one user, as the first release left them. Of the chats with the one, the second was taken
/// back; with the other nothing has happened yet.
const TWO_RELATIONSHIPS: &str = "
    insert into users (id, username, display_name, password_hash, role, age_group, created_at)
    values (x'01', 'ada', 'Ada', '', 'user', 'adult', 0);
    insert into rule_books (hash, body) values (x'00', '');
    insert into waifus
        (id, visibility, name, personality, appearance, stats, version, created_at, updated_at)
    values (x'01', 'public', 'Mio', '{}', '{}', '{}', 1, 0, 0),
        (x'02', 'public', 'Aki', '{}', '{}', '{}', 1, 0, 0);
    insert into relationships
        (id, user_id, waifu_id, affection, level, facts, epoch, head_seq, last_entry_no, version, created_at)
    values (x'01', x'01', x'01', 0, 0, '[]', x'', 0, 0, 0, 0), (x'02', x'01', x'02', 0, 0, '[]', x'', 0, 0, 0, 0);
    insert into interactions
        (relationship_id, no, id, kind, at, requested_change, affection_change, affection_after,
        level_after, reasons, facts, cause, voids_no, rule_book)
    select x'01', column1, randomblob(16), column2, 0, 0, 0, 0, 0, '[]', '[]', '{}', column3, x'00'
    from (values (1, 'chat', null), (2, 'chat', null), (3, 'decay', null), (4, 'chat', null),
        (5, 'reversal', 2), (6, 'event', null), (7, 'adjustment', null));";

#[derive(QueryableByName)]
struct CachedRow {
    #[diesel(sql_type = Text)]
    counts: String,
    #[diesel(sql_type = Text)]
    deeds: String,
}

fn in_memory() -> SqliteConnection {
    let mut connection = SqliteConnection::establish(":memory:").expect("memory is there");
    let pragma = "pragma foreign_keys = on;";
    for script in [pragma, FIRST, TWO_RELATIONSHIPS, SECOND] {
        connection
            .batch_execute(script)
            .expect("the script is valid");
    }
    connection
}

#[test]
fn relationships_of_the_first_release_are_counted() {
    let rows: Vec<CachedRow> =
        diesel::sql_query("select counts, deeds from relationships order by id")
            .load(&mut in_memory())
            .unwrap();
    let counts: Vec<Counts> = rows
        .iter()
        .map(|row| serde_json::from_str(&row.counts).unwrap())
        .collect();
    let known = Counts {
        chat: 2,
        event: 1,
        ..Counts::default()
    };
    assert_eq!(counts, [known, Counts::default()]);
    for row in rows {
        let deeds: Deeds = serde_json::from_str(&row.deeds).unwrap();
        assert_eq!(deeds, Deeds::default());
    }
}

#[test]
fn a_birthday_is_a_day_that_exists() {
    let mut connection = in_memory();
    let mut set =
        |day: &str| connection.batch_execute(&format!("update users set birthday = {day}"));
    set("null").unwrap();
    set("'2000-02-29'").unwrap();
    for wrong in ["'2001-02-29'", "'2000-2-9'", "'now'", "'2451545'", "''"] {
        assert!(set(wrong).is_err(), "{wrong}");
    }
}
