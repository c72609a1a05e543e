//! What was said, in the order in which it was said, and what a turn left.

use waifu_app::ports::store::{MessagePlace, TurnOutcome};
use waifu_domain::turn::{
    Emotion, Message, MessagePart, RunStatus, Speaker, TurnKind, Usage, plain_text,
};

use super::voiding::void;
use super::{Promise, StoreUnderTest};
use crate::builders::{failure, fresh, moment, user};

pub async fn history_is_newest_first_and_the_user_speaks_first(
    under_test: &StoreUnderTest,
) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let mut turn_ids = Vec::new();
    for n in 1..=2 {
        let turn = scenario.turn_at(&format!("question {n}"), moment(n));
        turn_ids.push(turn.turn_id);
        under_test.play(turn, &format!("answer {n}")).await?;
    }
    let id = under_test.relationship(scenario.pair).await?.id;
    let history = under_test.history(id).await?;
    let told: Vec<_> = history
        .iter()
        .map(|said| (said.turn_no, said.speaker, plain_text(&said.parts)))
        .collect();
    assert_eq!(
        told,
        [
            (2, Speaker::Waifu, "answer 2".to_owned()),
            (2, Speaker::User, "question 2".to_owned()),
            (1, Speaker::Waifu, "answer 1".to_owned()),
            (1, Speaker::User, "question 1".to_owned()),
        ]
    );
    assert_eq!(history[1].turn_id, turn_ids[1]);
    assert_eq!(history[1].created_at, moment(2));
    assert!(
        history
            .iter()
            .all(|said| said.status == RunStatus::Completed)
    );
    Ok(())
}

pub async fn pages_of_history_lose_nothing(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    for n in 0..5 {
        let turn = scenario.turn(&format!("question {n}"));
        if n == 2 {
            let opening = under_test.accept_new(turn).await?;
            let failure = failure(&opening.standing, scenario.process, moment(0));
            under_test.turns.settle(failure).await?;
        } else {
            under_test.play(turn, &format!("answer {n}")).await?;
        }
    }
    under_test.accept_new(scenario.turn("still open")).await?;
    // Another's words are no part of it.
    let mut another = scenario.clone();
    another.pair.user_id = under_test.add_user(user("bob")).await?.id;
    under_test.play(another.turn("hello"), "hi").await?;

    let id = under_test.relationship(scenario.pair).await?.id;
    let whole = under_test.history(id).await?;
    assert_eq!(whole.len(), 10);
    let mut look = under_test.store.snapshot().await?;
    for limit in [1, 2, 3, 10] {
        let mut paged: Vec<Message> = Vec::new();
        let mut before = None;
        loop {
            let page = look.messages().history(id, before, limit).await?;
            assert!(page.len() <= limit as usize);
            let Some(last) = page.last() else { break };
            before = Some(MessagePlace {
                turn_no: last.turn_no,
                speaker: last.speaker,
            });
            paged.extend(page);
        }
        assert_eq!(paged, whole, "in pages of {limit}");
    }
    Ok(())
}

pub async fn an_outcome_tells_all_that_a_turn_left(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let turn = scenario.turn("hello");
    let (opening, settlement) = under_test.play(turn.clone(), "hi").await?;
    let outcome = under_test.outcome(turn.turn_id).await?;
    let outcome = outcome.expect("the turn is there");
    let standing = opening.standing;

    let reply = settlement.reply.expect("she said something");
    let message = Message {
        id: turn.message_id,
        conversation_id: standing.conversation_id,
        turn_id: turn.turn_id,
        turn_no: 1,
        speaker: Speaker::User,
        parts: vec![MessagePart::text("hello")],
        status: RunStatus::Completed,
        emotion: None,
        created_at: turn.at,
    };
    let reply = Message {
        id: reply.message_id,
        speaker: Speaker::Waifu,
        parts: vec![MessagePart::text("hi")],
        emotion: Some(Emotion::Shy),
        created_at: settlement.at,
        ..message.clone()
    };
    let ledger = under_test.ledger(standing.relationship.id).await?;
    assert_eq!(ledger.len(), 1);
    assert_eq!(
        outcome,
        TurnOutcome {
            turn: standing.turn,
            relationship_id: standing.relationship.id,
            kind: TurnKind::Chat,
            status: RunStatus::Completed,
            reason: None,
            usage: Some(Usage {
                prompt_tokens: 321,
                completion_tokens: 12,
            }),
            message: Some(message),
            reply: Some(reply),
            interactions: ledger,
        }
    );
    Ok(())
}

