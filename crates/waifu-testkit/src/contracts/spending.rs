//! What users have spent: added by the commit that ends a run, once, and by no other.

use std::sync::Arc;

use time::Duration;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use waifu_app::ports::store::{Day, DayUsage, Spent, StoreError};
use waifu_app::ports::turn_store::{Authority, Settled, Settlement};
use waifu_domain::events::{EventOccurrence, OccurrenceState};
use waifu_domain::ids::UserId;
use waifu_domain::relationship::Pair;
use waifu_domain::timestamp::Timestamp;

use super::scenario::{Scenario, accept_new};
use super::{Promise, StoreUnderTest};
use crate::builders::{
    cancellation, failure, fresh, moment, new_turn_at, settlement, slug, user, waifu,
};

fn today() -> Day {
    Day::of(moment(0))
}

fn paid(ending: Settlement, user_id: UserId, tokens: u32) -> Settlement {
    let spent = Spent {
        user_id,
        day: today(),
        tokens,
    };
    Settlement {
        spent: Some(spent),
        ..ending
    }
}

impl StoreUnderTest {
    async fn spent(&self, user: UserId, day: Day) -> Result<u64, StoreError> {
        let mut work = self.store.snapshot().await?;
        work.spending().of_day(user, day).await
    }

    /// A whole turn that costs so much.
    async fn pay(&self, scenario: &Scenario, tokens: u32) -> Promise {
        let opening = self.accept_new(scenario.turn("hello")).await?;
        let ending = settlement(&opening.standing, scenario.process, "hi", moment(2));
        let ending = paid(ending, scenario.pair.user_id, tokens);
        assert_eq!(self.turns.settle(ending).await?, Settled::Done);
        Ok(())
    }
}

pub async fn what_a_run_costs_is_added_to_its_users_day(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let ada = scenario.pair.user_id;
    assert_eq!(under_test.spent(ada, today()).await?, 0);
    under_test.pay(&scenario, 300).await?;
    under_test.pay(&scenario, u32::MAX).await?;
    let both = 300 + u64::from(u32::MAX);
    assert_eq!(under_test.spent(ada, today()).await?, both);
    assert_eq!(under_test.spent(ada, today().before()).await?, 0);
    let bob = under_test.add_user(user("bob")).await?;
    assert_eq!(under_test.spent(bob.id, today()).await?, 0);
    Ok(())
}

pub async fn a_run_of_nobodys_budget_adds_nothing(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    under_test.play(scenario.turn("hello"), "hi").await?;
    let spent = under_test.spent(scenario.pair.user_id, today()).await?;
    assert_eq!(spent, 0);
    Ok(())
}

pub async fn a_settlement_that_is_refused_costs_nothing(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let ada = scenario.pair.user_id;
    let opening = under_test.accept_new(scenario.turn("hello")).await?;
    let standing = &opening.standing;
    let ending = settlement(standing, scenario.process, "hi", moment(2));
    let ending = paid(ending, ada, 300);
    let correction =
        crate::builders::adjustment(&standing.relationship, &standing.state, 7, moment(1));
    under_test.append(correction).await?;
    let stale = under_test.turns.settle(ending).await?;
    assert_eq!(stale, Settled::Stale);
    assert_eq!(under_test.spent(ada, today()).await?, 0);

    let standing = under_test.standing(standing.turn.turn_id).await?;
    let again = settlement(&standing, scenario.process, "hi", moment(2));
    let again = paid(again, ada, 300);
    let settled = under_test.turns.settle(again.clone()).await?;
    assert_eq!(settled, Settled::Done);
    let twice = under_test.turns.settle(again).await?;
    assert_eq!(twice, Settled::EndedByAnother);
    assert_eq!(under_test.spent(ada, today()).await?, 300);
    Ok(())
}

pub async fn a_run_that_a_reaper_or_a_user_ends_is_paid_too(
    under_test: &StoreUnderTest,
) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let ada = scenario.pair.user_id;
    let mut turn = scenario.turn("hello");
    turn.lease = time::Duration::ZERO;
    let opening = under_test.accept_new(turn).await?;
    let reaped = Settlement {
        authority: Authority::LeaseExpired,
        ..failure(&opening.standing, scenario.process, moment(1))
    };
    let reaped = under_test.turns.settle(paid(reaped, ada, 40)).await?;
    assert_eq!(reaped, Settled::Done);
    let opening = under_test.accept_new(scenario.turn("and?")).await?;
    let cancelled = cancellation(&opening.standing, "I", moment(2));
    let cancelled = under_test.turns.settle(paid(cancelled, ada, 2)).await?;
    assert_eq!(cancelled, Settled::Done);
    assert_eq!(under_test.spent(ada, today()).await?, 42);
    Ok(())
}

pub async fn a_run_that_closes_an_event_is_paid_too(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let ada = scenario.pair.user_id;
    let opening = under_test.accept_new(scenario.turn("hello")).await?;
    let mut ending = settlement(&opening.standing, scenario.process, "hi", moment(2));
    let pending = EventOccurrence {
        id: fresh(),
        event: slug("rain"),
        opened_at: moment(2),
        expires_at: Some(moment(3)),
        state: OccurrenceState::Pending,
    };
    ending.append.opened.push(pending);
    let opened = under_test.turns.settle(paid(ending, ada, 1)).await?;
    assert_eq!(opened, Settled::Done);
    let opening = under_test.accept_new(scenario.turn("and?")).await?;
    let ending = settlement(&opening.standing, scenario.process, "yes", moment(4));
    assert_eq!(
        ending.append.closed.len(),
        1,
        "the judge finds that it ran out"
    );
    let closed = under_test.turns.settle(paid(ending, ada, 10)).await?;
    assert_eq!(closed, Settled::Done);
    assert_eq!(under_test.spent(ada, today()).await?, 11);
    Ok(())
}

