//! What the rules look at beyond the last few rows: counts, deeds, facts, and the rows of their windows.

use waifu_app::ports::turn_store::{DurableEvent, Moved};
use waifu_domain::affection::Act;
use waifu_domain::relationship::{Counts, Deeds, Fact, Horizon, Relationship};

use super::rows::presences;
use super::scenario::Scenario;
use super::{Promise, StoreUnderTest};
use crate::builders::{date_plan, fresh, gift, horizon, moment, since, slug, unmoved};

const ONE_DAY: i64 = 86_400;
/// 2026-02-28, in a common year the birthday of the builders' companions.
const HER_BIRTHDAY: i64 = 54 * ONE_DAY;

pub async fn counts_and_deeds_come_with_the_relationship_and_its_state(
    under_test: &StoreUnderTest,
) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    give(under_test, &scenario, "crane", 0).await?;
    give(under_test, &scenario, "lily", ONE_DAY).await?;
    go_out(under_test, &scenario, "walk", 2 * ONE_DAY).await?;
    give(under_test, &scenario, "crane", HER_BIRTHDAY).await?;
    // Words change no deed, and corrections neither.
    let turn = scenario.turn_at("hello", moment(HER_BIRTHDAY + 5));
    under_test.play(turn, "hi").await?;
    let relationship = under_test.relationship(scenario.pair).await?;
    let state = under_test
        .state(&relationship, since(moment(HER_BIRTHDAY)))
        .await?;
    let at = moment(HER_BIRTHDAY + 6);
    let correction = crate::builders::adjustment(&relationship, &state, 5, at);
    under_test.append(correction).await?;

    let relationship = under_test.assert_lawful(scenario.pair).await?;
    let counts = Counts {
        chat: 1,
        gift: 3,
        date: 1,
        event: 0,
    };
    let deeds = Deeds {
        gifts: [
            (slug("crane"), moment(HER_BIRTHDAY)),
            (slug("lily"), moment(ONE_DAY)),
        ]
        .into(),
        dates: [(slug("walk"), moment(2 * ONE_DAY))].into(),
        birthday_gift: Some(moment(HER_BIRTHDAY)),
    };
    assert_eq!((relationship.counts, &relationship.deeds), (counts, &deeds));
    let state = under_test
        .state(&relationship, horizon(moment(HER_BIRTHDAY + 9)))
        .await?;
    assert_eq!((state.counts, &state.deeds), (counts, &deeds));
    let turn = scenario.turn_at("still there?", moment(HER_BIRTHDAY + 9));
    let standing = under_test.accept_new(turn).await?.standing;
    assert_eq!(standing.relationship.deeds, deeds);
    assert_eq!(standing.state.deeds, deeds);
    assert_eq!(standing.state.counts, counts);
    Ok(())
}

/// Rows 1, 3, 5 … are chats, and 2, 4, 6 … gifts and dates; there are four a day.
pub async fn a_state_holds_the_chats_and_the_deeds_of_their_horizons(
    under_test: &StoreUnderTest,
) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let hour = |n: i64| n * 6 * 3_600;
    for n in 0..10 {
        let turn = scenario.turn_at("hello", moment(hour(2 * n)));
        under_test.play(turn, "hi").await?;
        let second = hour(2 * n + 1);
        if n % 2 == 0 {
            give(under_test, &scenario, "crane", second).await?;
        } else {
            go_out(under_test, &scenario, "walk", second).await?;
        }
    }
    let relationship = under_test.relationship(scenario.pair).await?;
    for (chats, deeds, expected) in [
        // Row n is written at hour(n - 1), and a window is open at its beginning.
        (99, 99, vec![16, 17, 18, 19, 20]),
        (99, 11, vec![14, 16, 17, 18, 19, 20]),
        (13, 7, vec![10, 12, 14, 15, 16, 17, 18, 19, 20]),
        (11, 3, vec![6, 8, 10, 12, 13, 14, 15, 16, 17, 18, 19, 20]),
        (-1, -1, (1..=20).collect()),
    ] {
        let horizon = Horizon {
            chats: moment(hour(chats)),
            deeds: moment(hour(deeds)),
        };
        let state = under_test.state(&relationship, horizon).await?;
        assert_eq!(presences(&state), expected, "chats {chats}, deeds {deeds}");
        assert_eq!(state.last_entry_no, 20);
        assert_eq!(state.last_entry_at, Some(moment(hour(19))));
        assert_eq!(state.met_at, Some(moment(0)));
    }
    // Where chats count for longer than deeds, later deeds may come along.
    let horizon = Horizon {
        chats: moment(hour(11)),
        deeds: moment(hour(99)),
    };
    let state = under_test.state(&relationship, horizon).await?;
    let held = presences(&state);
    assert!([13, 15].iter().all(|no| held.contains(no)), "{held:?}");
    assert!(held.iter().all(|no| *no > 12), "{held:?}");
    Ok(())
}

pub async fn an_entry_tells_what_was_done(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    give(under_test, &scenario, "crane", 0).await?;
    go_out(under_test, &scenario, "walk", 1).await?;
    under_test
        .play(scenario.turn_at("hello", moment(2)), "hi")
        .await?;
    let relationship = under_test.relationship(scenario.pair).await?;
    let state = under_test.state(&relationship, horizon(moment(3))).await?;
    let rows = under_test.rows(relationship.id).await?;
    assert_eq!(state.entries.len(), rows.len());
    for (entry, row) in state.entries.iter().zip(rows) {
        assert_eq!(entry.no, row.place.no);
        assert_eq!(entry.kind, row.kind);
        assert_eq!(entry.at, row.timestamp);
        assert_eq!(entry.requested_change, row.requested_change);
        assert_eq!(entry.affection_change, row.affection_change);
        assert_eq!(entry.cause, row.cause);
    }
    Ok(())
}

pub async fn facts_that_move_without_a_row_move_the_version(
    under_test: &StoreUnderTest,
) -> Promise {
    let (scenario, before) = under_test.met().await?;
    let mut state = under_test.state(&before, horizon(moment(1))).await?;
    let unlocked = Fact::Unlocked(slug("let_go"));
    state.facts.insert(unlocked.clone());
    let mut append = unmoved(&before, moment(1));
    append.moved = Some(Moved {
        entries: Vec::new(),
        state,
    });
    append.events.push(DurableEvent::EventExpired {
        occurrence_id: fresh(),
    });
    under_test.append(append.clone()).await?;

    let mut expected: Relationship = before;
    expected.head.seq += 1;
    expected.head.version += 1;
    expected.facts.insert(unlocked);
    assert_eq!(append.head_after(), expected.head);
    let after = under_test.assert_lawful(scenario.pair).await?;
    assert_eq!(after, expected);
    Ok(())
}

async fn give(under_test: &StoreUnderTest, scenario: &Scenario, key: &str, second: i64) -> Promise {
    let act = Act::Gift {
        key: &slug(key),
        gift: &gift(),
    };
    under_test.act(scenario, &act, moment(second)).await?;
    Ok(())
}

async fn go_out(
    under_test: &StoreUnderTest,
    scenario: &Scenario,
    key: &str,
    second: i64,
) -> Promise {
    let act = Act::Date {
        key: &slug(key),
        date: &date_plan(),
    };
    under_test.act(scenario, &act, moment(second)).await?;
    Ok(())
}
