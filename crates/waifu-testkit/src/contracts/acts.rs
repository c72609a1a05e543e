//! Acts over a real store: what becomes of them when a connection breaks, when she goes, and when too much is asked.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::runtime::Handle;
use waifu_app::caller::{Caller, Credential};
use waifu_app::catalogues::Catalogues;
use waifu_app::ports::clock::Clock;
use waifu_app::ports::ids::IdSource;
use waifu_app::ports::language_model::ModelError;
use waifu_app::ports::neighbours::NoNeighbours;
use waifu_app::ports::store::{Definition, Store, StoreError};
use waifu_app::turns::hub::{Hub, Watch};
use waifu_app::turns::news::{Happening, News};
use waifu_app::turns::{Supervisor, SupervisorParts, TurnLimits};
use waifu_app::use_cases::{
    ActDone, ActError, Acts, ActsParts, IdempotencyKey, ReadRelationship, Unseen, VerifyLedger,
};
use waifu_domain::ids::{EntryId, TurnId};

use super::scenario::Scenario;
use super::{Promise, StoreUnderTest};
use crate::builders::{entry, fresh, gift, moment, rule_book};
use crate::fakes::{AlwaysHappy, CountingIds, FedModel, LossyStore, Lost, SetClock};

struct Stage {
    scenario: Scenario,
    acts: Acts,
    store: LossyStore,
    hub: Hub,
    gift: EntryId,
}

impl Stage {
    async fn set(under_test: &StoreUnderTest) -> Result<Self, StoreError> {
        let scenario = under_test.scenario("ada").await?;
        let gift = entry("crane", Definition::Gift(gift()));
        let mut work = under_test.store.begin().await?;
        assert_eq!(work.catalogue().insert(&gift).await?, Ok(()));
        work.commit().await?;
        let lossy = LossyStore::over(Arc::clone(&under_test.store));
        let store: Arc<dyn Store> = Arc::new(lossy.clone());
        let clock: Arc<dyn Clock> = Arc::new(SetClock::at(moment(0)));
        let ids: Arc<dyn IdSource> = Arc::new(CountingIds::default());
        let rule_book = Arc::new(rule_book().clone());
        let catalogues = Arc::new(Catalogues::load(Arc::clone(&store)).await?);
        let hub = Hub::new(Arc::clone(&store), Arc::clone(&catalogues));
        // She is never heard: what is done stands without her words.
        let model = Arc::new(FedModel::default());
        for _ in 0..8 {
            model.refuse(ModelError::Cut(None));
        }
        let parts = SupervisorParts {
            turns: Arc::clone(&under_test.turns),
            store: Arc::clone(&store),
            model,
            hub: hub.clone(),
            neighbours: Arc::new(NoNeighbours),
            clock: Arc::clone(&clock),
            ids: Arc::clone(&ids),
            rule_book: Arc::clone(&rule_book),
            catalogues: Arc::clone(&catalogues),
            expressions: Arc::new(AlwaysHappy),
        };
        let acts = Acts::new(ActsParts {
            store: Arc::clone(&store),
            hub: hub.clone(),
            clock: Arc::clone(&clock),
            ids,
            rule_book: Arc::clone(&rule_book),
            catalogues,
            supervisor: Supervisor::start(parts, TurnLimits::default(), Handle::current()),
            read_relationship: ReadRelationship {
                store,
                clock,
                rule_book,
            },
            patience: Duration::from_secs(20),
        });
        Ok(Self {
            scenario,
            acts,
            store: lossy,
            hub,
            gift: gift.id,
        })
    }

    fn caller(&self) -> Caller {
        Caller {
            user_id: self.scenario.user.id,
            credential: Credential::Session(fresh()),
        }
    }

    async fn give(&self, key: &str) -> Result<ActDone, ActError> {
        let key = IdempotencyKey::try_from(key).expect("a key");
        self.acts
            .give_gift(self.caller(), self.scenario.waifu.id, self.gift, Some(key))
            .await
    }

    async fn assert_lawful(&self) {
        let store = Arc::new(self.store.clone());
        let verified = VerifyLedger { store }.execute(&mut |_| {}).await;
        assert_eq!(verified.expect("the law holds").relationships, 1);
    }

    /// From before the two have met.
    fn watch(&self) -> Watch {
        self.hub.watch(self.scenario.pair)
    }
}

pub async fn an_act_whose_commit_lost_its_answer_is_done_and_told(
    under_test: &StoreUnderTest,
) -> Promise {
    let stage = Stage::set(under_test).await?;
    let mut watch = stage.watch();
    stage.store.lose(Lost::ItsAnswer);
    let done = stage.give("once").await.expect("it was stored");
    assert_eq!(done.interactions.len(), 1);
    let first = watch.next().now_or_never().expect("it is told");
    let News::Durable { seq: 1, happening } = first.expect("nothing is read") else {
        panic!("expected the first event");
    };
    assert!(
        matches!(&*happening, Happening::RelationshipUpdated { .. }),
        "{happening:?}"
    );
    let again = stage.give("once").await.expect("the same");
    assert_eq!(again.interactions, done.interactions);
    stage.assert_lawful().await;
    Ok(())
}

pub async fn an_act_whose_commit_was_lost_is_not_done(under_test: &StoreUnderTest) -> Promise {
    let stage = Stage::set(under_test).await?;
    let mut watch = stage.watch();
    stage.store.lose(Lost::TheCommit);
    let outcome = stage.give("once").await;
    assert!(
        matches!(
            outcome,
            Err(ActError::Unseen(Unseen::Store(StoreError::Unavailable(_))))
        ),
        "{outcome:?}"
    );
    assert!(watch.next().now_or_never().is_none());
    assert_eq!(under_test.find(stage.scenario.pair).await?, None);
    let done = stage.give("once").await.expect("now it is");
    assert_eq!(done.interactions.len(), 1);
    Ok(())
}

pub async fn what_was_given_before_she_was_deleted_is_still_told(
    under_test: &StoreUnderTest,
) -> Promise {
    let stage = Stage::set(under_test).await?;
    let done = stage.give("once").await.expect("she is there");
    under_test.delete_waifu(&stage.scenario.waifu).await?;
    let again = stage.give("once").await.expect("it was given");
    assert_eq!(again.interactions, done.interactions);
    let refused = stage.give("twice").await;
    assert!(
        matches!(refused, Err(ActError::Unseen(Unseen::Gone))),
        "{refused:?}"
    );
    Ok(())
}

pub async fn a_rewind_takes_back_two_hundred_messages_and_no_more(
    under_test: &StoreUnderTest,
) -> Promise {
    let stage = Stage::set(under_test).await?;
    let mut turns: Vec<TurnId> = Vec::new();
    for n in 0..201 {
        let turn = stage.scenario.turn(&format!("message {n}"));
        turns.push(turn.turn_id);
        under_test.play(turn, "yes?").await?;
    }
    let (caller, waifu) = (stage.caller(), stage.scenario.waifu.id);
    let before = under_test.relationship(stage.scenario.pair).await?;
    let too_far = stage.acts.rewind(caller, waifu, turns[0], None).await;
    assert!(matches!(too_far, Err(ActError::TooFarBack)), "{too_far:?}");
    assert_eq!(under_test.relationship(stage.scenario.pair).await?, before);
    let rewound = stage.acts.rewind(caller, waifu, turns[1], None).await;
    assert_eq!(rewound.expect("near enough").interactions.len(), 200);
    stage.assert_lawful().await;
    Ok(())
}
