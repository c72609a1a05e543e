//! Accepting a message: once, in order, and by nobody who may not.

use waifu_app::ports::store::{Edited, Editor, WaifuEdit};
use waifu_app::ports::turn_store::{Accepted, NewTurn, TurnRef};
use waifu_domain::affection::Appraisal;
use waifu_domain::prompt::Line;
use waifu_domain::relationship::RelationshipState;
use waifu_domain::turn::{Speaker, TurnKind};
use waifu_domain::waifu::{Owner, Visibility, Waifu};

use super::scenario::Scenario;
use super::{Promise, StoreUnderTest};
use crate::builders::{fresh, moment, profile, retry_of, since, user, waifu};

pub async fn a_first_message_opens_turn_one(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let turn = scenario.turn("hello");
    let opening = under_test.accept_new(turn.clone()).await?;
    let standing = opening.standing;

    assert_eq!(opening.history, []);
    assert_eq!(standing.turn, reference(&turn, 1));
    assert_eq!(standing.kind, TurnKind::Chat);
    assert_eq!(standing.conversation_id, turn.first_meeting.conversation_id);
    assert_eq!(standing.ended, None);
    assert_eq!(standing.appraisal, Some(Appraisal::Warm));
    assert_eq!(standing.words_so_far, "");
    assert_eq!(*standing.waifu, scenario.waifu);
    assert_eq!(standing.user, scenario.user.clone().into());
    assert_eq!(standing.person, scenario.user.person());
    let just_met = RelationshipState {
        met_at: Some(turn.at),
        ..RelationshipState::strangers()
    };
    assert_eq!(standing.state, just_met);

    let relationship = standing.relationship;
    assert_eq!(relationship.id, turn.first_meeting.relationship_id);
    assert_eq!(relationship.pair, scenario.pair);
    assert_eq!(relationship.epoch, turn.first_meeting.epoch);
    assert_eq!(relationship.head.seq, 2);
    assert_eq!(relationship.head.entry_no, 0);
    assert_eq!(relationship.head.version, 0);
    assert_eq!(relationship.created_at, turn.at);
    assert_eq!(relationship.last_interaction, None);
    assert_eq!(under_test.find(scenario.pair).await?, Some(relationship));
    Ok(())
}

pub async fn the_same_client_message_id_is_accepted_once(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let turn = scenario.turn("hello");
    let opening = under_test.accept_new(turn.clone()).await?;

    // While its run streams, and after it has ended.
    assert_duplicate(under_test, &retry_of(&turn), &turn).await?;
    assert_eq!(
        under_test.find(scenario.pair).await?,
        Some(opening.standing.relationship.clone())
    );
    let settlement =
        crate::builders::settlement(&opening.standing, scenario.process, "hi", turn.at);
    under_test.turns.settle(settlement).await?;
    assert_duplicate(under_test, &retry_of(&turn), &turn).await?;

    let history = under_test.history(opening.standing.relationship.id).await?;
    assert_eq!(history.len(), 2);
    Ok(())
}

pub async fn another_text_under_the_same_id_is_a_mismatch(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let turn = scenario.turn("hello");
    let opening = under_test.accept_new(turn.clone()).await?;
    let other = NewTurn {
        client_message_id: turn.client_message_id,
        ..scenario.turn("hello!")
    };
    let accepted = under_test.turns.accept(other).await?;
    assert!(matches!(accepted, Accepted::Mismatch), "{accepted:?}");
    assert_eq!(
        under_test.find(scenario.pair).await?,
        Some(opening.standing.relationship)
    );
    Ok(())
}

pub async fn a_duplicate_is_recognised_after_she_was_deleted(
    under_test: &StoreUnderTest,
) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let turn = scenario.turn("hello");
    under_test.play(turn.clone(), "hi").await?;
    under_test.delete_waifu(&scenario.waifu).await?;
    assert_duplicate(under_test, &retry_of(&turn), &turn).await?;
    let accepted = under_test.turns.accept(scenario.turn("and now?")).await?;
    assert!(matches!(accepted, Accepted::WaifuGone), "{accepted:?}");
    Ok(())
}

pub async fn a_second_send_while_a_run_streams_is_busy(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    under_test.play(scenario.turn("hello"), "hi").await?;
    let second = scenario.turn("are you there?");
    under_test.accept_new(second.clone()).await?;
    let accepted = under_test.turns.accept(scenario.turn("hey!")).await?;
    let Accepted::Busy(turn) = accepted else {
        panic!("expected busy, found {accepted:?}");
    };
    assert_eq!(turn, reference(&second, 2));
    Ok(())
}

