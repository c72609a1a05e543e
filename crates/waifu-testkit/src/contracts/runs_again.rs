//! Another run of a turn: it streams and ends like any, and the turn moves affection once however many it has.

use std::sync::Arc;

use time::Duration;
use waifu_app::ports::store::{NewRun, StoreError};
use waifu_app::ports::turn_store::{
    Accepted, Authority, Heartbeat, Settled, Settlement, Standing, TurnRef,
};
use waifu_domain::ids::TurnId;
use waifu_domain::prompt::Line;
use waifu_domain::relationship::Affection;
use waifu_domain::turn::{EndReason, EndStatus, RunStatus, TurnKind, plain_text};

use super::scenario::Scenario;
use super::{Promise, StoreUnderTest};
use crate::builders::{another_run, failure, fresh, horizon, moment, reaction, settlement, user};

pub async fn another_run_of_a_turn_is_number_two(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let turn = scenario.turn("hello");
    let (opening, _) = under_test.play(turn.clone(), "hi").await?;
    let before = under_test.relationship(scenario.pair).await?;
    let again = another_run(&opening.standing, fresh(), moment(5));
    let started = under_test.start_again(again).await?;
    let expected = TurnRef {
        run: 2,
        ..opening.standing.turn
    };
    assert_eq!(started, expected);
    // The event is the caller's.
    assert_eq!(under_test.relationship(scenario.pair).await?, before);

    let standing = under_test.standing(turn.turn_id).await?;
    assert_eq!(standing.turn, expected);
    assert_eq!(standing.ended, None);
    assert_eq!(standing.words_so_far, "");
    let outcome = under_test.outcome(turn.turn_id).await?;
    let outcome = outcome.expect("the turn is there");
    assert_eq!(outcome.turn, expected);
    assert_eq!(outcome.status, RunStatus::Streaming);
    assert_eq!(outcome.usage, None);
    assert_eq!(outcome.reply, None);
    let said = outcome.message.map(|message| plain_text(&message.parts));
    assert_eq!(said.as_deref(), Some("hello"));
    // Until it has words, the first answer stands.
    assert_eq!(under_test.told(before.id).await?, ["hello", "hi"]);

    let accepted = under_test.turns.accept(scenario.turn("and?")).await?;
    let Accepted::Busy(busy) = accepted else {
        panic!("expected busy, found {accepted:?}");
    };
    assert_eq!(busy, expected);
    let mut look = under_test.store.snapshot().await?;
    let streaming = look.turns().streaming(before.id).await?;
    assert_eq!(streaming, Some(expected));
    Ok(())
}

pub async fn another_run_streams_under_its_own_lease(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let (opening, first_ending) = under_test.play(scenario.turn("hello"), "hi").await?;
    let turn_id = opening.standing.turn.turn_id;
    let process = fresh();
    let again = another_run(&opening.standing, process, moment(5));
    under_test.start_again(again).await?;
    let standing = under_test.standing(turn_id).await?;

    let minute = Duration::minutes(1);
    let beat = |run, words: &str| Heartbeat {
        turn_id,
        run,
        words: Arc::from(words),
    };
    let turns = &under_test.turns;
    for (by, run, is_lost) in [
        (process, 2, false),
        (process, 1, true),
        (process, 3, true),
        (scenario.process, 2, true),
        (scenario.process, 1, true),
    ] {
        let words = if is_lost { "of another" } else { "well" };
        let lost = turns.beat(by, minute, vec![beat(run, words)]).await?;
        assert_eq!(lost == [turn_id], is_lost, "run {run}");
    }
    assert_eq!(under_test.standing(turn_id).await?.words_so_far, "well");

    let own = settlement(&standing, process, "well, hello", moment(6));
    let of_the_first_run = Settlement {
        turn: first_ending.turn,
        authority: Authority::Holder(process),
        ..own.clone()
    };
    let foreign = Settlement {
        authority: Authority::Holder(scenario.process),
        ..own.clone()
    };
    let too_early = Settlement {
        authority: Authority::LeaseExpired,
        ..own.clone()
    };
    for wrong in [of_the_first_run, foreign, too_early] {
        let settled = turns.settle(wrong).await?;
        assert_eq!(settled, Settled::EndedByAnother);
    }
    assert_eq!(turns.settle(own.clone()).await?, Settled::Done);
    assert_eq!(turns.settle(own).await?, Settled::EndedByAnother);
    let lost = turns.beat(process, minute, vec![beat(2, "more")]).await?;
    assert_eq!(lost, [turn_id]);
    Ok(())
}

