//! The answers of a turn, which of them stands, and which turn is the latest.

use waifu_app::ports::store::{Candidate, LatestTurn, StoreError, VoidedTurns};
use waifu_app::ports::turn_store::{Settled, Settlement};
use waifu_domain::ids::{RelationshipId, TurnId};
use waifu_domain::relationship::Cause;
use waifu_domain::turn::{EndReason, EndStatus, RunNo, RunStatus, TurnKind, plain_text};

use super::scenario::Scenario;
use super::voiding::void;
use super::{Promise, StoreUnderTest};
use crate::builders::{failure, fresh, moment, reaction, settlement, slug, user};

pub async fn candidates_come_in_the_order_of_the_runs(under_test: &StoreUnderTest) -> Promise {
    let (scenario, id, turn) = answered_thrice(under_test).await?;
    let found = candidates(under_test, &[turn]).await?;
    let told: Vec<_> = found.iter().map(|one| (one.run, one.is_chosen)).collect();
    // The second run failed, and the newest words are her answer.
    assert_eq!(told, [(1, false), (3, false), (4, true)]);
    for (candidate, expected) in found.iter().zip(["one", "three", "four"]) {
        let message = under_test.by_id(candidate.message_id).await?;
        let message = message.expect("it is there");
        assert_eq!(plain_text(&message.parts), expected);
        assert_eq!(candidate.turn_id, turn);
    }

    let next = scenario.turn("and?");
    under_test.play(next.clone(), "and what?").await?;
    let both = candidates(under_test, &[next.turn_id, turn]).await?;
    let of = |turn: TurnId| both.iter().filter(move |one| one.turn_id == turn);
    assert_eq!(of(turn).copied().collect::<Vec<_>>(), found);
    let [only] = of(next.turn_id).collect::<Vec<_>>()[..] else {
        panic!("expected one, found {both:?}");
    };
    assert!(only.is_chosen);
    assert_eq!(both.len(), 4);
    assert_eq!(candidates(under_test, &[turn]).await?, found);
    assert_eq!(candidates(under_test, &[]).await?, []);
    assert_eq!(candidates(under_test, &[fresh()]).await?, []);
    assert_eq!(under_test.told(id).await?[1], "four");
    Ok(())
}

pub async fn a_turn_without_words_has_no_candidates(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let opening = under_test.accept_new(scenario.turn("hello")).await?;
    let turn = opening.standing.turn.turn_id;
    assert_eq!(candidates(under_test, &[turn]).await?, []);
    let failed = failure(&opening.standing, scenario.process, moment(1));
    assert_eq!(under_test.turns.settle(failed).await?, Settled::Done);
    assert_eq!(candidates(under_test, &[turn]).await?, []);
    under_test.run_again(&scenario, turn).await?;
    assert_eq!(candidates(under_test, &[turn]).await?, []);
    Ok(())
}

pub async fn an_earlier_answer_is_brought_back(under_test: &StoreUnderTest) -> Promise {
    let (scenario, id, turn) = answered_thrice(under_test).await?;
    let before = under_test.relationship(scenario.pair).await?;
    let outcome = under_test.outcome(turn).await?;
    for (run, words) in [(1, "one"), (3, "three"), (4, "four"), (1, "one")] {
        choose(under_test, turn, run).await?;
        assert_eq!(under_test.told(id).await?, ["hello", words]);
        let chosen: Vec<_> = candidates(under_test, &[turn])
            .await?
            .into_iter()
            .filter(|one| one.is_chosen)
            .map(|one| one.run)
            .collect();
        assert_eq!(chosen, [run]);
    }
    // The event is the caller's, and the newest run is what it was.
    assert_eq!(under_test.assert_lawful(scenario.pair).await?, before);
    assert_eq!(under_test.outcome(turn).await?, outcome);
    assert_eq!(under_test.standing(turn).await?.turn.run, 4);

    let next = under_test.accept_new(scenario.turn("and?")).await?;
    let history: Vec<_> = next.history.iter().map(|line| &*line.text).collect();
    assert_eq!(history, ["hello", "one"]);
    Ok(())
}