pub async fn a_streaming_turn_has_no_reply_yet(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let turn = scenario.turn("hello");
    under_test.accept_new(turn.clone()).await?;
    let outcome = under_test.outcome(turn.turn_id).await?;
    let outcome = outcome.expect("the turn is there");
    assert_eq!(outcome.status, RunStatus::Streaming);
    assert_eq!(outcome.reason, None);
    assert_eq!(outcome.usage, None);
    assert_eq!(outcome.reply, None);
    assert_eq!(outcome.interactions, []);
    let message = outcome.message.expect("the user said something");
    assert_eq!(message.status, RunStatus::Completed);
    let history = under_test.history(outcome.relationship_id).await?;
    assert_eq!(history, [message]);
    Ok(())
}

pub async fn an_unknown_turn_has_no_outcome(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    under_test.play(scenario.turn("hello"), "hi").await?;
    assert_eq!(under_test.outcome(fresh()).await?, None);
    Ok(())
}

pub async fn every_relationship_has_one_default_conversation(
    under_test: &StoreUnderTest,
) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let (opening, _) = under_test.play(scenario.turn("hello"), "hi").await?;
    let (next, _) = under_test.play(scenario.turn("again"), "hi").await?;
    let standing = opening.standing;
    assert_eq!(next.standing.conversation_id, standing.conversation_id);
    let mut look = under_test.store.snapshot().await?;
    let conversation = look
        .messages()
        .default_conversation(standing.relationship.id)
        .await?;
    assert_eq!(conversation, Some(standing.conversation_id));
    let nowhere = look.messages().default_conversation(fresh()).await?;
    assert_eq!(nowhere, None);
    Ok(())
}

pub async fn unicode_text_survives(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let said = "  ひまり 👩‍👩‍👧 é e\u{301} \"quoted\" \\ \u{1}\u{7f}\u{202e}\r\n\t𝕏 \u{10ffff} ' -- ;";
    let turn = scenario.turn(said);
    let turn_id = turn.turn_id;
    under_test.play(turn, &said.repeat(50)).await?;
    let outcome = under_test.outcome(turn_id).await?;
    let outcome = outcome.expect("the turn is there");
    let message = outcome.message.expect("the user said something");
    assert_eq!(plain_text(&message.parts), said);
    let reply = outcome.reply.expect("she said something");
    assert_eq!(plain_text(&reply.parts), said.repeat(50));
    assert_eq!(outcome.interactions[0].said.as_deref(), Some(said));

    let next = under_test.accept_new(scenario.turn("next")).await?;
    assert_eq!(next.history[0].text, said);
    Ok(())
}

pub async fn a_message_is_found_by_its_id(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let turn = scenario.turn("hello");
    under_test.play(turn.clone(), "hi").await?;
    let first = under_test.outcome(turn.turn_id).await?;
    let first = first.expect("the turn is there");
    // An answer that stands no more is kept.
    let ending = under_test
        .answer_again(&scenario, turn.turn_id, "hi again")
        .await?;
    let second = under_test.outcome(turn.turn_id).await?;
    let second = second.expect("the turn is there");
    assert_eq!(
        second.reply.as_ref().map(|reply| reply.id),
        ending.reply.map(|reply| reply.message_id)
    );
    let messages = [first.message, first.reply, second.reply];
    for message in messages.into_iter().flatten() {
        let found = under_test.by_id(message.id).await?;
        assert_eq!(found, Some(message));
    }
    assert_eq!(under_test.by_id(fresh()).await?, None);
    Ok(())
}

pub async fn a_message_that_was_taken_back_is_found_by_its_id(
    under_test: &StoreUnderTest,
) -> Promise {
    let (_, relationship) = under_test.met().await?;
    let history = under_test.history(relationship.id).await?;
    assert_eq!(history.len(), 2);
    void(under_test, relationship.id, 1).await?;
    assert_eq!(under_test.history(relationship.id).await?, []);
    for message in history {
        let found = under_test.by_id(message.id).await?;
        assert_eq!(found, Some(message));
    }
    Ok(())
}
