//! Occurrences of events: they pend once, are closed once, and are all remembered.

use time::Duration;
use waifu_app::ports::store::{OccurrencePlace, StoreError};
use waifu_app::ports::turn_store::{Append, DurableEvent};
use waifu_domain::affection::Act;
use waifu_domain::catalogue::Events;
use waifu_domain::events::{EventOccurrence, OccurrenceState, Repeat, Trigger};
use waifu_domain::ids::{OccurrenceId, RelationshipId};
use waifu_domain::relationship::{Fact, Pair};
use waifu_domain::timestamp::Timestamp;
use waifu_domain::waifu::MonthDay;

use super::{Promise, StoreUnderTest};
use crate::builders::{event, fresh, horizon, moment, settlement, slug, unmoved, user};

pub async fn an_occurrence_is_resolved_with_the_choice_and_the_time(
    under_test: &StoreUnderTest,
) -> Promise {
    let (scenario, before) = under_test.met().await?;
    let letter = pending("letter", moment(1));
    let forever = EventOccurrence {
        expires_at: None,
        ..pending("confession", moment(1))
    };
    let both = [letter.clone(), forever.clone()];
    open(under_test, scenario.pair, both.to_vec()).await?;
    assert_eq!(in_state(under_test, scenario.pair).await?, sorted(&both));
    for occurrence in &both {
        let found = occurrence_of(under_test, before.id, occurrence.id).await?;
        assert_eq!(found.as_ref(), Some(occurrence));
    }

    let resolved = resolved(&letter, "yes", moment(2));
    close(under_test, scenario.pair, &resolved).await?;
    let found = occurrence_of(under_test, before.id, letter.id).await?;
    assert_eq!(found.as_ref(), Some(&resolved));
    let found = occurrence_of(under_test, before.id, forever.id).await?;
    assert_eq!(found.as_ref(), Some(&forever));
    let expected = sorted(&[resolved, forever]);
    assert_eq!(in_state(under_test, scenario.pair).await?, expected);
    let after = under_test.relationship(scenario.pair).await?;
    assert_eq!(after.head.seq, before.head.seq + 3);
    assert_eq!(after.head.version, before.head.version);
    Ok(())
}

pub async fn an_occurrence_expires_at_a_time(under_test: &StoreUnderTest) -> Promise {
    let (scenario, before) = under_test.met().await?;
    let letter = pending("letter", moment(1));
    open(under_test, scenario.pair, vec![letter.clone()]).await?;
    let expired = expired(&letter, moment(2));
    close(under_test, scenario.pair, &expired).await?;
    let found = occurrence_of(under_test, before.id, letter.id).await?;
    assert_eq!(found.as_ref(), Some(&expired));
    assert_eq!(in_state(under_test, scenario.pair).await?, [expired]);
    Ok(())
}

pub async fn closing_what_does_not_pend_fails_the_whole_append(
    under_test: &StoreUnderTest,
) -> Promise {
    let (scenario, _) = under_test.met().await?;
    let chosen = pending("letter", moment(1));
    let over = pending("fair", moment(1));
    open(
        under_test,
        scenario.pair,
        vec![chosen.clone(), over.clone()],
    )
    .await?;
    let chosen = resolved(&chosen, "yes", moment(2));
    close(under_test, scenario.pair, &chosen).await?;
    let over = expired(&over, moment(2));
    close(under_test, scenario.pair, &over).await?;
    let mut another = scenario.clone();
    another.pair.user_id = under_test.add_user(user("bob")).await?.id;
    under_test.play(another.turn("hello"), "hi").await?;
    let anothers = pending("letter", moment(1));
    open(under_test, another.pair, vec![anothers.clone()]).await?;
    let pends = pending("moon", moment(3));
    open(under_test, scenario.pair, vec![pends.clone()]).await?;

    let before = under_test.relationship(scenario.pair).await?;
    for wrong in [
        resolved(&chosen, "yes", moment(4)),
        resolved(&chosen, "no", moment(4)),
        expired(&chosen, moment(4)),
        resolved(&over, "yes", moment(4)),
        expired(&over, moment(4)),
        resolved(&anothers, "yes", moment(4)),
        expired(&pending("never_opened", moment(1)), moment(4)),
    ] {
        let mut append = unmoved(&before, moment(4));
        append.opened.push(pending("new", moment(4)));
        append.closed.push(resolved(&pends, "yes", moment(4)));
        append.closed.push(wrong);
        with_events(&mut append);
        under_test.assert_append_fails(append).await?;
    }
    assert_eq!(under_test.relationship(scenario.pair).await?, before);
    let expected = sorted(&[chosen, over, pends]);
    assert_eq!(in_state(under_test, scenario.pair).await?, expected);
    assert_eq!(in_state(under_test, another.pair).await?, [anothers]);
    Ok(())
}

