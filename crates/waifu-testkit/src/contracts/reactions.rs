//! Turns that answer what a user did: numbered among the others, and streamed and settled like them.

use time::Duration;
use waifu_app::ports::store::{NewReaction, StoreError, TurnOutcome};
use waifu_app::ports::turn_store::{
    Accepted, Authority, DurableEvent, NewTurn, Settled, Settlement, TurnRef,
};
use waifu_domain::ids::RelationshipId;
use waifu_domain::prompt::Line;
use waifu_domain::turn::{EndReason, EndStatus, RunStatus, Speaker, TurnKind, plain_text};

use super::{Promise, StoreUnderTest};
use crate::builders::{
    failure, fresh, horizon, moment, reaction, retry_of, settlement, unmoved, user,
};

pub async fn a_reaction_is_a_turn_without_a_message(under_test: &StoreUnderTest) -> Promise {
    let (scenario, before) = under_test.met().await?;
    let new = reaction(&before, scenario.process, moment(5));
    let turn = under_test.start(new.clone()).await?;
    let expected = TurnRef {
        turn_id: new.turn_id,
        turn_no: 2,
        run: 1,
        message_id: None,
    };
    assert_eq!(turn, expected);
    // The event is the caller's.
    assert_eq!(under_test.relationship(scenario.pair).await?, before);

    let standing = under_test.standing(new.turn_id).await?;
    assert_eq!(standing.turn, turn);
    assert_eq!(standing.kind, TurnKind::Gift);
    assert_eq!(standing.ended, None);
    assert_eq!(standing.appraisal, None);
    assert_eq!(standing.words_so_far, "");
    assert_eq!(*standing.waifu, scenario.waifu);
    assert_eq!(standing.relationship, before);
    let outcome = under_test.outcome(new.turn_id).await?;
    let expected = TurnOutcome {
        turn,
        relationship_id: before.id,
        kind: TurnKind::Gift,
        status: RunStatus::Streaming,
        reason: None,
        usage: None,
        message: None,
        reply: None,
        interactions: Vec::new(),
    };
    assert_eq!(outcome, Some(expected));
    assert_eq!(under_test.history(before.id).await?.len(), 2);
    Ok(())
}

pub async fn reactions_and_chats_are_numbered_together(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let met = under_test.meet(scenario.pair, moment(0)).await?;
    for expected in [1, 3, 5] {
        let turn = under_test
            .start(reaction(&met, scenario.process, moment(1)))
            .await?;
        assert_eq!(turn.turn_no, expected);
        let standing = under_test.standing(turn.turn_id).await?;
        let ending = settlement(&standing, scenario.process, "oh!", moment(2));
        assert_eq!(under_test.turns.settle(ending).await?, Settled::Done);
        let (opening, _) = under_test.play(scenario.turn("hello"), "hi").await?;
        assert_eq!(opening.standing.turn.turn_no, expected + 1);
    }
    let history = under_test.history(met.id).await?;
    let told: Vec<_> = history
        .iter()
        .rev()
        .map(|said| (said.turn_no, said.speaker))
        .collect();
    let expected: Vec<_> = [1, 3, 5]
        .into_iter()
        .flat_map(|no| {
            [
                (no, Speaker::Waifu),
                (no + 1, Speaker::User),
                (no + 1, Speaker::Waifu),
            ]
        })
        .collect();
    assert_eq!(told, expected);
    Ok(())
}