pub async fn another_run_whose_process_died_is_abandoned(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let (opening, _) = under_test.play(scenario.turn("hello"), "hi").await?;
    let dead = NewRun {
        lease: Duration::milliseconds(1),
        ..another_run(&opening.standing, scenario.process, moment(5))
    };
    let turn = under_test.start_again(dead).await?;
    tokio::time::sleep(std::time::Duration::from_millis(60)).await;
    assert_eq!(under_test.turns.abandoned(10).await?, [turn.turn_id]);
    let standing = under_test.standing(turn.turn_id).await?;
    let reaped = Settlement {
        authority: Authority::LeaseExpired,
        ..failure(&standing, fresh(), moment(6))
    };
    assert_eq!(under_test.turns.settle(reaped).await?, Settled::Done);
    assert_eq!(under_test.turns.abandoned(10).await?, []);
    let standing = under_test.standing(turn.turn_id).await?;
    assert_eq!(standing.turn.run, 2);
    assert_eq!(standing.ended, Some(EndStatus::Failed));
    Ok(())
}

pub async fn words_of_another_run_become_her_answer_and_move_nothing_more(
    under_test: &StoreUnderTest,
) -> Promise {
    let (scenario, before) = under_test.met().await?;
    assert_ne!(before.affection, Affection::NONE);
    let turn = the_turn(under_test, &scenario).await?;
    let standing = under_test.run_again(&scenario, turn).await?;
    assert_eq!(standing.appraisal, None);
    let ending = settlement(&standing, scenario.process, "oh, hello!", moment(6));
    assert_eq!(
        under_test.turns.settle(ending.clone()).await?,
        Settled::Done
    );

    let after = under_test.assert_lawful(scenario.pair).await?;
    assert_eq!(after.head, ending.append.head_after());
    assert_eq!(after.head.entry_no, before.head.entry_no);
    assert_eq!(after.affection, before.affection);
    assert_eq!(after.last_interaction, before.last_interaction);
    assert_eq!(under_test.told(before.id).await?, ["hello", "oh, hello!"]);
    let outcome = under_test.outcome(turn).await?.expect("it is there");
    assert_eq!(outcome.status, RunStatus::Completed);
    assert_eq!(outcome.interactions, under_test.ledger(before.id).await?);
    let reply = outcome.reply.expect("she said something");
    assert_eq!(plain_text(&reply.parts), "oh, hello!");
    assert_eq!(reply.created_at, moment(6));
    assert_eq!(under_test.history(before.id).await?[0], reply);

    // She is heard in later turns as she was heard last.
    let next = under_test.accept_new(scenario.turn("and?")).await?;
    let history: Vec<_> = next.history.iter().map(|line| &*line.text).collect();
    assert_eq!(history, ["hello", "oh, hello!"]);
    Ok(())
}

pub async fn another_run_moves_affection_when_the_first_has_failed(
    under_test: &StoreUnderTest,
) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let turn = scenario.turn("hello");
    let opening = under_test.accept_new(turn.clone()).await?;
    let failed = failure(&opening.standing, scenario.process, moment(1));
    assert_eq!(under_test.turns.settle(failed).await?, Settled::Done);
    let before = under_test.relationship(scenario.pair).await?;
    assert_eq!(before.affection, Affection::NONE);

    let standing = under_test.run_again(&scenario, turn.turn_id).await?;
    assert_eq!(standing.appraisal, turn.appraisal);
    let failed = failure(&standing, scenario.process, moment(2));
    assert_eq!(under_test.turns.settle(failed).await?, Settled::Done);
    let ending = under_test
        .answer_again(&scenario, turn.turn_id, "hi")
        .await?;
    assert_eq!(ending.turn.run, 3);
    let after = under_test.assert_lawful(scenario.pair).await?;
    assert_ne!(after.affection, Affection::NONE);
    assert_eq!(after.head.entry_no, 1);
    let row = &under_test.ledger(before.id).await?[0];
    assert_eq!(row.said.as_deref(), Some("hello"));
    // Once.
    under_test
        .answer_again(&scenario, turn.turn_id, "hello!")
        .await?;
    let last = under_test.assert_lawful(scenario.pair).await?;
    assert_eq!(last.affection, after.affection);
    assert_eq!(last.head.entry_no, 1);
    assert_eq!(under_test.told(before.id).await?, ["hello", "hello!"]);
    Ok(())
}

pub async fn another_run_that_fails_leaves_the_first_answer(
    under_test: &StoreUnderTest,
) -> Promise {
    let (scenario, before) = under_test.met().await?;
    let turn = the_turn(under_test, &scenario).await?;
    let history = under_test.history(before.id).await?;
    let standing = under_test.run_again(&scenario, turn).await?;
    let failed = failure(&standing, scenario.process, moment(6));
    assert_eq!(under_test.turns.settle(failed).await?, Settled::Done);
    assert_eq!(under_test.history(before.id).await?, history);
    assert_eq!(history[0].status, RunStatus::Completed);
    // The outcome is the newest run's.
    let outcome = under_test.outcome(turn).await?.expect("it is there");
    assert_eq!(outcome.turn.run, 2);
    assert_eq!(outcome.status, RunStatus::Failed);
    assert_eq!(outcome.reason, Some(EndReason::ProviderFailed));
    assert_eq!(outcome.reply, None);
    Ok(())
}

