//! A user who wants no more of an answer: he ends its run, whichever process streams it.

use std::sync::Arc;

use time::Duration;
use tokio::sync::Barrier;
use waifu_app::ports::store::StoreError;
use waifu_app::ports::turn_store::{Heartbeat, Opening, Settled, Standing};
use waifu_domain::relationship::Affection;
use waifu_domain::turn::{EndStatus, RunStatus, plain_text};

use super::scenario::Scenario;
use super::{Promise, StoreUnderTest};
use crate::builders::{cancellation, moment, settlement};

pub async fn a_user_ends_a_run_that_a_process_holds(under_test: &StoreUnderTest) -> Promise {
    let (scenario, opening) = half_said(under_test, "Once upon").await?;
    let turn_id = opening.standing.turn.turn_id;
    let standing = under_test.standing(turn_id).await?;
    assert_eq!(standing.words_so_far, "Once upon");
    let cancelled = cancellation(&standing, &standing.words_so_far, moment(1));
    let settled = under_test.turns.settle(cancelled.clone()).await?;
    assert_eq!(settled, Settled::Done);

    let after = under_test.assert_lawful(scenario.pair).await?;
    assert_eq!(after.head, cancelled.append.head_after());
    let id = after.id;
    assert_eq!(under_test.told(id).await?, ["tell me", "Once upon"]);
    let shown = &under_test.history(id).await?[0];
    assert_eq!(shown.status, RunStatus::Cancelled);
    let outcome = under_test.outcome(turn_id).await?.expect("it is there");
    assert_eq!(outcome.status, RunStatus::Cancelled);
    assert_eq!(outcome.reason, None);
    assert_eq!(outcome.reply.as_ref(), Some(shown));
    assert_eq!(under_test.turns.abandoned(10).await?, []);
    // There is room for what he says next.
    under_test.accept_new(scenario.turn("never mind")).await?;
    Ok(())
}

pub async fn the_process_finds_out_that_its_run_was_cancelled(
    under_test: &StoreUnderTest,
) -> Promise {
    let (scenario, opening) = half_said(under_test, "Once upon").await?;
    let standing = under_test.standing(opening.standing.turn.turn_id).await?;
    let cancelled = cancellation(&standing, "Once upon", moment(1));
    assert_eq!(under_test.turns.settle(cancelled).await?, Settled::Done);
    let after = under_test.relationship(scenario.pair).await?;

    let lost = beat(under_test, &scenario, &standing, "Once upon a time").await?;
    assert_eq!(lost, [standing.turn.turn_id]);
    // By what it has read before, and by what it would read now.
    for standing in [&opening.standing, &under_test.standing(lost[0]).await?] {
        let whole = settlement(standing, scenario.process, "Once upon a time", moment(2));
        let settled = under_test.turns.settle(whole).await?;
        assert_eq!(settled, Settled::EndedByAnother);
    }
    assert_eq!(under_test.relationship(scenario.pair).await?, after);
    let told = under_test.told(after.id).await?;
    assert_eq!(told, ["tell me", "Once upon"]);
    Ok(())
}

pub async fn words_that_were_cut_short_move_affection_once(under_test: &StoreUnderTest) -> Promise {
    let (scenario, opening) = half_said(under_test, "Once upon").await?;
    let standing = under_test.standing(opening.standing.turn.turn_id).await?;
    let cancelled = cancellation(&standing, "Once upon", moment(1));
    assert_eq!(under_test.turns.settle(cancelled).await?, Settled::Done);
    let after = under_test.assert_lawful(scenario.pair).await?;
    assert_ne!(after.affection, Affection::NONE);
    assert_eq!(after.head.entry_no, 1);

    let turn = standing.turn.turn_id;
    under_test
        .answer_again(&scenario, turn, "Once upon a time …")
        .await?;
    let last = under_test.assert_lawful(scenario.pair).await?;
    assert_eq!(last.affection, after.affection);
    assert_eq!(last.head.entry_no, 1);
    Ok(())
}

pub async fn a_run_that_was_cancelled_before_a_word_moves_nothing(
    under_test: &StoreUnderTest,
) -> Promise {
    let (scenario, opening) = half_said(under_test, "").await?;
    let turn = opening.standing.turn.turn_id;
    let cancelled = cancellation(&opening.standing, "", moment(1));
    assert_eq!(under_test.turns.settle(cancelled).await?, Settled::Done);
    let after = under_test.assert_lawful(scenario.pair).await?;
    assert_eq!(after.affection, Affection::NONE);
    assert_eq!(after.head.entry_no, 0);
    assert_eq!(under_test.told(after.id).await?, ["tell me"]);
    let standing = under_test.standing(turn).await?;
    assert_eq!(standing.ended, Some(EndStatus::Cancelled));
    // Another run still may.
    under_test.answer_again(&scenario, turn, "Once").await?;
    let last = under_test.assert_lawful(scenario.pair).await?;
    assert_ne!(last.affection, Affection::NONE);
    Ok(())
}