pub async fn a_reaction_that_streams_makes_a_send_busy(under_test: &StoreUnderTest) -> Promise {
    let (scenario, before) = under_test.met().await?;
    assert_eq!(streaming(under_test, before.id).await?, None);
    let turn = under_test
        .start(reaction(&before, scenario.process, moment(1)))
        .await?;
    assert_eq!(streaming(under_test, before.id).await?, Some(turn));
    let accepted = under_test.turns.accept(scenario.turn("hey!")).await?;
    let Accepted::Busy(busy) = accepted else {
        panic!("expected busy, found {accepted:?}");
    };
    assert_eq!(busy, turn);

    let standing = under_test.standing(turn.turn_id).await?;
    let ending = settlement(&standing, scenario.process, "oh!", moment(2));
    assert_eq!(under_test.turns.settle(ending).await?, Settled::Done);
    assert_eq!(streaming(under_test, before.id).await?, None);
    let opening = under_test.accept_new(scenario.turn("hey!")).await?;
    let chat = opening.standing.turn;
    assert_eq!(streaming(under_test, before.id).await?, Some(chat));
    assert_eq!(streaming(under_test, fresh()).await?, None);
    Ok(())
}

pub async fn a_second_run_is_never_started_beside_the_first(
    under_test: &StoreUnderTest,
) -> Promise {
    let (scenario, before) = under_test.met().await?;
    under_test
        .accept_new(scenario.turn("are you there?"))
        .await?;
    let mut work = under_test.store.begin().await?;
    work.relationships().lock(scenario.pair).await?;
    let second = reaction(&before, scenario.process, moment(1));
    let started = work.turns().start(second).await;
    assert!(matches!(started, Err(StoreError::Failed(_))), "{started:?}");
    work.rollback().await
}

pub async fn a_reaction_settles_like_any_run(under_test: &StoreUnderTest) -> Promise {
    let (scenario, before) = under_test.met().await?;
    let turn = under_test
        .start(reaction(&before, scenario.process, moment(1)))
        .await?;
    let standing = under_test.standing(turn.turn_id).await?;
    let ending = settlement(&standing, scenario.process, "for me?", moment(2));
    let foreign = Settlement {
        authority: Authority::Holder(fresh()),
        ..ending.clone()
    };
    let settled = under_test.turns.settle(foreign).await?;
    assert_eq!(settled, Settled::EndedByAnother);
    assert_eq!(
        under_test.turns.settle(ending.clone()).await?,
        Settled::Done
    );
    let settled = under_test.turns.settle(ending.clone()).await?;
    assert_eq!(settled, Settled::EndedByAnother);

    let after = under_test.assert_lawful(scenario.pair).await?;
    assert_eq!(after.head, ending.append.head_after());
    assert_eq!(after.affection, before.affection);
    assert_eq!(after.last_interaction, before.last_interaction);
    let outcome = under_test.outcome(turn.turn_id).await?;
    let outcome = outcome.expect("the turn is there");
    assert_eq!(outcome.status, RunStatus::Completed);
    assert_eq!(outcome.message, None);
    assert_eq!(outcome.interactions, []);
    let reply = outcome.reply.expect("she said something");
    assert_eq!(plain_text(&reply.parts), "for me?");
    assert_eq!(under_test.history(before.id).await?[0], reply);
    Ok(())
}

pub async fn a_reaction_without_a_word_leaves_no_message(under_test: &StoreUnderTest) -> Promise {
    let (scenario, before) = under_test.met().await?;
    let turn = under_test
        .start(reaction(&before, scenario.process, moment(1)))
        .await?;
    let standing = under_test.standing(turn.turn_id).await?;
    let ending = failure(&standing, scenario.process, moment(2));
    assert_eq!(under_test.turns.settle(ending).await?, Settled::Done);
    assert_eq!(under_test.history(before.id).await?.len(), 2);
    let outcome = under_test.outcome(turn.turn_id).await?;
    let outcome = outcome.expect("the turn is there");
    assert_eq!(outcome.status, RunStatus::Failed);
    assert_eq!(outcome.reason, Some(EndReason::ProviderFailed));
    Ok(())
}