pub async fn the_opening_of_another_run_holds_what_came_before_its_turn(
    under_test: &StoreUnderTest,
) -> Promise {
    let (scenario, _) = under_test.met().await?;
    let turn = scenario.turn("how are you?");
    let (first, _) = under_test.play(turn.clone(), "fine").await?;
    under_test.run_again(&scenario, turn.turn_id).await?;
    for limit in [40, 1] {
        let opening = under_test
            .turns
            .opening(turn.turn_id, limit, horizon(moment(0)))
            .await?;
        let opening = opening.expect("the turn is there");
        assert_eq!(opening.standing.turn.run, 2);
        let from = first.history.len().saturating_sub(limit as usize);
        let expected: &[Line] = &first.history[from..];
        assert_eq!(opening.history, expected);
    }
    assert_eq!(first.history.len(), 2);
    Ok(())
}

pub async fn another_run_is_never_started_beside_one_that_streams(
    under_test: &StoreUnderTest,
) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let (first, _) = under_test.play(scenario.turn("hello"), "hi").await?;
    let second = under_test.accept_new(scenario.turn("and?")).await?;
    for standing in [&first.standing, &second.standing] {
        let mut work = under_test.store.begin().await?;
        work.relationships().lock(scenario.pair).await?;
        let again = another_run(standing, fresh(), moment(5));
        let started = work.turns().start_again(again).await;
        assert!(matches!(started, Err(StoreError::Failed(_))), "{started:?}");
        work.rollback().await?;
    }
    let untouched = under_test.standing(first.standing.turn.turn_id).await?;
    assert_eq!(untouched.turn.run, 1);
    let ending = settlement(&second.standing, scenario.process, "and?", moment(6));
    assert_eq!(under_test.turns.settle(ending).await?, Settled::Done);
    Ok(())
}

pub async fn another_run_of_a_rolled_back_unit_of_work_never_was(
    under_test: &StoreUnderTest,
) -> Promise {
    let (scenario, before) = under_test.met().await?;
    let turn = the_turn(under_test, &scenario).await?;
    let standing = under_test.standing(turn).await?;
    let mut work = under_test.store.begin().await?;
    work.relationships().lock(scenario.pair).await?;
    let again = another_run(&standing, scenario.process, moment(5));
    assert_eq!(work.turns().start_again(again).await?.run, 2);
    work.rollback().await?;
    assert_eq!(still(under_test, turn).await?, standing.turn);
    under_test.accept_new(scenario.turn("and?")).await?;
    assert_eq!(under_test.told(before.id).await?.len(), 3);
    Ok(())
}

pub async fn she_answers_a_gift_again(under_test: &StoreUnderTest) -> Promise {
    let (scenario, before) = under_test.met().await?;
    let gift = reaction(&before, scenario.process, moment(1));
    let turn = under_test.start(gift).await?;
    let standing = under_test.standing(turn.turn_id).await?;
    let ending = settlement(&standing, scenario.process, "for me?", moment(2));
    assert_eq!(under_test.turns.settle(ending).await?, Settled::Done);
    let again = under_test.run_again(&scenario, turn.turn_id).await?;
    assert_eq!(again.turn, TurnRef { run: 2, ..turn });
    assert_eq!(again.turn.message_id, None);
    assert_eq!(again.kind, TurnKind::Gift);
    let ending = settlement(&again, scenario.process, "thank you!", moment(3));
    assert_eq!(under_test.turns.settle(ending).await?, Settled::Done);
    let told = under_test.told(before.id).await?;
    assert_eq!(told, ["hello", "hi", "thank you!"]);
    under_test.assert_lawful(scenario.pair).await?;
    Ok(())
}

pub async fn another_run_is_the_affair_of_one_relationship(under_test: &StoreUnderTest) -> Promise {
    let (scenario, _) = under_test.met().await?;
    let mut another = scenario.clone();
    another.pair.user_id = under_test.add_user(user("bob")).await?.id;
    under_test.accept_new(another.turn("hello there")).await?;
    let turn = the_turn(under_test, &scenario).await?;
    // Hers with Bob streams, and is none of Ada's business.
    let ending = under_test.answer_again(&scenario, turn, "oh!").await?;
    assert_eq!(ending.turn.run, 2);
    Ok(())
}

/// The last one of these two.
async fn the_turn(under_test: &StoreUnderTest, scenario: &Scenario) -> Result<TurnId, StoreError> {
    let id = under_test.relationship(scenario.pair).await?.id;
    Ok(under_test.history(id).await?[0].turn_id)
}

async fn still(under_test: &StoreUnderTest, turn: TurnId) -> Result<TurnRef, StoreError> {
    let standing: Standing = under_test.standing(turn).await?;
    assert_ne!(standing.ended, None);
    Ok(standing.turn)
}
