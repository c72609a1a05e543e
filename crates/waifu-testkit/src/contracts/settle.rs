//! Settling: everything that a run leaves in one commit, once.

use waifu_app::ports::store::StoreError;
use waifu_app::ports::turn_store::{DurableEvent, Settled, Settlement};
use waifu_domain::affection::Act;
use waifu_domain::events::{EventOccurrence, OccurrenceState};
use waifu_domain::relationship::{Affection, Cause, InteractionKind, Level};
use waifu_domain::turn::{EndReason, EndStatus, RunStatus, Speaker};

use super::{Promise, StoreUnderTest};
use crate::builders::{act_of_an_adult, failure, fresh, moment, settlement, since, slug};

pub async fn settle_writes_reply_rows_and_events_in_one_commit(
    under_test: &StoreUnderTest,
) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let turn = scenario.turn("hello");
    let opening = under_test.accept_new(turn.clone()).await?;
    let settlement = settlement(&opening.standing, scenario.process, "hi", moment(2));
    let settled = under_test.turns.settle(settlement.clone()).await?;
    assert_eq!(settled, Settled::Done);

    let after = settlement
        .append
        .moved
        .clone()
        .expect("the turn moves")
        .state;
    let relationship = under_test.assert_lawful(scenario.pair).await?;
    assert_eq!(relationship.head, settlement.append.head_after());
    assert_eq!(relationship.affection, after.affection);
    assert_eq!(relationship.level, after.level);
    assert_eq!(relationship.last_interaction, Some(moment(2)));
    assert_eq!(under_test.ledger(relationship.id).await?.len(), 1);

    let history = under_test.history(relationship.id).await?;
    let speakers: Vec<_> = history.iter().map(|message| message.speaker).collect();
    assert_eq!(speakers, [Speaker::Waifu, Speaker::User]);

    let standing = under_test.standing(turn.turn_id).await?;
    assert_eq!(standing.ended, Some(EndStatus::Completed));
    assert_eq!(standing.words_so_far, "");
    assert_eq!(standing.state, after);
    Ok(())
}

pub async fn a_stale_settlement_writes_nothing(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let turn = scenario.turn("hello");
    let opening = under_test.accept_new(turn.clone()).await?;
    let outdated = settlement(&opening.standing, scenario.process, "hi", moment(2));

    let standing = &opening.standing;
    let correction =
        crate::builders::adjustment(&standing.relationship, &standing.state, 7, moment(1));
    under_test.append(correction).await?;
    let before = under_test.relationship(scenario.pair).await?;
    assert_eq!(under_test.turns.settle(outdated).await?, Settled::Stale);

    assert_eq!(under_test.relationship(scenario.pair).await?, before);
    assert_eq!(under_test.ledger(before.id).await?.len(), 1);
    assert_eq!(under_test.history(before.id).await?.len(), 1);
    let now = under_test.standing(turn.turn_id).await?;
    assert_eq!(now.ended, None);

    let judged_again = settlement(&now, scenario.process, "hi", moment(3));
    let settled = under_test.turns.settle(judged_again).await?;
    assert_eq!(settled, Settled::Done);
    let relationship = under_test.assert_lawful(scenario.pair).await?;
    assert!(relationship.affection.get() > 7);
    Ok(())
}

pub async fn a_run_ends_once(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let (_, first) = under_test.play(scenario.turn("hello"), "hi").await?;
    let before = under_test.relationship(scenario.pair).await?;
    let standing = under_test.standing(first.turn.turn_id).await?;
    let again = settlement(&standing, scenario.process, "hi again", moment(3));
    let settled = under_test.turns.settle(again).await?;
    assert_eq!(settled, Settled::EndedByAnother);
    assert_eq!(under_test.relationship(scenario.pair).await?, before);
    assert_eq!(under_test.history(before.id).await?.len(), 2);
    Ok(())
}

