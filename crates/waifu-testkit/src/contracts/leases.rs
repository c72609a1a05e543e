//! Leases: who may end a run, by the store's own clock.

use std::sync::Arc;
use std::time::Duration as Wait;

use time::Duration;
use waifu_app::ports::turn_store::{Authority, Heartbeat, NewTurn, Settled, Settlement, Standing};
use waifu_domain::turn::EndStatus;

use super::scenario::Scenario;
use super::{Promise, StoreUnderTest};
use crate::builders::{failure, fresh, moment, settlement, user};

/// A lease that has run out when the call returns, or a moment later.
const SHORT: Duration = Duration::milliseconds(1);
/// Longer than [`SHORT`] by far.
const A_WHILE: Wait = Wait::from_millis(60);

pub async fn an_expired_lease_lets_anybody_settle(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let standing = abandoned_run(under_test, &scenario).await?;
    let turn_id = standing.turn.turn_id;
    assert_eq!(under_test.turns.abandoned(10).await?, [turn_id]);
    let reaped = Settlement {
        authority: Authority::LeaseExpired,
        status: EndStatus::Failed,
        ..failure(&standing, scenario.process, moment(2))
    };
    let settled = under_test.turns.settle(reaped).await?;
    assert_eq!(settled, Settled::Done);
    let ended = under_test.standing(turn_id).await?.ended;
    assert_eq!(ended, Some(EndStatus::Failed));
    Ok(())
}

pub async fn a_living_lease_lets_only_its_holder_settle(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let standing = under_test
        .accept_new(scenario.turn("hello"))
        .await?
        .standing;
    assert_eq!(under_test.turns.abandoned(10).await?, []);
    for authority in [Authority::LeaseExpired, Authority::Holder(fresh())] {
        let foreign = Settlement {
            authority,
            ..settlement(&standing, scenario.process, "hi", moment(2))
        };
        let settled = under_test.turns.settle(foreign).await?;
        assert_eq!(settled, Settled::EndedByAnother, "by {authority:?}");
    }
    let own = settlement(&standing, scenario.process, "hi", moment(2));
    assert_eq!(under_test.turns.settle(own).await?, Settled::Done);
    Ok(())
}

pub async fn a_holder_may_settle_after_its_lease_ran_out(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let standing = abandoned_run(under_test, &scenario).await?;
    let own = settlement(&standing, scenario.process, "hi", moment(2));
    assert_eq!(under_test.turns.settle(own).await?, Settled::Done);
    Ok(())
}

pub async fn a_beat_renews_the_lease_and_saves_the_words(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let standing = abandoned_run(under_test, &scenario).await?;
    let turn_id = standing.turn.turn_id;
    let lost = under_test
        .turns
        .beat(
            scenario.process,
            Duration::minutes(1),
            vec![beat(&standing, "Once upon a")],
        )
        .await?;
    assert_eq!(lost, []);
    assert_eq!(under_test.turns.abandoned(10).await?, []);
    let words = under_test.standing(turn_id).await?.words_so_far;
    assert_eq!(words, "Once upon a");

    under_test
        .turns
        .beat(
            scenario.process,
            SHORT,
            vec![beat(&standing, "Once upon a time")],
        )
        .await?;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(under_test.turns.abandoned(10).await?, [turn_id]);
    let words = under_test.standing(turn_id).await?.words_so_far;
    assert_eq!(words, "Once upon a time");
    Ok(())
}

