//! Whole histories, lived through the ports and beside them in a model of the rules in memory, step by step. A store
//! that agrees with the model agrees with every other that does.

mod catalogue;
mod model;
mod steps;
mod writer;

use std::sync::atomic::{AtomicU32, Ordering};

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use tokio::runtime::Handle;
use waifu_app::ports::store::StoreError;
use waifu_domain::user::User;

use super::{Promise, StoreUnderTest};
use crate::builders::{moment, user};
use model::Model;
use steps::{History, histories};
use writer::Writer;

const HISTORIES: u32 = 24;

pub async fn a_random_history_of_acts_gives_the_ledger_that_the_rules_give(
    under_test: &StoreUnderTest,
) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let users = AtomicU32::new(0);
    let live = async |history: History| -> Promise {
        let n = users.fetch_add(1, Ordering::Relaxed);
        let user = User {
            age_group: history.person.age_group,
            time_zone: history.person.time_zone.clone(),
            birthday: history.person.birthday,
            ..user(&format!("user_{n}"))
        };
        let mut scenario = scenario.clone();
        scenario.user = under_test.add_user(user).await?;
        scenario.pair.user_id = scenario.user.id;
        let met = under_test.meet(scenario.pair, moment(0)).await?;
        let profile = scenario.waifu.profile.clone();
        let model = Model::new(met, profile, history.person, catalogue::catalogue());
        let mut writer = Writer::new(under_test, scenario, model);
        for (gap, step) in history.steps {
            writer.perform(gap, &step).await?;
        }
        writer.assert_all_is_there().await
    };
    let config = Config {
        cases: HISTORIES,
        max_shrink_iters: 400,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let lived = tokio::task::block_in_place(|| {
        TestRunner::new_with_rng(config, rng).run(&histories(), |history| {
            let lived: Result<(), StoreError> = Handle::current().block_on(live(history));
            lived.map_err(|error| TestCaseError::fail(format!("{error:?}")))
        })
    });
    match lived {
        Ok(()) => Ok(()),
        Err(TestError::Fail(why, history)) => panic!("{why}\nin {history:#?}"),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}
