//! The event log: what has happened comes back in its order and as it was written, until it is forgotten.

use time::Duration;
use waifu_app::ports::store::{LoggedEvent, StoreError};
use waifu_app::ports::turn_store::{DurableEvent, NewTurn};
use waifu_domain::ids::RelationshipId;
use waifu_domain::relationship::Relationship;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::{EndReason, EndStatus, TurnKind, Usage};

use super::scenario::Scenario;
use super::{Promise, StoreUnderTest};
use crate::builders::{fresh, moment, unmoved, user};

pub async fn events_after_a_number_come_in_their_order_in_pages(
    under_test: &StoreUnderTest,
) -> Promise {
    let (ada, bob) = two_users(under_test).await?;
    let mut expected = Vec::new();
    for n in 1..=4 {
        expected.extend(live_through(under_test, ada.turn_at("hello", moment(n))).await?);
        live_through(under_test, bob.turn_at("hey", moment(n))).await?;
    }
    let relationship = under_test.relationship(ada.pair).await?;
    let head = relationship.head.seq;
    let seqs: Vec<_> = expected.iter().map(|logged| logged.seq).collect();
    assert_eq!(seqs, (1..=head).collect::<Vec<_>>());
    for limit in [1, 2, 3, 100] {
        let (mut paged, mut last) = (Vec::new(), 0);
        loop {
            let page = after(under_test, &relationship, last, limit).await?;
            assert!(page.len() <= limit as usize);
            assert!(page.iter().all(|logged| logged.seq > last));
            let Some(logged) = page.last() else { break };
            last = logged.seq;
            paged.extend(page);
        }
        assert_eq!(paged, expected, "in pages of {limit}");
    }
    for seq in 0..head {
        let page = after(under_test, &relationship, seq, 2).await?;
        assert_eq!(page[0].seq, seq + 1);
    }
    Ok(())
}

pub async fn nothing_has_happened_after_the_newest_event(under_test: &StoreUnderTest) -> Promise {
    let (_, relationship) = under_test.met().await?;
    for seq in [
        relationship.head.seq,
        relationship.head.seq + 1,
        1 << 40,
        u64::MAX,
    ] {
        let page = after(under_test, &relationship, seq, 10).await?;
        assert_eq!(page, [], "after {seq}");
    }
    Ok(())
}

pub async fn nothing_has_happened_between_strangers(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    live_through(under_test, scenario.turn("hello")).await?;
    let mut look = under_test.store.snapshot().await?;
    assert_eq!(look.event_log().after(fresh(), 0, 10).await?, []);
    drop(look);
    // Two who met without a word.
    let bob = under_test.add_user(user("bob")).await?;
    let mut pair = scenario.pair;
    pair.user_id = bob.id;
    let met = under_test.meet(pair, moment(0)).await?;
    assert_eq!(after(under_test, &met, 0, 10).await?, []);
    Ok(())
}

pub async fn every_kind_of_event_comes_back_as_it_was_written(
    under_test: &StoreUnderTest,
) -> Promise {
    let (_, before) = under_test.met().await?;
    let mut append = unmoved(&before, moment(7));
    append.events = events_of_every_kind();
    let written: Vec<_> = (before.head.seq + 1..)
        .zip(append.events.iter().cloned())
        .map(|(seq, event)| LoggedEvent {
            seq,
            at: moment(7),
            event,
        })
        .collect();
    under_test.append(append).await?;
    let read = after(under_test, &before, before.head.seq, 1000).await?;
    assert_eq!(read, written);
    Ok(())
}

pub async fn what_is_forgotten_is_gone_and_leaves_a_hole_that_shows(
    under_test: &StoreUnderTest,
) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let old = live_through(under_test, scenario.turn_at("hello", moment(0))).await?;
    let kept = live_through(under_test, scenario.turn_at("again", moment(100))).await?;
    let before = under_test.relationship(scenario.pair).await?;
    let told = under_test.told(before.id).await?;

    assert_eq!(forget_before(under_test, moment(0), 1000).await?, 0);
    // What happened at that very moment stays.
    let forgotten = forget_before(under_test, moment(100), 1000).await?;
    assert_eq!(forgotten, old.len() as u64);
    let rest = after(under_test, &before, 0, 1000).await?;
    assert_eq!(rest, kept);
    assert_ne!(rest[0].seq, 1);
    assert_eq!(forget_before(under_test, moment(100), 1000).await?, 0);

    // Nothing but the log has forgotten, and numbers are not given twice.
    assert_eq!(under_test.assert_lawful(scenario.pair).await?, before);
    assert_eq!(under_test.told(before.id).await?, told);
    let forgotten = forget_before(under_test, moment(101), 1000).await?;
    assert_eq!(forgotten, kept.len() as u64);
    assert_eq!(after(under_test, &before, 0, 1000).await?, []);
    let next = live_through(under_test, scenario.turn_at("more", moment(102))).await?;
    assert_eq!(next[0].seq, before.head.seq + 1);
    assert_eq!(after(under_test, &before, 0, 1000).await?, next);
    Ok(())
}