pub async fn a_reaction_whose_process_died_is_abandoned(under_test: &StoreUnderTest) -> Promise {
    let (scenario, before) = under_test.met().await?;
    let dead = NewReaction {
        lease: Duration::milliseconds(1),
        ..reaction(&before, scenario.process, moment(1))
    };
    let turn = under_test.start(dead).await?;
    tokio::time::sleep(std::time::Duration::from_millis(60)).await;
    assert_eq!(under_test.turns.abandoned(10).await?, [turn.turn_id]);
    let standing = under_test.standing(turn.turn_id).await?;
    let reaped = Settlement {
        authority: Authority::LeaseExpired,
        ..failure(&standing, fresh(), moment(2))
    };
    assert_eq!(under_test.turns.settle(reaped).await?, Settled::Done);
    let standing = under_test.standing(turn.turn_id).await?;
    assert_eq!(standing.ended, Some(EndStatus::Failed));
    assert_eq!(under_test.turns.abandoned(10).await?, []);
    Ok(())
}

pub async fn an_opening_holds_the_history_before_its_turn(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let chat = scenario.turn("question 1");
    under_test.play(chat.clone(), "answer 1").await?;
    let met = under_test.relationship(scenario.pair).await?;
    let first = under_test
        .start(reaction(&met, scenario.process, moment(1)))
        .await?;
    let standing = under_test.standing(first.turn_id).await?;
    let ending = settlement(&standing, scenario.process, "for me?", moment(2));
    under_test.turns.settle(ending).await?;
    let second = under_test
        .start(reaction(&met, scenario.process, moment(3)))
        .await?;

    let line = |speaker, text: &str| Line {
        speaker,
        text: text.to_owned(),
    };
    let whole = [
        line(Speaker::User, "question 1"),
        line(Speaker::Waifu, "answer 1"),
        line(Speaker::Waifu, "for me?"),
    ];
    for (turn, limit, expected) in [
        (second.turn_id, 40, &whole[..]),
        (second.turn_id, 2, &whole[1..]),
        (second.turn_id, 0, &[]),
        (first.turn_id, 40, &whole[..2]),
        (chat.turn_id, 40, &[]),
    ] {
        let opening = under_test
            .turns
            .opening(turn, limit, horizon(moment(3)))
            .await?;
        let opening = opening.expect("the turn is there");
        assert_eq!(opening.history, expected, "of {turn}");
        let standing = under_test.standing(turn).await?;
        assert_eq!(opening.standing.turn, standing.turn);
        assert_eq!(opening.standing.kind, standing.kind);
        assert_eq!(opening.standing.ended, standing.ended);
        assert_eq!(opening.standing.waifu, standing.waifu);
        assert_eq!(opening.standing.user, standing.user);
        assert_eq!(opening.standing.person, standing.person);
        assert_eq!(opening.standing.relationship, standing.relationship);
        assert_eq!(opening.standing.state, standing.state);
    }
    let nobodys = under_test
        .turns
        .opening(fresh(), 40, horizon(moment(3)))
        .await?;
    assert!(nobodys.is_none(), "{nobodys:?}");
    Ok(())
}

pub async fn the_opening_of_a_turn_is_that_of_its_acceptance(
    under_test: &StoreUnderTest,
) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    for n in 1..=3 {
        let turn = scenario.turn(&format!("question {n}"));
        under_test.play(turn, &format!("answer {n}")).await?;
    }
    let turn = NewTurn {
        history_limit: 3,
        ..scenario.turn("question 4")
    };
    let told = under_test.accept_new(turn.clone()).await?;
    let read = under_test
        .turns
        .opening(turn.turn_id, 3, turn.horizon)
        .await?;
    let read = read.expect("the turn is there");
    assert_eq!(read.history, told.history);
    assert_eq!(read.history.len(), 3);
    assert_eq!(read.standing.turn, told.standing.turn);
    assert_eq!(read.standing.appraisal, told.standing.appraisal);
    assert_eq!(read.standing.relationship, told.standing.relationship);
    assert_eq!(read.standing.state, told.standing.state);
    Ok(())
}