pub async fn a_refused_accept_writes_nothing(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;

    let wrong_conversation = NewTurn {
        conversation_id: Some(fresh()),
        ..scenario.turn("hello")
    };
    let accepted = under_test.turns.accept(wrong_conversation).await?;
    assert!(
        matches!(accepted, Accepted::NoSuchConversation),
        "{accepted:?}"
    );
    assert_eq!(under_test.find(scenario.pair).await?, None);

    let mut nobody = scenario.turn("hello");
    nobody.pair.waifu_id = fresh();
    let accepted = under_test.turns.accept(nobody.clone()).await?;
    assert!(matches!(accepted, Accepted::NoSuchWaifu), "{accepted:?}");
    assert_eq!(under_test.find(nobody.pair).await?, None);

    let opening = under_test.accept_new(scenario.turn("hello")).await?;
    let busy = scenario.turn("hey!");
    let accepted = under_test.turns.accept(busy.clone()).await?;
    assert!(matches!(accepted, Accepted::Busy(_)), "{accepted:?}");
    let relationship = under_test.relationship(scenario.pair).await?;
    assert_eq!(relationship, opening.standing.relationship);
    assert_eq!(under_test.history(relationship.id).await?.len(), 1);
    let all = since(moment(0));
    let busy_turn = under_test.turns.standing(busy.turn_id, all).await?;
    assert!(busy_turn.is_none(), "{busy_turn:?}");
    Ok(())
}

pub async fn another_conversation_than_the_default_is_not_there(
    under_test: &StoreUnderTest,
) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let (opening, _) = under_test.play(scenario.turn("hello"), "hi").await?;

    let elsewhere = NewTurn {
        conversation_id: Some(fresh()),
        ..scenario.turn("and here?")
    };
    let accepted = under_test.turns.accept(elsewhere).await?;
    assert!(
        matches!(accepted, Accepted::NoSuchConversation),
        "{accepted:?}"
    );

    let by_name = NewTurn {
        conversation_id: Some(opening.standing.conversation_id),
        ..scenario.turn("here, then")
    };
    let standing = under_test.accept_new(by_name).await?.standing;
    assert_eq!(standing.conversation_id, opening.standing.conversation_id);
    Ok(())
}

pub async fn a_private_companion_of_another_user_is_not_there(
    under_test: &StoreUnderTest,
) -> Promise {
    let mut stranger = under_test.scenario("ada").await?;
    let owner = under_test.add_user(user("bob")).await?;
    let hers = Waifu {
        owner: Owner::User(owner.id),
        visibility: Visibility::Private,
        ..waifu()
    };
    stranger.waifu = under_test.add_waifu(hers).await?;
    stranger.pair.waifu_id = stranger.waifu.id;
    let accepted = under_test.turns.accept(stranger.turn("hello")).await?;
    assert!(matches!(accepted, Accepted::NoSuchWaifu), "{accepted:?}");

    let mut hers = stranger.clone();
    hers.pair.user_id = owner.id;
    under_test.accept_new(hers.turn("hello")).await?;

    // What he could not see, he is not told of when it goes.
    under_test.delete_waifu(&stranger.waifu).await?;
    let accepted = under_test.turns.accept(stranger.turn("hello")).await?;
    assert!(matches!(accepted, Accepted::NoSuchWaifu), "{accepted:?}");
    Ok(())
}

pub async fn going_private_keeps_existing_relationships(under_test: &StoreUnderTest) -> Promise {
    let friend = under_test.scenario("ada").await?;
    under_test.play(friend.turn("hello"), "hi").await?;
    go_private(under_test, &friend).await?;
    under_test.accept_new(friend.turn("still there?")).await?;

    let late = under_test.add_user(user("bob")).await?;
    let mut stranger = friend.clone();
    stranger.pair.user_id = late.id;
    let accepted = under_test.turns.accept(stranger.turn("hello")).await?;
    assert!(matches!(accepted, Accepted::NoSuchWaifu), "{accepted:?}");
    Ok(())
}

pub async fn a_deleted_companion_is_gone_for_those_who_could_see_her(
    under_test: &StoreUnderTest,
) -> Promise {
    let met = under_test.scenario("ada").await?;
    under_test.play(met.turn("hello"), "hi").await?;
    under_test.delete_waifu(&met.waifu).await?;
    let late = under_test.add_user(user("bob")).await?;
    let mut unmet = met.clone();
    unmet.pair.user_id = late.id;
    for scenario in [met, unmet.clone()] {
        let accepted = under_test.turns.accept(scenario.turn("hello?")).await?;
        assert!(matches!(accepted, Accepted::WaifuGone), "{accepted:?}");
    }
    assert_eq!(under_test.find(unmet.pair).await?, None);
    Ok(())
}