pub async fn a_choice_stands_until_there_are_new_words(under_test: &StoreUnderTest) -> Promise {
    let (scenario, id, turn) = answered_thrice(under_test).await?;
    choose(under_test, turn, 1).await?;
    let standing = under_test.run_again(&scenario, turn).await?;
    assert_eq!(under_test.told(id).await?, ["hello", "one"]);
    let failed = failure(&standing, scenario.process, moment(7));
    assert_eq!(under_test.turns.settle(failed).await?, Settled::Done);
    assert_eq!(under_test.told(id).await?, ["hello", "one"]);
    under_test.answer_again(&scenario, turn, "six").await?;
    assert_eq!(under_test.told(id).await?, ["hello", "six"]);
    Ok(())
}

pub async fn an_answer_is_shown_with_the_status_of_its_own_run(
    under_test: &StoreUnderTest,
) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let opening = under_test.accept_new(scenario.turn("hello")).await?;
    let turn = opening.standing.turn.turn_id;
    let cut = Settlement {
        status: EndStatus::Incomplete,
        reason: Some(EndReason::Cut),
        ..settlement(&opening.standing, scenario.process, "well, I…", moment(1))
    };
    assert_eq!(under_test.turns.settle(cut).await?, Settled::Done);
    under_test.answer_again(&scenario, turn, "hi").await?;
    let id = opening.standing.relationship.id;
    for (run, status, at) in [
        (1, RunStatus::Incomplete, moment(1)),
        (2, RunStatus::Completed, moment(2)),
    ] {
        choose(under_test, turn, run).await?;
        let shown = under_test.history(id).await?.swap_remove(0);
        assert_eq!((shown.status, shown.created_at), (status, at));
        assert_eq!(under_test.by_id(shown.id).await?, Some(shown));
    }
    Ok(())
}

pub async fn a_choice_of_a_rolled_back_unit_of_work_never_was(
    under_test: &StoreUnderTest,
) -> Promise {
    let (_, id, turn) = answered_thrice(under_test).await?;
    let mut work = under_test.store.begin().await?;
    work.turns().choose(turn, 1).await?;
    let shown = work.messages().history(id, None, 1).await?;
    assert_eq!(plain_text(&shown[0].parts), "one");
    work.rollback().await?;
    assert_eq!(under_test.told(id).await?, ["hello", "four"]);
    Ok(())
}

pub async fn the_latest_turn_comes_with_its_newest_run(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let met = under_test.meet(scenario.pair, moment(0)).await?;
    assert_eq!(latest(under_test, met.id).await?, None);
    assert_eq!(latest(under_test, fresh()).await?, None);

    let opening = under_test.accept_new(scenario.turn("hello")).await?;
    let mut expected = LatestTurn {
        turn: opening.standing.turn,
        kind: TurnKind::Chat,
        cause: None,
        status: RunStatus::Streaming,
    };
    assert_eq!(latest(under_test, met.id).await?.as_ref(), Some(&expected));
    let failed = failure(&opening.standing, scenario.process, moment(1));
    assert_eq!(under_test.turns.settle(failed).await?, Settled::Done);
    expected.status = RunStatus::Failed;
    assert_eq!(latest(under_test, met.id).await?.as_ref(), Some(&expected));
    let turn = expected.turn.turn_id;
    under_test.answer_again(&scenario, turn, "hi").await?;
    expected.turn.run = 2;
    expected.status = RunStatus::Completed;
    assert_eq!(latest(under_test, met.id).await?.as_ref(), Some(&expected));

    let gift = reaction(&met, scenario.process, moment(3));
    let turn = under_test.start(gift.clone()).await?;
    let expected = LatestTurn {
        turn,
        kind: TurnKind::Gift,
        cause: Some(gift.cause),
        status: RunStatus::Streaming,
    };
    assert_eq!(latest(under_test, met.id).await?, Some(expected));
    Ok(())
}