pub async fn a_settlement_closes_what_ran_out(under_test: &StoreUnderTest) -> Promise {
    let (scenario, before) = under_test.met().await?;
    let letter = pending("letter", moment(1));
    open(under_test, scenario.pair, vec![letter.clone()]).await?;
    let opening = under_test.accept_new(scenario.turn("and?")).await?;
    let mut settlement = settlement(&opening.standing, scenario.process, "hm", moment(9));
    let expired = expired(&letter, moment(9));
    settlement
        .append
        .events
        .push(DurableEvent::of_occurrence(&expired));
    settlement.append.closed.push(expired.clone());
    under_test.turns.settle(settlement).await?;
    let found = occurrence_of(under_test, before.id, letter.id).await?;
    assert_eq!(found, Some(expired));
    Ok(())
}

/// It is found to have run out by the very act that brings it up.
pub async fn an_event_that_ran_out_may_come_up_again_in_the_same_act(
    under_test: &StoreUnderTest,
) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let fifth_of_january = MonthDay::new(1, 5).expect("a day that exists");
    let mut letter = event(&Trigger::Day(fifth_of_january), 30);
    letter.repeat = Repeat::Yearly;
    let events = Events::from([(slug("letter"), letter)]);
    let gift = crate::builders::gift();
    let (crane, act_of) = (slug("crane"), |year: i64| moment(year * 365 * 86_400));
    let act = Act::Gift {
        key: &crane,
        gift: &gift,
    };
    let first = under_test
        .act_among(&scenario, &events, &act, act_of(0))
        .await?;
    let second = under_test
        .act_among(&scenario, &events, &act, act_of(1))
        .await?;
    let ([opened], [again]) = (&first.opened[..], &second.opened[..]) else {
        panic!("expected one each, found {first:?} and {second:?}");
    };
    let its_time_was_up = moment(30 * 86_400);
    assert_eq!(second.closed, [expired(opened, its_time_was_up)]);
    let id = first.relationship_id;
    let listed = page(under_test, id, None, 9).await?;
    assert_eq!(listed, [again.clone(), second.closed[0].clone()]);
    assert_eq!(
        in_state(under_test, scenario.pair).await?,
        vec![again.clone()]
    );
    let after = under_test.assert_lawful(scenario.pair).await?;
    assert!(after.facts.contains(&Fact::Unlocked(slug("let_go"))));
    Ok(())
}

pub async fn occurrences_are_listed_newest_first_in_pages(under_test: &StoreUnderTest) -> Promise {
    let (scenario, before) = under_test.met().await?;
    let mut expected = Vec::new();
    for n in 0..11 {
        // Four of each moment, so that pages end between equal times.
        let opened = pending(&format!("event_{n}"), moment(n / 4));
        open(under_test, scenario.pair, vec![opened.clone()]).await?;
        let kept = if n % 2 == 0 {
            let closed = expired(&opened, moment(n));
            close(under_test, scenario.pair, &closed).await?;
            closed
        } else {
            opened
        };
        expected.push(kept);
    }
    let mut another = scenario.clone();
    another.pair.user_id = under_test.add_user(user("bob")).await?.id;
    under_test.play(another.turn("hello"), "hi").await?;
    open(
        under_test,
        another.pair,
        vec![pending("event_0", moment(0))],
    )
    .await?;

    expected.sort_by_key(|occurrence| (occurrence.opened_at, occurrence.id));
    expected.reverse();
    for limit in [1, 3, 4, 50] {
        let (mut listed, mut before_place) = (Vec::new(), None);
        loop {
            let page = page(under_test, before.id, before_place, limit).await?;
            assert!(page.len() <= limit as usize);
            let Some(last) = page.last() else { break };
            before_place = Some(OccurrencePlace {
                opened_at: last.opened_at,
                id: last.id,
            });
            listed.extend(page);
        }
        assert_eq!(listed, expected, "in pages of {limit}");
    }
    assert_eq!(page(under_test, fresh(), None, 9).await?, []);
    Ok(())
}