pub async fn at_most_so_many_are_forgotten_and_what_is_left_has_no_holes(
    under_test: &StoreUnderTest,
) -> Promise {
    let (ada, bob) = two_users(under_test).await?;
    for n in 0..3 {
        live_through(under_test, ada.turn_at("hello", moment(2 * n))).await?;
        live_through(under_test, bob.turn_at("hey", moment(2 * n + 1))).await?;
    }
    let both = [
        under_test.relationship(ada.pair).await?,
        under_test.relationship(bob.pair).await?,
    ];
    let mut old: u64 = both.iter().map(|two| two.head.seq).sum();
    // One that is new, and stays.
    let new = live_through(under_test, bob.turn_at("still here?", moment(900))).await?;
    for limit in [1, 2, 3, 5, 5, 5, 5, 5, 5] {
        let forgotten = forget_before(under_test, moment(800), limit).await?;
        assert_eq!(forgotten, old.min(limit.into()), "of {old}");
        old -= forgotten;
        for two in &both {
            let head = under_test.relationship(two.pair).await?.head.seq;
            let left = after(under_test, two, 0, 1000).await?;
            let seqs: Vec<_> = left.iter().map(|logged| logged.seq).collect();
            let expected: Vec<_> = (head + 1 - left.len() as u64..=head).collect();
            assert_eq!(seqs, expected, "what is left has no holes");
        }
    }
    assert_eq!(old, 0);
    assert_eq!(after(under_test, &both[0], 0, 1000).await?, []);
    assert_eq!(after(under_test, &both[1], 0, 1000).await?, new);
    Ok(())
}

pub async fn a_rolled_back_unit_of_work_forgets_nothing(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let log = live_through(under_test, scenario.turn("hello")).await?;
    let relationship = under_test.relationship(scenario.pair).await?;
    let mut work = under_test.store.begin().await?;
    let forgotten = work.event_log().forget_before(moment(9), 1000).await?;
    assert_eq!(forgotten, log.len() as u64);
    let left = work.event_log().after(relationship.id, 0, 10).await?;
    assert_eq!(left, []);
    work.rollback().await?;
    assert_eq!(after(under_test, &relationship, 0, 1000).await?, log);
    Ok(())
}

async fn two_users(under_test: &StoreUnderTest) -> Result<(Scenario, Scenario), StoreError> {
    let ada = under_test.scenario("ada").await?;
    let mut bob = ada.clone();
    bob.pair.user_id = under_test.add_user(user("bob")).await?.id;
    Ok((ada, bob))
}

/// A whole turn, and the events that it made.
async fn live_through(
    under_test: &StoreUnderTest,
    turn: NewTurn,
) -> Result<Vec<LoggedEvent>, StoreError> {
    let (message_id, client_message_id, at) = (turn.message_id, turn.client_message_id, turn.at);
    let (opening, settlement) = under_test.play(turn, "hi").await?;
    let standing = opening.standing;
    let accepted = DurableEvent::of_acceptance(standing.turn, message_id, client_message_id);
    let accepted = accepted.into_iter().map(|event| (at, event));
    let settled = settlement.append.events.into_iter();
    let settled = settled.map(|event| (settlement.append.at, event));
    let events = accepted.chain(settled);
    Ok((standing.relationship.head.seq - 1..)
        .zip(events)
        .map(|(seq, (at, event))| LoggedEvent { seq, at, event })
        .collect())
}

async fn after(
    under_test: &StoreUnderTest,
    relationship: &Relationship,
    seq: u64,
    limit: u32,
) -> Result<Vec<LoggedEvent>, StoreError> {
    let id: RelationshipId = relationship.id;
    let mut look = under_test.store.snapshot().await?;
    look.event_log().after(id, seq, limit).await
}

async fn forget_before(
    under_test: &StoreUnderTest,
    at: Timestamp,
    limit: u32,
) -> Result<u64, StoreError> {
    let mut work = under_test.store.begin().await?;
    let forgotten = work.event_log().forget_before(at, limit).await?;
    work.commit().await?;
    Ok(forgotten)
}

fn events_of_every_kind() -> Vec<DurableEvent> {
    let mut events = vec![
        DurableEvent::MessageAccepted {
            turn_id: fresh(),
            turn_no: 3,
            message_id: fresh(),
            client_message_id: fresh(),
        },
        DurableEvent::TurnChosen {
            turn_id: fresh(),
            run: 2,
            message_id: fresh(),
        },
        DurableEvent::RelationshipUpdated {
            entry_no: 17,
            version: 4,
        },
        DurableEvent::EventOpened {
            occurrence_id: fresh(),
        },
        DurableEvent::EventResolved {
            occurrence_id: fresh(),
        },
        DurableEvent::EventExpired {
            occurrence_id: fresh(),
        },
        DurableEvent::TurnVoided {
            from_turn_no: 1,
            to_turn_no: 2,
        },
    ];
    let kinds = [
        TurnKind::Greeting,
        TurnKind::Chat,
        TurnKind::Gift,
        TurnKind::Date,
        TurnKind::Event,
    ];
    events.extend(kinds.map(|kind| DurableEvent::TurnStarted {
        turn_id: fresh(),
        turn_no: 1,
        run: 1,
        kind,
    }));
    let usage = Usage {
        prompt_tokens: 321,
        completion_tokens: 0,
    };
    let minutes = Duration::minutes(5).whole_milliseconds();
    let endings = [
        (EndStatus::Completed, None, Some(usage), None),
        (EndStatus::Completed, Some(EndReason::Length), None, None),
        (EndStatus::Incomplete, Some(EndReason::Cut), None, Some(0)),
        (
            EndStatus::Failed,
            Some(EndReason::ProviderUnavailable),
            None,
            u64::try_from(minutes).ok(),
        ),
        (
            EndStatus::Failed,
            Some(EndReason::ProviderTimeout),
            None,
            Some(u64::MAX),
        ),
        (EndStatus::Cancelled, None, Some(usage), None),
    ];
    events.extend(endings.map(
        |(status, reason, usage, retry_after_ms)| DurableEvent::TurnDone {
            turn_id: fresh(),
            run: 2,
            status,
            reason,
            message_id: (status != EndStatus::Failed).then(fresh),
            usage,
            retry_after_ms,
        },
    ));
    events
}