pub async fn the_latest_turn_is_the_newest_that_stands(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let mut turns = Vec::new();
    for n in 1..=4 {
        let turn = scenario.turn(&format!("question {n}"));
        turns.push(turn.turn_id);
        under_test.play(turn, "yes?").await?;
    }
    let mut another = scenario.clone();
    another.pair.user_id = under_test.add_user(user("bob")).await?.id;
    for _ in 0..6 {
        under_test.play(another.turn("hello"), "hi").await?;
    }
    let id = under_test.relationship(scenario.pair).await?.id;
    for (from, expected) in [
        (5, Some(turns[3])),
        (4, Some(turns[2])),
        (2, Some(turns[0])),
        (1, None),
    ] {
        void(under_test, id, from).await?;
        let latest = latest(under_test, id).await?;
        let latest = latest.map(|latest| latest.turn.turn_id);
        assert_eq!(latest, expected, "when {from} and later are void");
    }
    let next = scenario.turn("question 5");
    under_test.play(next.clone(), "yes?").await?;
    let latest = latest(under_test, id).await?.expect("there is one");
    assert_eq!(latest.turn.turn_id, next.turn_id);
    assert_eq!(latest.turn.turn_no, 5);
    // Taken back or not, its answers are remembered.
    assert_eq!(candidates(under_test, &turns).await?.len(), 4);
    let nothing = void(under_test, id, 6).await?;
    assert_eq!(nothing, VoidedTurns::default());
    Ok(())
}

pub async fn the_cause_of_a_turn_is_what_was_done(under_test: &StoreUnderTest) -> Promise {
    let (scenario, met) = under_test.met().await?;
    let chat = under_test.history(met.id).await?[0].turn_id;
    let causes = [
        (
            TurnKind::Gift,
            Cause::Gift {
                gift: slug("crane"),
                for_birthday: true,
            },
        ),
        (
            TurnKind::Date,
            Cause::Date {
                date: slug("river_walk"),
            },
        ),
        (
            TurnKind::Event,
            Cause::Occurrence {
                occurrence_id: fresh(),
                event: slug("letter"),
                choice: slug("yes"),
            },
        ),
    ];
    for (kind, cause) in causes {
        let mut deed = reaction(&met, scenario.process, moment(1));
        (deed.kind, deed.cause) = (kind, cause.clone());
        let turn = under_test.start(deed).await?.turn_id;
        let standing = under_test.standing(turn).await?;
        let ending = settlement(&standing, scenario.process, "oh!", moment(1));
        assert_eq!(under_test.turns.settle(ending).await?, Settled::Done);
        assert_eq!(cause_of(under_test, turn).await?, Some(cause));
        under_test.answer_again(&scenario, turn, "oh my!").await?;
    }
    assert_eq!(cause_of(under_test, chat).await?, None);
    assert_eq!(cause_of(under_test, fresh()).await?, None);
    Ok(())
}

/// "hello", answered with "one", with nothing, with "three" and with "four".
async fn answered_thrice(
    under_test: &StoreUnderTest,
) -> Result<(Scenario, RelationshipId, TurnId), StoreError> {
    let scenario = under_test.scenario("ada").await?;
    let (opening, _) = under_test.play(scenario.turn("hello"), "one").await?;
    let turn = opening.standing.turn.turn_id;
    let standing = under_test.run_again(&scenario, turn).await?;
    let failed = failure(&standing, scenario.process, moment(2));
    assert_eq!(under_test.turns.settle(failed).await?, Settled::Done);
    under_test.answer_again(&scenario, turn, "three").await?;
    under_test.answer_again(&scenario, turn, "four").await?;
    Ok((scenario, opening.standing.relationship.id, turn))
}

async fn candidates(
    under_test: &StoreUnderTest,
    turns: &[TurnId],
) -> Result<Vec<Candidate>, StoreError> {
    let mut look = under_test.store.snapshot().await?;
    look.turns().candidates(turns).await
}

async fn choose(under_test: &StoreUnderTest, turn: TurnId, run: RunNo) -> Promise {
    let mut work = under_test.store.begin().await?;
    work.turns().choose(turn, run).await?;
    work.commit().await
}

async fn latest(
    under_test: &StoreUnderTest,
    relationship: RelationshipId,
) -> Result<Option<LatestTurn>, StoreError> {
    let mut look = under_test.store.snapshot().await?;
    look.turns().latest(relationship).await
}

async fn cause_of(under_test: &StoreUnderTest, turn: TurnId) -> Result<Option<Cause>, StoreError> {
    let mut look = under_test.store.snapshot().await?;
    look.turns().cause(turn).await
}
