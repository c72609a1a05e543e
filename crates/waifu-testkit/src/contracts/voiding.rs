//! Turns that are taken back: no history shows them any more, and what they were can't happen twice.

use waifu_app::ports::store::{MessagePlace, StoreError, VoidedTurns};
use waifu_app::ports::turn_store::{Accepted, Settled};
use waifu_domain::ids::{RelationshipId, TurnId};
use waifu_domain::turn::Message;

use super::scenario::Scenario;
use super::{Promise, StoreUnderTest};
use crate::builders::{failure, horizon, moment, reaction, retry_of, settlement, user};

pub async fn voided_turns_are_in_no_history(under_test: &StoreUnderTest) -> Promise {
    let (scenario, id, turns) = talk(under_test).await?;
    let voided = void(under_test, id, 3).await?;
    let expected = VoidedTurns {
        turns: vec![turns[2], turns[4], turns[5]],
        last_turn_no: 6,
    };
    assert_eq!(voided, expected);
    let stands = [
        "question 1",
        "answer 1",
        "question 2",
        "answer 2",
        "for me?",
    ];
    assert_eq!(under_test.told(id).await?, stands);

    let next = scenario.turn("question 7");
    let opening = under_test.accept_new(next.clone()).await?;
    let history: Vec<_> = opening.history.iter().map(|line| &*line.text).collect();
    assert_eq!(history, stands);
    // Numbers are not given twice.
    assert_eq!(opening.standing.turn.turn_no, 7);
    let read = under_test
        .turns
        .opening(next.turn_id, 3, horizon(moment(0)))
        .await?;
    let history = read.expect("the turn is there").history;
    let history: Vec<_> = history.iter().map(|line| &*line.text).collect();
    assert_eq!(history, stands[2..]);
    Ok(())
}

pub async fn pages_of_a_history_leave_out_what_is_void(under_test: &StoreUnderTest) -> Promise {
    let (_, id, _) = talk(under_test).await?;
    void(under_test, id, 3).await?;
    let whole = under_test.history(id).await?;
    let mut look = under_test.store.snapshot().await?;
    for limit in [1, 2, 3, 50] {
        let (mut paged, mut before) = (Vec::<Message>::new(), None);
        loop {
            let page = look.messages().history(id, before, limit).await?;
            let Some(last) = page.last() else { break };
            before = Some(MessagePlace {
                turn_no: last.turn_no,
                speaker: last.speaker,
            });
            // A page is full as long as there is more.
            assert!(page.len() == limit as usize || paged.len() + page.len() == whole.len());
            paged.extend(page);
        }
        assert_eq!(paged, whole, "in pages of {limit}");
    }
    Ok(())
}

pub async fn turns_are_voided_from_a_number_on(under_test: &StoreUnderTest) -> Promise {
    let (_, id, turns) = talk(under_test).await?;
    for (from, expected, last_turn_no) in [
        (7, vec![], 0),
        (6, vec![turns[5]], 6),
        (4, vec![turns[4]], 5),
        (1, vec![turns[0], turns[1], turns[2]], 3),
    ] {
        let voided = void(under_test, id, from).await?;
        let expected = VoidedTurns {
            turns: expected,
            last_turn_no,
        };
        assert_eq!(voided, expected, "from {from}");
    }
    assert_eq!(under_test.told(id).await?, ["for me?"]);
    Ok(())
}

pub async fn voiding_again_does_nothing(under_test: &StoreUnderTest) -> Promise {
    let (scenario, id, _) = talk(under_test).await?;
    void(under_test, id, 3).await?;
    let stands = under_test.told(id).await?;
    assert_eq!(void(under_test, id, 3).await?, VoidedTurns::default());
    assert_eq!(under_test.told(id).await?, stands);
    // What is void stays so when more is said, and only that is voided next.
    let later = scenario.turn("question 7");
    under_test.play(later.clone(), "answer 7").await?;
    assert_eq!(under_test.told(id).await?.len(), stands.len() + 2);
    let voided = void(under_test, id, 1).await?;
    assert_eq!(voided.last_turn_no, 7);
    assert_eq!(voided.turns.len(), 3);
    assert_eq!(voided.turns[2], later.turn_id);
    Ok(())
}