pub async fn a_run_that_is_over_is_never_stale(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let (_, first) = under_test.play(scenario.turn("hello"), "hi").await?;
    // The very same settlement: its head is an old one by now.
    let settled = under_test.turns.settle(first.clone()).await?;
    assert_eq!(settled, Settled::EndedByAnother);
    let mut unknown = first;
    unknown.turn.turn_id = fresh();
    let settled = under_test.turns.settle(unknown).await?;
    assert_eq!(settled, Settled::EndedByAnother);
    Ok(())
}

pub async fn a_turn_moves_affection_once(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let (opening, first) = under_test.play(scenario.turn("hello"), "hi").await?;
    let standing = under_test.standing(first.turn.turn_id).await?;
    assert_eq!(standing.appraisal, None);

    let act = Act::Chat {
        turn_id: first.turn.turn_id,
        appraisal: opening.standing.appraisal.expect("the message is warm"),
    };
    let second = act_of_an_adult(&standing.relationship, &standing.state, &act, moment(3));
    let mut work = under_test.store.begin().await?;
    let appended = work.relationships().append(second).await;
    assert!(
        matches!(appended, Err(StoreError::Failed(_))),
        "{appended:?}"
    );
    drop(work);
    under_test.assert_lawful(scenario.pair).await?;
    Ok(())
}

pub async fn a_run_without_a_word_moves_nothing(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let turn = scenario.turn("hello");
    let opening = under_test.accept_new(turn.clone()).await?;
    let failure = failure(&opening.standing, scenario.process, moment(2));
    let settled = under_test.turns.settle(failure.clone()).await?;
    assert_eq!(settled, Settled::Done);

    let relationship = under_test.assert_lawful(scenario.pair).await?;
    assert_eq!(relationship.head, failure.append.head_after());
    assert_eq!(relationship.head.version, 0);
    assert_eq!(relationship.affection, Affection::NONE);
    assert_eq!(relationship.level, Level::STRANGER);
    let history = under_test.history(relationship.id).await?;
    assert_eq!(history.len(), 1);
    assert_eq!(history[0].speaker, Speaker::User);
    assert_eq!(history[0].status, RunStatus::Completed);
    let standing = under_test.standing(turn.turn_id).await?;
    assert_eq!(standing.ended, Some(EndStatus::Failed));
    // It has moved nothing yet, so a later run of it may.
    assert_eq!(standing.appraisal, turn.appraisal);
    Ok(())
}

pub async fn an_incomplete_reply_is_kept_with_its_status(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let turn = scenario.turn("hello");
    let opening = under_test.accept_new(turn.clone()).await?;
    let cut = Settlement {
        status: EndStatus::Incomplete,
        reason: Some(EndReason::ProviderTimeout),
        usage: None,
        ..settlement(&opening.standing, scenario.process, "well, I…", moment(2))
    };
    assert_eq!(under_test.turns.settle(cut).await?, Settled::Done);

    let history = under_test.history(opening.standing.relationship.id).await?;
    assert_eq!(history[0].status, RunStatus::Incomplete);
    assert_eq!(history[1].status, RunStatus::Completed);
    let outcome = under_test.outcome(turn.turn_id).await?;
    let outcome = outcome.expect("the turn is there");
    assert_eq!(outcome.status, RunStatus::Incomplete);
    assert_eq!(outcome.reason, Some(EndReason::ProviderTimeout));
    assert_eq!(outcome.usage, None);
    assert_eq!(outcome.reply.as_ref(), Some(&history[0]));
    Ok(())
}

pub async fn an_ended_run_makes_room_for_the_next(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    for status in [
        EndStatus::Completed,
        EndStatus::Incomplete,
        EndStatus::Failed,
        EndStatus::Cancelled,
    ] {
        let opening = under_test.accept_new(scenario.turn("hello")).await?;
        let end = Settlement {
            status,
            ..failure(&opening.standing, scenario.process, moment(2))
        };
        assert_eq!(under_test.turns.settle(end).await?, Settled::Done);
        let standing = under_test.standing(opening.standing.turn.turn_id).await?;
        assert_eq!(standing.ended, Some(status));
    }
    Ok(())
}