pub async fn the_opening_holds_the_newest_messages_oldest_first(
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
    let opening = under_test.accept_new(turn).await?;
    let line = |speaker, text: &str| Line {
        speaker,
        text: text.to_owned(),
    };
    assert_eq!(
        opening.history,
        [
            line(Speaker::Waifu, "answer 2"),
            line(Speaker::User, "question 3"),
            line(Speaker::Waifu, "answer 3"),
        ]
    );
    Ok(())
}

pub async fn a_turn_is_played_with_the_version_of_its_acceptance(
    under_test: &StoreUnderTest,
) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let turn = scenario.turn("hello");
    under_test.accept_new(turn.clone()).await?;
    go_private(under_test, &scenario).await?;

    let played = under_test.standing(turn.turn_id).await?;
    assert_eq!(played.waifu.version, 1);
    assert_eq!(played.waifu.profile, scenario.waifu.profile);

    let failure = crate::builders::failure(&played, scenario.process, moment(1));
    under_test.turns.settle(failure).await?;
    let next = under_test.accept_new(scenario.turn("again")).await?;
    assert_eq!(next.standing.waifu.version, 2);
    assert_eq!(next.standing.waifu.profile, profile("Renamed"));
    Ok(())
}

pub async fn a_standing_is_that_of_the_opening(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    for n in 0..3 {
        let turn = scenario.turn_at("hello", moment(n));
        under_test.play(turn, "hi").await?;
    }
    let turn = scenario.turn_at("hello", moment(10));
    let horizon = turn.horizon;
    let opening = under_test.accept_new(turn.clone()).await?;
    let read = under_test.turns.standing(turn.turn_id, horizon).await?;
    let read = read.expect("the turn is there");

    let told = opening.standing;
    assert_eq!(told.state.entries.len(), 3);
    assert_eq!(read.turn, told.turn);
    assert_eq!(read.kind, told.kind);
    assert_eq!(read.conversation_id, told.conversation_id);
    assert_eq!(read.ended, told.ended);
    assert_eq!(read.appraisal, told.appraisal);
    assert_eq!(read.waifu, told.waifu);
    assert_eq!(read.user, told.user);
    assert_eq!(read.person, told.person);
    assert_eq!(read.relationship, told.relationship);
    assert_eq!(read.state, told.state);
    let nobody = under_test.turns.standing(fresh(), horizon).await?;
    assert!(nobody.is_none(), "{nobody:?}");
    Ok(())
}

pub async fn turn_numbers_have_no_gaps(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    for expected in 1..=5 {
        let turn = scenario.turn("hello");
        let (opening, _) = under_test.play(turn.clone(), "hi").await?;
        assert_eq!(opening.standing.turn.turn_no, expected);
        // Neither a repeat nor a refusal uses a number up.
        under_test.turns.accept(retry_of(&turn)).await?;
        let refused = NewTurn {
            conversation_id: Some(fresh()),
            ..scenario.turn("hello")
        };
        under_test.turns.accept(refused).await?;
    }
    Ok(())
}

pub async fn event_numbers_have_no_gaps(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let mut expected = 0;
    for _ in 0..5 {
        let turn = scenario.turn("hello");
        let opening = under_test.accept_new(turn.clone()).await?;
        expected += 2;
        assert_eq!(opening.standing.relationship.head.seq, expected);
        under_test.turns.accept(scenario.turn("busy?")).await?;

        let settlement =
            crate::builders::settlement(&opening.standing, scenario.process, "hi", turn.at);
        expected += settlement.append.events.len() as u64;
        under_test.turns.settle(settlement.clone()).await?;
        under_test.turns.settle(settlement).await?;
        let relationship = under_test.relationship(scenario.pair).await?;
        assert_eq!(relationship.head.seq, expected);
    }
    Ok(())
}

fn reference(turn: &NewTurn, turn_no: u32) -> TurnRef {
    TurnRef {
        turn_id: turn.turn_id,
        turn_no,
        run: 1,
        message_id: Some(turn.message_id),
    }
}

async fn assert_duplicate(
    under_test: &StoreUnderTest,
    retry: &NewTurn,
    first: &NewTurn,
) -> Promise {
    let accepted = under_test.turns.accept(retry.clone()).await?;
    let Accepted::Duplicate(turn) = accepted else {
        panic!("expected a duplicate, found {accepted:?}");
    };
    assert_eq!(turn, reference(first, 1));
    Ok(())
}

async fn go_private(under_test: &StoreUnderTest, scenario: &Scenario) -> Promise {
    let mut work = under_test.store.begin().await?;
    let edit = WaifuEdit {
        id: scenario.waifu.id,
        expected_version: 1,
        editor: Editor::Person,
        profile: profile("Renamed"),
        visibility: Visibility::Private,
        at: moment(3),
    };
    assert_eq!(work.waifus().edit(edit).await?, Edited::Done);
    work.commit().await
}