pub async fn the_newest_occurrence_of_each_event_is_in_the_state(
    under_test: &StoreUnderTest,
) -> Promise {
    let (scenario, _) = under_test.met().await?;
    let fair = pending("fair", moment(1));
    open(under_test, scenario.pair, vec![fair.clone()]).await?;
    let mut letter = pending("letter", moment(0));
    for n in 0..4 {
        // Their ids say nothing about their order.
        letter = EventOccurrence {
            id: uuid::Uuid::from_u128(u128::MAX - n).into(),
            ..pending("letter", moment(10 + i64::try_from(n).expect("0 to 3")))
        };
        open(under_test, scenario.pair, vec![letter.clone()]).await?;
        if n < 3 {
            let resolved = resolved(&letter, "no", letter.opened_at);
            close(under_test, scenario.pair, &resolved).await?;
        }
    }
    let expected = sorted(&[letter.clone(), fair.clone()]);
    assert_eq!(in_state(under_test, scenario.pair).await?, expected);
    let letter = resolved(&letter, "yes", moment(20));
    close(under_test, scenario.pair, &letter).await?;
    let expected = sorted(&[letter.clone(), fair]);
    assert_eq!(in_state(under_test, scenario.pair).await?, expected);
    let opening = under_test.accept_new(scenario.turn("and?")).await?;
    assert_eq!(sorted(&opening.standing.state.last_occurrences), expected);
    Ok(())
}

pub async fn an_occurrence_of_another_relationship_is_not_there(
    under_test: &StoreUnderTest,
) -> Promise {
    let (scenario, before) = under_test.met().await?;
    let letter = pending("letter", moment(1));
    open(under_test, scenario.pair, vec![letter.clone()]).await?;
    let mut another = scenario.clone();
    another.pair.user_id = under_test.add_user(user("bob")).await?.id;
    under_test.play(another.turn("hello"), "hi").await?;
    let others = under_test.relationship(another.pair).await?;
    let found = occurrence_of(under_test, others.id, letter.id).await?;
    assert_eq!(found, None);
    let found = occurrence_of(under_test, before.id, fresh()).await?;
    assert_eq!(found, None);
    let found = occurrence_of(under_test, before.id, letter.id).await?;
    assert_eq!(found, Some(letter));
    assert_eq!(in_state(under_test, another.pair).await?, []);
    Ok(())
}

fn pending(event: &str, at: Timestamp) -> EventOccurrence {
    EventOccurrence {
        id: fresh(),
        event: slug(event),
        opened_at: at,
        expires_at: Some(at.plus(Duration::days(3))),
        state: OccurrenceState::Pending,
    }
}

fn resolved(occurrence: &EventOccurrence, choice: &str, at: Timestamp) -> EventOccurrence {
    let choice = slug(choice);
    EventOccurrence {
        state: OccurrenceState::Resolved { choice, at },
        ..occurrence.clone()
    }
}

fn expired(occurrence: &EventOccurrence, at: Timestamp) -> EventOccurrence {
    EventOccurrence {
        state: OccurrenceState::Expired { at },
        ..occurrence.clone()
    }
}

async fn open(under_test: &StoreUnderTest, pair: Pair, opened: Vec<EventOccurrence>) -> Promise {
    let relationship = under_test.relationship(pair).await?;
    let mut append = unmoved(&relationship, moment(0));
    append.opened = opened;
    with_events(&mut append);
    under_test.append(append).await
}

async fn close(under_test: &StoreUnderTest, pair: Pair, closed: &EventOccurrence) -> Promise {
    let relationship = under_test.relationship(pair).await?;
    let mut append = unmoved(&relationship, moment(0));
    append.closed.push(closed.clone());
    with_events(&mut append);
    under_test.append(append).await
}

fn with_events(append: &mut Append) {
    let occurrences = append.closed.iter().chain(&append.opened);
    append.events = occurrences.map(DurableEvent::of_occurrence).collect();
}

async fn in_state(
    under_test: &StoreUnderTest,
    pair: Pair,
) -> Result<Vec<EventOccurrence>, StoreError> {
    let relationship = under_test.relationship(pair).await?;
    let state = under_test.state(&relationship, horizon(moment(0))).await?;
    Ok(sorted(&state.last_occurrences))
}

/// By event.
fn sorted(occurrences: &[EventOccurrence]) -> Vec<EventOccurrence> {
    let mut occurrences = occurrences.to_vec();
    occurrences.sort_by(|one, other| one.event.cmp(&other.event));
    occurrences
}

async fn occurrence_of(
    under_test: &StoreUnderTest,
    relationship: RelationshipId,
    id: OccurrenceId,
) -> Result<Option<EventOccurrence>, StoreError> {
    let mut look = under_test.store.snapshot().await?;
    look.relationships().occurrence(relationship, id).await
}

async fn page(
    under_test: &StoreUnderTest,
    relationship: RelationshipId,
    before: Option<OccurrencePlace>,
    limit: u32,
) -> Result<Vec<EventOccurrence>, StoreError> {
    let mut look = under_test.store.snapshot().await?;
    look.relationships()
        .occurrences(relationship, before, limit)
        .await
}