pub async fn an_opened_event_pends_in_the_next_standing(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let opening = under_test.accept_new(scenario.turn("hello")).await?;
    let settlement = opening_an_event(
        settlement(&opening.standing, scenario.process, "hi", moment(2)),
        "confession",
    );
    let settled = under_test.turns.settle(settlement).await?;
    assert_eq!(settled, Settled::Done);

    let next = under_test.accept_new(scenario.turn("and?")).await?;
    let [last] = &next.standing.state.last_occurrences[..] else {
        panic!("expected one occurrence, found {:?}", next.standing.state);
    };
    assert_eq!(last.event, slug("confession"));
    assert_eq!(last.state, OccurrenceState::Pending);
    assert_eq!(last.opened_at, moment(2));
    Ok(())
}

pub async fn an_event_that_pends_already_fails_the_whole_settlement(
    under_test: &StoreUnderTest,
) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let opening = under_test.accept_new(scenario.turn("hello")).await?;
    let first = opening_an_event(
        settlement(&opening.standing, scenario.process, "hi", moment(2)),
        "confession",
    );
    under_test.turns.settle(first).await?;
    let turn = scenario.turn("and?");
    let opening = under_test.accept_new(turn.clone()).await?;
    let before = under_test.relationship(scenario.pair).await?;
    let again = opening_an_event(
        settlement(&opening.standing, scenario.process, "hi", moment(3)),
        "confession",
    );
    let settled = under_test.turns.settle(again).await;
    assert!(matches!(settled, Err(StoreError::Failed(_))), "{settled:?}");
    assert_eq!(under_test.relationship(scenario.pair).await?, before);
    assert_eq!(under_test.standing(turn.turn_id).await?.ended, None);

    let without = settlement(&opening.standing, scenario.process, "hi", moment(3));
    assert_eq!(under_test.turns.settle(without).await?, Settled::Done);
    Ok(())
}

pub async fn a_decay_row_belongs_to_the_turn_that_found_it(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let (opening, _) = under_test.play(scenario.turn("hello"), "hi").await?;
    let relationship = under_test.relationship(scenario.pair).await?;
    let state = under_test
        .state(
            &relationship,
            since(opening.standing.relationship.created_at),
        )
        .await?;
    let gift = crate::builders::adjustment(&relationship, &state, 50, moment(1));
    under_test.append(gift).await?;

    let after_a_month = moment(30 * 86_400);
    let turn = scenario.turn_at("I'm back", after_a_month);
    let (_, settlement) = under_test.play(turn.clone(), "…").await?;
    let rows = &settlement.append.moved.expect("the turn moves").entries;
    assert_eq!(rows[0].cause, Cause::Absence);

    let outcome = under_test.outcome(turn.turn_id).await?;
    let outcome = outcome.expect("the turn is there");
    let kinds: Vec<_> = outcome
        .interactions
        .iter()
        .map(|row| row.interaction.kind)
        .collect();
    assert_eq!(kinds, [InteractionKind::Decay, InteractionKind::Chat]);
    assert_eq!(outcome.interactions[0].interaction, rows[0]);
    assert_eq!(outcome.interactions[0].said, None);
    assert_eq!(outcome.interactions[1].interaction, rows[1]);
    assert_eq!(outcome.interactions[1].said.as_deref(), Some("I'm back"));
    under_test.assert_lawful(scenario.pair).await?;
    Ok(())
}

fn opening_an_event(settlement: Settlement, event: &str) -> Settlement {
    let mut append = settlement.append;
    let occurrence = EventOccurrence {
        id: fresh(),
        event: slug(event),
        opened_at: settlement.at,
        expires_at: Some(settlement.at.plus(time::Duration::days(3))),
        state: OccurrenceState::Pending,
    };
    append.events.push(DurableEvent::EventOpened {
        occurrence_id: occurrence.id,
    });
    append.opened.push(occurrence);
    Settlement {
        append,
        ..settlement
    }
}