pub async fn a_run_that_is_over_can_not_be_cancelled(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let (opening, _) = under_test
        .play(scenario.turn("tell me"), "The end.")
        .await?;
    let turn = opening.standing.turn.turn_id;
    let before = under_test.relationship(scenario.pair).await?;
    for standing in [&opening.standing, &under_test.standing(turn).await?] {
        for words in ["The", ""] {
            let late = cancellation(standing, words, moment(2));
            let settled = under_test.turns.settle(late).await?;
            assert_eq!(settled, Settled::EndedByAnother);
        }
    }
    // Nor does the run before it stand for the one that streams.
    let streaming = under_test.run_again(&scenario, turn).await?;
    let mut of_the_first = cancellation(&streaming, "The", moment(3));
    of_the_first.turn = opening.standing.turn;
    let settled = under_test.turns.settle(of_the_first).await?;
    assert_eq!(settled, Settled::EndedByAnother);
    assert_eq!(under_test.standing(turn).await?.ended, None);
    assert_eq!(under_test.assert_lawful(scenario.pair).await?, before);
    Ok(())
}

pub async fn a_cancellation_that_is_stale_writes_nothing(under_test: &StoreUnderTest) -> Promise {
    let (scenario, opening) = half_said(under_test, "Once upon").await?;
    let standing = under_test.standing(opening.standing.turn.turn_id).await?;
    let stale = cancellation(&standing, "Once upon", moment(1));
    let correction =
        crate::builders::adjustment(&standing.relationship, &standing.state, 3, moment(1));
    under_test.append(correction).await?;
    let before = under_test.relationship(scenario.pair).await?;
    assert_eq!(under_test.turns.settle(stale).await?, Settled::Stale);
    assert_eq!(under_test.relationship(scenario.pair).await?, before);

    let standing = under_test.standing(standing.turn.turn_id).await?;
    assert_eq!(standing.ended, None);
    let cancelled = cancellation(&standing, "Once upon", moment(1));
    assert_eq!(under_test.turns.settle(cancelled).await?, Settled::Done);
    under_test.assert_lawful(scenario.pair).await?;
    Ok(())
}

pub async fn whoever_comes_first_ends_the_run(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    for round in 1..=20 {
        let opening = under_test.accept_new(scenario.turn("tell me")).await?;
        let standing = opening.standing;
        let start = Arc::new(Barrier::new(2));
        let both = [
            settlement(&standing, scenario.process, "whole", moment(1)),
            cancellation(&standing, "half", moment(1)),
        ];
        let tasks = both.map(|ending| {
            let (turns, start) = (under_test.turns.clone(), start.clone());
            tokio::spawn(async move {
                start.wait().await;
                turns.settle(ending).await
            })
        });
        let mut settled = Vec::new();
        for task in tasks {
            settled.push(task.await.expect("it does not panic")?);
        }
        let was_heard = match settled[..] {
            [Settled::Done, Settled::EndedByAnother] => "whole",
            [Settled::EndedByAnother, Settled::Done] => "half",
            _ => panic!("expected one end, found {settled:?}"),
        };
        let shown = under_test.outcome(standing.turn.turn_id).await?;
        let reply = shown.and_then(|outcome| outcome.reply);
        let reply = reply.expect("something was said");
        assert_eq!(plain_text(&reply.parts), was_heard);
        let after = under_test.assert_lawful(scenario.pair).await?;
        assert_eq!(after.head.entry_no, round);
    }
    Ok(())
}

/// "tell me", and what she has said of her answer so far.
async fn half_said(
    under_test: &StoreUnderTest,
    words: &str,
) -> Result<(Scenario, Opening), StoreError> {
    let scenario = under_test.scenario("ada").await?;
    let opening = under_test.accept_new(scenario.turn("tell me")).await?;
    let lost = beat(under_test, &scenario, &opening.standing, words).await?;
    assert_eq!(lost, []);
    Ok((scenario, opening))
}

async fn beat(
    under_test: &StoreUnderTest,
    scenario: &Scenario,
    standing: &Standing,
    words: &str,
) -> Result<Vec<waifu_domain::ids::TurnId>, StoreError> {
    let beat = Heartbeat {
        turn_id: standing.turn.turn_id,
        run: standing.turn.run,
        words: Arc::from(words),
    };
    let minute = Duration::minutes(1);
    let turns = &under_test.turns;
    turns.beat(scenario.process, minute, vec![beat]).await
}
