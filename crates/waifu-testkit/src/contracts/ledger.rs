//! Ledgers: walked in their order, looked up by time and by turn, and summed over time.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use time::Duration;
use waifu_app::ports::store::{Bucket, StoreError, TimeSpan};
use waifu_domain::affection::Act;
use waifu_domain::ids::{RelationshipId, TurnId};
use waifu_domain::relationship::{Affection, Interaction, InteractionKind, Level};
use waifu_domain::timestamp::Timestamp;

use super::rows::{append_of, event_row};
use super::{Promise, StoreUnderTest};
use crate::builders::{fresh, gift, moment, slug};

const ONE_DAY: i64 = 86_400;

pub async fn rows_after_a_number_come_in_their_order_in_pages(
    under_test: &StoreUnderTest,
) -> Promise {
    let (scenario, relationship) = under_test.met().await?;
    let rows = (2..=7).map(|no| event_row(&relationship, no, moment(1)));
    let rows: Vec<_> = rows.collect();
    under_test
        .append(append_of(&relationship, rows.clone()))
        .await?;
    let mut another = scenario;
    another.pair.user_id = under_test.add_user(crate::builders::user("bob")).await?.id;
    under_test.play(another.turn("hello"), "hi").await?;

    let mut look = under_test.store.snapshot().await?;
    let mut relationships = look.relationships();
    let whole = relationships.rows_after(relationship.id, 0, 50).await?;
    assert_eq!(whole.len(), 7);
    assert_eq!(whole[1..], rows);
    for limit in [1, 2, 7] {
        let (mut paged, mut after) = (Vec::new(), 0);
        loop {
            let page = relationships
                .rows_after(relationship.id, after, limit)
                .await?;
            assert!(page.len() <= limit as usize);
            let Some(last) = page.last() else { break };
            after = last.place.no;
            paged.extend(page);
        }
        assert_eq!(paged, whole, "in pages of {limit}");
    }
    let nobodys = relationships.rows_after(fresh(), 0, 50).await?;
    assert_eq!(nobodys, []);
    Ok(())
}

pub async fn the_first_chat_row_of_some_turns_is_found(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let mut turns = Vec::new();
    let mut second = 0;
    for expected in [1, 3, 6] {
        let turn = scenario.turn_at("hello", moment(second));
        turns.push(turn.turn_id);
        under_test.play(turn, "hi").await?;
        let head = under_test.relationship(scenario.pair).await?.head;
        assert_eq!(head.entry_no, expected);
        let act = Act::Gift {
            key: &slug("crane"),
            gift: &gift(),
        };
        under_test.act(&scenario, &act, moment(second)).await?;
        // The last turn finds a decay: row 5 is its own, but no chat row.
        second = if turns.len() == 2 { 40 * ONE_DAY } else { 1 };
    }
    for (turns, expected) in [
        (vec![turns[0]], Some(1)),
        (vec![turns[2]], Some(6)),
        (vec![turns[2], turns[1]], Some(3)),
        (vec![fresh(), turns[2], turns[0], turns[1]], Some(1)),
        (vec![fresh()], None),
        (vec![], None),
    ] {
        let found = first_chat_row(under_test, &turns).await?;
        assert_eq!(found, expected, "of {turns:?}");
    }
    Ok(())
}

pub async fn the_row_before_a_moment_is_the_newest_of_those_before(
    under_test: &StoreUnderTest,
) -> Promise {
    let (_, relationship) = under_test.met().await?;
    let at = [(2, 5), (3, 5), (4, 9)];
    let rows = at.map(|(no, second)| event_row(&relationship, no, moment(second)));
    under_test
        .append(append_of(&relationship, rows.to_vec()))
        .await?;
    let microsecond = Duration::microseconds(1);
    for (at, expected) in [
        (moment(0), None),
        (moment(0).plus(microsecond), Some(1)),
        (moment(5), Some(1)),
        (moment(5).plus(microsecond), Some(3)),
        (moment(9), Some(3)),
        (moment(ONE_DAY), Some(4)),
    ] {
        let found = row_before(under_test, relationship.id, at).await?;
        let no = found.as_ref().map(|row| row.place.no);
        assert_eq!(no, expected, "before {at}");
        if let Some(found) = found.filter(|row| row.place.no > 1) {
            assert_eq!(found, rows[found.place.no as usize - 2]);
        }
    }
    let nobodys = row_before(under_test, fresh(), moment(ONE_DAY)).await?;
    assert_eq!(nobodys, None);
    Ok(())
}