pub async fn many_runs_of_one_user_that_end_at_once_are_all_paid(
    under_test: &StoreUnderTest,
) -> Promise {
    const COMPANIONS: usize = 12;
    const USERS: usize = 3;
    let first = under_test.scenario("user_0").await?;
    let mut users = vec![first.pair.user_id];
    for n in 1..USERS {
        let user = under_test.add_user(user(&format!("user_{n}"))).await?;
        users.push(user.id);
    }
    let mut endings = Vec::new();
    for _ in 0..COMPANIONS {
        let waifu = under_test.add_waifu(waifu()).await?;
        for user_id in &users {
            let mut scenario = first.clone();
            scenario.pair = Pair {
                user_id: *user_id,
                waifu_id: waifu.id,
            };
            let turn = scenario.turn("hello");
            let opening = accept_new(&*under_test.turns, turn).await?;
            let ending = settlement(&opening.standing, scenario.process, "hi", moment(2));
            endings.push(paid(ending, *user_id, 7));
        }
    }
    let start = Arc::new(Barrier::new(endings.len()));
    let mut tasks = JoinSet::new();
    for ending in endings {
        let (turns, start) = (Arc::clone(&under_test.turns), Arc::clone(&start));
        tasks.spawn(async move {
            start.wait().await;
            turns.settle(ending).await
        });
    }
    for settled in tasks.join_all().await {
        assert_eq!(settled?, Settled::Done);
    }
    for user in users {
        let spent = under_test.spent(user, today()).await?;
        assert_eq!(spent, 7 * COMPANIONS as u64);
    }
    Ok(())
}

pub async fn what_was_spent_goes_with_its_user(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let ada = scenario.pair.user_id;
    under_test.pay(&scenario, 300).await?;
    let mut work = under_test.store.begin().await?;
    assert!(work.personal_data().erase(ada, moment(9)).await?);
    work.commit().await?;
    assert_eq!(under_test.spent(ada, today()).await?, 0);
    Ok(())
}

pub async fn old_days_are_forgotten_and_others_kept(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let ada = scenario.pair.user_id;
    for day in [today().before().before(), today().before(), today()] {
        let opening = under_test.accept_new(scenario.turn("hello")).await?;
        let ending = settlement(&opening.standing, scenario.process, "hi", moment(2));
        let spent = Spent {
            user_id: ada,
            day,
            tokens: 5,
        };
        let ending = Settlement {
            spent: Some(spent),
            ..ending
        };
        assert_eq!(under_test.turns.settle(ending).await?, Settled::Done);
    }
    let forget = async |day, limit| {
        let mut work = under_test.store.begin().await?;
        let forgotten = work.spending().forget_before(day, limit).await?;
        work.commit().await?;
        Ok::<_, StoreError>(forgotten)
    };
    let mut look = under_test.store.snapshot().await?;
    let known = look.spending().of_user(ada).await?;
    let days = [today().before().before(), today().before(), today()];
    assert_eq!(known, days.map(|day| (day, 5)));
    drop(look);
    assert_eq!(forget(today(), 1).await?, 1);
    assert_eq!(forget(today(), 5).await?, 1);
    assert_eq!(forget(today(), 5).await?, 0);
    assert_eq!(under_test.spent(ada, today()).await?, 5);
    assert_eq!(under_test.spent(ada, today().before()).await?, 0);
    Ok(())
}

pub async fn what_all_have_used_is_counted_by_the_day(under_test: &StoreUnderTest) -> Promise {
    let mut scenario = under_test.scenario("ada").await?;
    let bob = under_test.add_user(user("bob")).await?;
    let (ada, day) = (scenario.pair.user_id, i64::from(86_400));
    // Two runs of hers on the first day, one of his on the second that fails, and one on the third.
    let runs = [
        (ada, 0, true),
        (ada, day - 1, true),
        (bob.id, day, false),
        (ada, 2 * day, true),
    ];
    for (whose, at, speaks) in runs {
        scenario.pair.user_id = whose;
        let turn = new_turn_at(scenario.pair, scenario.process, "hello", midnight(at));
        let opening = under_test.accept_new(turn).await?;
        let (standing, process) = (&opening.standing, scenario.process);
        let ending = if speaks {
            settlement(standing, process, "hi", midnight(at))
        } else {
            failure(standing, process, midnight(at))
        };
        assert_eq!(under_test.turns.settle(ending).await?, Settled::Done);
    }
    let first = Day::of(midnight(0));
    let mut look = under_test.store.snapshot().await?;
    let usage = look.spending().usage(first, first.after()).await?;
    let adas = DayUsage {
        day: first,
        users: 1,
        runs: 2,
        failed_runs: 0,
        prompt_tokens: 2 * 321,
        completion_tokens: 2 * 12,
    };
    let bobs = DayUsage {
        day: first.after(),
        users: 1,
        runs: 1,
        failed_runs: 1,
        prompt_tokens: 0,
        completion_tokens: 0,
    };
    assert_eq!(usage, [adas, bobs]);
    Ok(())
}

/// So many seconds after the first midnight of the test's time.
fn midnight(seconds: i64) -> Timestamp {
    today().after().start().plus(Duration::seconds(seconds))
}
