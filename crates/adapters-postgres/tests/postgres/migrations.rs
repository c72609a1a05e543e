//! What the migrations do to a database that is in use.

use waifu_domain::relationship::{Counts, Deeds};
use waifu_testkit::postgres::FreshDatabase;

use crate::home::connect;
use crate::schema::TABLES;

struct Migration {
    up: &'static str,
    down: &'static str,
}

macro_rules! migration {
    ($name:literal) => {
        Migration {
            up: include_str!(concat!(
                "../../../../migrations/postgres/",
                $name,
                "/up.sql"
            )),
            down: include_str!(concat!(
                "../../../../migrations/postgres/",
                $name,
                "/down.sql"
            )),
        }
    };
}

const MIGRATIONS: [Migration; 3] = [
    migration!("20261122000000_create_everything"),
    migration!("20261125000000_remember_deeds"),
    migration!("20261126000000_follow_events"),
];

/// Two relationships of one user, as the first release left them. Of the chats with the one, the second was taken
/// back; with the other nothing has happened yet.
const TWO_RELATIONSHIPS: &str = "
    insert into users (id, username, display_name, password_hash, role, age_group, created_at)
    values (uuid_in('00000000000000000000000000000001'), 'ada', 'Ada', '', 'user', 'adult', now());
    insert into rule_books (hash, body) values (decode(repeat('00', 32), 'hex'), '');
    insert into waifus
        (id, visibility, name, personality, appearance, stats, version, created_at, updated_at)
    select lpad(n::text, 32, '0')::uuid, 'public', 'Mio', '{}', '{}', '{}', 1, now(), now()
    from generate_series(1, 2) as n;
    insert into relationships
        (id, user_id, waifu_id, affection, level, facts, epoch, head_seq, last_entry_no, version, created_at)
    select lpad(n::text, 32, '0')::uuid, uuid_in('00000000000000000000000000000001'),
        lpad(n::text, 32, '0')::uuid, 0, 0, '[]', gen_random_uuid(), 0, 0, 0, now()
    from generate_series(1, 2) as n;
    insert into interactions
        (relationship_id, no, id, kind, at, requested_change, affection_change, affection_after,
        level_after, reasons, facts, cause, voids_no, rule_book)
    select uuid_in('00000000000000000000000000000001'), no, gen_random_uuid(), kind, now(), 0, 0, 0,
        0, '[]', '[]', '{}', voids_no, decode(repeat('00', 32), 'hex')
    from (values (1, 'chat', null), (2, 'chat', null), (3, 'decay', null), (4, 'chat', null),
        (5, 'reversal', 2), (6, 'event', null), (7, 'adjustment', null)) as rows (no, kind, voids_no)";

/// What `up` made, `down` takes away, so `up` can make it again.
#[tokio::test]
async fn every_migration_can_be_taken_back_and_made_again() {
    let database = FreshDatabase::create().await;
    let client = connect(&database).await;
    for _ in 0..2 {
        for migration in &MIGRATIONS {
            client.batch_execute(migration.up).await.unwrap();
        }
        for migration in MIGRATIONS.iter().rev() {
            client.batch_execute(migration.down).await.unwrap();
        }
    }
    assert!(client.query(TABLES, &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn relationships_of_the_first_release_are_counted() {
    let database = FreshDatabase::create().await;
    let client = connect(&database).await;
    let [first, second, _] = MIGRATIONS;
    for script in [first.up, TWO_RELATIONSHIPS, second.up] {
        client.batch_execute(script).await.unwrap();
    }
    let rows = client
        .query(
            "select counts::text, deeds::text from relationships order by id",
            &[],
        )
        .await
        .unwrap();
    let counts: Vec<Counts> = rows
        .iter()
        .map(|row| serde_json::from_str(row.get(0)).unwrap())
        .collect();
    let known = Counts {
        chat: 2,
        event: 1,
        ..Counts::default()
    };
    assert_eq!(counts, [known, Counts::default()]);
    for row in rows {
        let deeds: Deeds = serde_json::from_str(row.get(1)).unwrap();
        assert_eq!(deeds, Deeds::default());
    }
}