pub async fn a_voided_turn_without_an_answer_is_void_too(under_test: &StoreUnderTest) -> Promise {
    let (scenario, before) = under_test.met().await?;
    let turn = scenario.turn("are you there?");
    let opening = under_test.accept_new(turn.clone()).await?;
    let ending = failure(&opening.standing, scenario.process, moment(1));
    assert_eq!(under_test.turns.settle(ending).await?, Settled::Done);
    let voided = void(under_test, before.id, 2).await?;
    assert_eq!(voided.turns, [turn.turn_id]);
    assert_eq!(under_test.told(before.id).await?, ["hello", "hi"]);
    Ok(())
}

pub async fn a_message_of_a_voided_turn_is_a_duplicate_still(
    under_test: &StoreUnderTest,
) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let turn = scenario.turn("hello");
    let (opening, _) = under_test.play(turn.clone(), "hi").await?;
    let id = opening.standing.relationship.id;
    void(under_test, id, 1).await?;
    let accepted = under_test.turns.accept(retry_of(&turn)).await?;
    let Accepted::Duplicate(first) = accepted else {
        panic!("expected a duplicate, found {accepted:?}");
    };
    assert_eq!(first, opening.standing.turn);
    assert_eq!(under_test.told(id).await?, [""; 0]);
    Ok(())
}

pub async fn voiding_touches_no_other_relationship(under_test: &StoreUnderTest) -> Promise {
    let (scenario, before) = under_test.met().await?;
    let mut another = scenario.clone();
    another.pair.user_id = under_test.add_user(user("bob")).await?.id;
    under_test.play(another.turn("hello there"), "hi").await?;
    let others = under_test.relationship(another.pair).await?;
    void(under_test, before.id, 1).await?;
    assert_eq!(under_test.told(before.id).await?, [""; 0]);
    assert_eq!(under_test.told(others.id).await?, ["hello there", "hi"]);
    // The ledger is moved by rows alone.
    assert_eq!(under_test.assert_lawful(scenario.pair).await?, before);
    Ok(())
}

pub async fn a_rolled_back_unit_of_work_voids_nothing(under_test: &StoreUnderTest) -> Promise {
    let (scenario, before) = under_test.met().await?;
    let mut work = under_test.store.begin().await?;
    work.relationships().lock(scenario.pair).await?;
    let voided = work.turns().void_chats(before.id, 1, moment(9)).await?;
    assert_eq!(voided.turns.len(), 1);
    work.rollback().await?;
    assert_eq!(under_test.told(before.id).await?, ["hello", "hi"]);
    Ok(())
}

/// Six turns, the fourth of them a reaction.
async fn talk(
    under_test: &StoreUnderTest,
) -> Result<(Scenario, RelationshipId, Vec<TurnId>), StoreError> {
    let scenario = under_test.scenario("ada").await?;
    let mut turns = Vec::new();
    for n in 1..=6 {
        if n == 4 {
            let met = under_test.relationship(scenario.pair).await?;
            let new = reaction(&met, scenario.process, moment(1));
            let turn = under_test.start(new).await?;
            let standing = under_test.standing(turn.turn_id).await?;
            let ending = settlement(&standing, scenario.process, "for me?", moment(1));
            assert_eq!(under_test.turns.settle(ending).await?, Settled::Done);
            turns.push(turn.turn_id);
        } else {
            let turn = scenario.turn_at(&format!("question {n}"), moment(1));
            turns.push(turn.turn_id);
            under_test.play(turn, &format!("answer {n}")).await?;
        }
    }
    let id = under_test.relationship(scenario.pair).await?.id;
    Ok((scenario, id, turns))
}

pub(super) async fn void(
    under_test: &StoreUnderTest,
    relationship: RelationshipId,
    from_turn_no: u32,
) -> Result<VoidedTurns, StoreError> {
    let mut work = under_test.store.begin().await?;
    let voided = work
        .turns()
        .void_chats(relationship, from_turn_no, moment(9))
        .await?;
    work.commit().await?;
    Ok(voided)
}