pub async fn buckets_sum_what_the_rows_say(under_test: &StoreUnderTest) -> Promise {
    let (_, relationship) = under_test.met().await?;
    let mut rows = Vec::new();
    let mut affection = relationship.affection;
    let mut at = moment(0);
    for ((gap, change, level), no) in random_changes().into_iter().zip(2..) {
        at = at.plus(Duration::minutes(gap));
        let after = Affection::clamped(affection.get() + change);
        let row = Interaction {
            kind: InteractionKind::Adjustment,
            requested_change: change,
            affection_change: after.get() - affection.get(),
            affection_after: after,
            level_after: Level::try_from(level).expect("0 to 10"),
            ..event_row(&relationship, no, at)
        };
        affection = after;
        rows.push(row);
    }
    under_test
        .append(append_of(&relationship, rows.clone()))
        .await?;
    let rows = under_test.rows(relationship.id).await?;

    let hours = |n: i64| moment(0).plus(Duration::hours(n));
    for (from, until, width) in [
        (hours(0), hours(400), Duration::hours(1)),
        (hours(0), hours(400), Duration::hours(7)),
        (hours(-50), hours(120), Duration::days(1)),
        // The last part is cut short.
        (hours(33), hours(99), Duration::minutes(95)),
        (hours(33), hours(99), Duration::weeks(60)),
        (hours(5000), hours(6000), Duration::hours(1)),
        (hours(10), hours(10), Duration::hours(1)),
    ] {
        let span = TimeSpan { from, until };
        let mut look = under_test.store.snapshot().await?;
        let buckets = look
            .relationships()
            .buckets(relationship.id, span, width)
            .await?;
        let expected = sums(&rows, span, width);
        assert_eq!(buckets, expected, "{span:?} by {width}");
    }
    Ok(())
}

pub async fn a_row_on_a_border_belongs_to_the_part_that_begins_there(
    under_test: &StoreUnderTest,
) -> Promise {
    let (_, relationship) = under_test.met().await?;
    // The first row of all is at moment(0).
    let rows = [(2, 10), (3, 19), (4, 20), (5, 40)]
        .map(|(no, second)| event_row(&relationship, no, moment(second)));
    under_test
        .append(append_of(&relationship, rows.to_vec()))
        .await?;
    let span = TimeSpan {
        from: moment(0),
        until: moment(40),
    };
    let mut look = under_test.store.snapshot().await?;
    let buckets = look
        .relationships()
        .buckets(relationship.id, span, Duration::seconds(10))
        .await?;
    let parts: Vec<_> = buckets
        .iter()
        .map(|bucket| (bucket.part, bucket.interactions))
        .collect();
    assert_eq!(parts, [(0, 1), (1, 2), (2, 1)]);
    Ok(())
}

/// What the port promises, said in another way.
fn sums(rows: &[Interaction], span: TimeSpan, width: Duration) -> Vec<Bucket> {
    let mut buckets: Vec<Bucket> = Vec::new();
    for row in rows {
        if row.timestamp < span.from || row.timestamp >= span.until {
            continue;
        }
        let since = row.timestamp.since(span.from);
        let part = since.whole_microseconds() / width.whole_microseconds();
        let part = u32::try_from(part).expect("there are few parts");
        if buckets.last().is_none_or(|last| last.part != part) {
            buckets.push(Bucket {
                part,
                interactions: 0,
                gained: 0,
                lost: 0,
                affection: row.affection_after,
                level: row.level_after,
            });
        }
        let bucket = buckets.last_mut().expect("it was pushed just now");
        bucket.interactions += 1;
        bucket.gained += row.affection_change.max(0);
        bucket.lost += (-row.affection_change).max(0);
        bucket.affection = row.affection_after;
        bucket.level = row.level_after;
    }
    buckets
}

/// Minutes since the row before, points, and a level: several rows at one moment, and hours without any.
fn random_changes() -> Vec<(i64, i32, u8)> {
    let gap = prop_oneof![Just(0), 1_i64..60, Just(60), 200_i64..1_500];
    let change = prop_oneof![Just(0), -30_i32..=30];
    let changes = prop::collection::vec((gap, change, 0_u8..=10), 60);
    let tree = changes.new_tree(&mut TestRunner::deterministic());
    tree.expect("every value will do").current()
}

async fn first_chat_row(
    under_test: &StoreUnderTest,
    turns: &[TurnId],
) -> Result<Option<u32>, StoreError> {
    let mut look = under_test.store.snapshot().await?;
    look.relationships().first_chat_row(turns).await
}

async fn row_before(
    under_test: &StoreUnderTest,
    relationship: RelationshipId,
    at: Timestamp,
) -> Result<Option<Interaction>, StoreError> {
    let mut look = under_test.store.snapshot().await?;
    look.relationships().row_before(relationship, at).await
}