pub async fn a_turn_has_a_number_in_its_own_relationship_alone(
    under_test: &StoreUnderTest,
) -> Promise {
    let (scenario, before) = under_test.met().await?;
    let turn = under_test
        .start(reaction(&before, scenario.process, moment(1)))
        .await?;
    let mut another = scenario.clone();
    another.pair.user_id = under_test.add_user(user("bob")).await?.id;
    let (foreign, _) = under_test.play(another.turn("hello"), "hi").await?;
    let others = foreign.standing.relationship.id;
    let foreign = foreign.standing.turn.turn_id;

    let mut look = under_test.store.snapshot().await?;
    let mut turns = look.turns();
    assert_eq!(turns.number(before.id, turn.turn_id).await?, Some(2));
    assert_eq!(turns.number(others, foreign).await?, Some(1));
    assert_eq!(turns.number(before.id, foreign).await?, None);
    assert_eq!(turns.number(others, turn.turn_id).await?, None);
    assert_eq!(turns.number(before.id, fresh()).await?, None);
    Ok(())
}

pub async fn a_reaction_of_a_rolled_back_unit_of_work_never_was(
    under_test: &StoreUnderTest,
) -> Promise {
    let (scenario, before) = under_test.met().await?;
    let new = reaction(&before, scenario.process, moment(1));
    let mut work = under_test.store.begin().await?;
    work.relationships().lock(scenario.pair).await?;
    let turn = work.turns().start(new.clone()).await?;
    assert_eq!(work.turns().streaming(before.id).await?, Some(turn));
    work.rollback().await?;
    assert_eq!(streaming(under_test, before.id).await?, None);
    assert_eq!(under_test.outcome(new.turn_id).await?, None);
    let opening = under_test.accept_new(scenario.turn("hey!")).await?;
    assert_eq!(opening.standing.turn.turn_no, 2);
    Ok(())
}

async fn streaming(
    under_test: &StoreUnderTest,
    relationship: RelationshipId,
) -> Result<Option<TurnRef>, StoreError> {
    let mut look = under_test.store.snapshot().await?;
    look.turns().streaming(relationship).await
}

pub async fn a_message_of_a_unit_of_work_is_a_turn_like_any(
    under_test: &StoreUnderTest,
) -> Promise {
    let (scenario, relationship) = under_test.met().await?;
    let turn = scenario.turn("hello again");
    let said = turn.said(relationship.id, 1);
    let mut work = under_test.store.begin().await?;
    let locked = work.relationships().lock(scenario.pair).await?;
    let started = work.turns().say(said).await?;
    let mut append = unmoved(&locked.expect("they have met"), moment(3));
    append.events =
        DurableEvent::of_acceptance(started, turn.message_id, turn.client_message_id).into();
    work.relationships().append(append).await?;
    work.commit().await?;
    assert_eq!(
        (started.turn_no, started.run, started.message_id),
        (2, 1, Some(turn.message_id))
    );

    // As if it had been accepted: it is known again, makes others busy, and is answered.
    let again = under_test.turns.accept(retry_of(&turn)).await?;
    assert!(
        matches!(again, Accepted::Duplicate(known) if known == started),
        "{again:?}"
    );
    let busy = under_test.turns.accept(scenario.turn("and me")).await?;
    assert!(
        matches!(busy, Accepted::Busy(known) if known == started),
        "{busy:?}"
    );
    let standing = under_test.standing(turn.turn_id).await?;
    assert_eq!(standing.appraisal, turn.appraisal);
    let ending = settlement(&standing, scenario.process, "hi again", moment(4));
    assert_eq!(under_test.turns.settle(ending).await?, Settled::Done);
    let history = under_test.history(relationship.id).await?;
    let texts: Vec<_> = history
        .iter()
        .map(|message| plain_text(&message.parts))
        .collect();
    assert_eq!(texts, ["hi again", "hello again", "hi", "hello"]);
    Ok(())
}