pub async fn a_beat_names_the_runs_that_are_lost(under_test: &StoreUnderTest) -> Promise {
    let ours = under_test.scenario("ada").await?;
    let foreign = under_test.scenario("bob").await?;
    let over = under_test.scenario("eve").await?;
    let minute = Duration::minutes(1);

    let ours_standing = under_test.accept_new(ours.turn("hello")).await?.standing;
    let foreign_standing = under_test.accept_new(foreign.turn("hello")).await?.standing;
    let ended = NewTurn {
        process: ours.process,
        ..over.turn("hello")
    };
    let (ended, _) = under_test.play(ended, "hi").await?;
    let mut unknown = beat(&ours_standing, "?");
    unknown.turn_id = fresh();
    let mut later_run = beat(&ours_standing, "of another run");
    later_run.run = 2;

    let beats = vec![
        beat(&foreign_standing, "stolen"),
        beat(&ours_standing, "ours"),
        beat(&ended.standing, "too late"),
        unknown.clone(),
    ];
    let mut lost = under_test.turns.beat(ours.process, minute, beats).await?;
    let mut expected = vec![
        foreign_standing.turn.turn_id,
        ended.standing.turn.turn_id,
        unknown.turn_id,
    ];
    lost.sort();
    expected.sort();
    assert_eq!(lost, expected);
    let lost = under_test
        .turns
        .beat(ours.process, minute, vec![later_run])
        .await?;
    assert_eq!(lost, [ours_standing.turn.turn_id]);

    for (standing, words) in [
        (&ours_standing, "ours"),
        (&foreign_standing, ""),
        (&ended.standing, ""),
    ] {
        let now = under_test.standing(standing.turn.turn_id).await?;
        assert_eq!(now.words_so_far, words);
    }
    let lost = under_test
        .turns
        .beat(ours.process, minute, Vec::new())
        .await?;
    assert_eq!(lost, []);
    Ok(())
}

pub async fn a_beat_moves_no_head(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let standing = under_test
        .accept_new(scenario.turn("hello"))
        .await?
        .standing;
    let beats = vec![beat(&standing, "so")];
    under_test
        .turns
        .beat(scenario.process, Duration::minutes(1), beats)
        .await?;
    let relationship = under_test.relationship(scenario.pair).await?;
    assert_eq!(relationship, standing.relationship);
    let own = settlement(&standing, scenario.process, "hi", moment(2));
    assert_eq!(under_test.turns.settle(own).await?, Settled::Done);
    Ok(())
}

pub async fn a_settled_run_is_never_abandoned(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let standing = abandoned_run(under_test, &scenario).await?;
    let beats = vec![beat(&standing, "so far")];
    under_test
        .turns
        .beat(scenario.process, SHORT, beats)
        .await?;
    let own = settlement(&standing, scenario.process, "hi", moment(2));
    assert_eq!(under_test.turns.settle(own).await?, Settled::Done);
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(under_test.turns.abandoned(10).await?, []);
    let after = under_test.standing(standing.turn.turn_id).await?;
    assert_eq!(after.words_so_far, "");
    Ok(())
}

pub async fn abandoned_runs_come_at_most_limit_at_a_time(under_test: &StoreUnderTest) -> Promise {
    let mut scenario = under_test.scenario("ada").await?;
    let mut expected = vec![abandoned_run(under_test, &scenario).await?.turn.turn_id];
    for n in 0..4 {
        let user = under_test.add_user(user(&format!("user_{n}"))).await?;
        scenario.pair.user_id = user.id;
        expected.push(abandoned_run(under_test, &scenario).await?.turn.turn_id);
    }
    assert_eq!(under_test.turns.abandoned(3).await?.len(), 3);
    let mut all = under_test.turns.abandoned(10).await?;
    all.sort();
    expected.sort();
    assert_eq!(all, expected);
    Ok(())
}

/// A run whose lease has run out.
async fn abandoned_run(
    under_test: &StoreUnderTest,
    scenario: &Scenario,
) -> Result<Standing, waifu_app::ports::store::StoreError> {
    let turn = NewTurn {
        lease: SHORT,
        ..scenario.turn("hello")
    };
    let opening = under_test.accept_new(turn).await?;
    tokio::time::sleep(A_WHILE).await;
    Ok(opening.standing)
}

fn beat(standing: &Standing, words: &str) -> Heartbeat {
    Heartbeat {
        turn_id: standing.turn.turn_id,
        run: standing.turn.run,
        words: Arc::from(words),
    }
}
