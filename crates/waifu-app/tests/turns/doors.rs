//! What a caller can ask one process for.

use std::sync::Arc;
use std::time::Duration;

use waifu_app::caller::{Caller, Credential};
use waifu_app::ports::language_model::Finish;
use waifu_app::ports::store::Store;
use waifu_app::turns::hub::Watch;
use waifu_app::use_cases::{
    ActError, Acts, ActsParts, AwaitAnswer, Follow, Following, OutgoingMessage, ReadHistory,
    ReadRelationship, ResumeFrom, SendMessage,
};
use waifu_domain::affection::{Appraisal, RuleBook};
use waifu_domain::ids::WaifuId;
use waifu_testkit::builders::{fresh, message};

use crate::world::{World, soon};

#[derive(Debug)]
pub(crate) struct Doors {
    pub(crate) acts: Acts,
    pub(crate) follow: Follow,
    pub(crate) send: SendMessage,
    pub(crate) history: ReadHistory,
    pub(crate) caller: Caller,
    pub(crate) waifu: WaifuId,
}

/// Everything is meant warmly.
#[derive(Debug)]
struct Warm;

#[async_trait::async_trait]
impl waifu_app::ports::appraiser::Appraiser for Warm {
    async fn appraise(&self, _: &str) -> Appraisal {
        Appraisal::Warm
    }
}

impl World {
    /// Whoever asks waits for her words for at most a minute.
    pub(crate) fn doors(&self) -> Doors {
        let patience = Duration::from_mins(1);
        let store: Arc<dyn Store> = Arc::new(self.lossy.clone());
        let rule_book = Arc::new(RuleBook::shipped());
        let read_relationship = ReadRelationship {
            store: Arc::clone(&store),
            clock: self.clock.clone(),
            rule_book: Arc::clone(&rule_book),
        };
        let acts = Acts::new(ActsParts {
            store: Arc::clone(&store),
            hub: self.hub.clone(),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            rule_book,
            catalogues: Arc::clone(&self.catalogues),
            supervisor: self.supervisor.clone(),
            read_relationship: read_relationship.clone(),
            patience,
        });
        let caller = Caller {
            user_id: self.pair.user_id,
            credential: Credential::Session(fresh()),
        };
        Doors {
            follow: Follow {
                store: Arc::clone(&store),
                clock: self.clock.clone(),
                hub: self.hub.clone(),
                acts: acts.clone(),
                read_relationship: read_relationship.clone(),
            },
            send: SendMessage {
                store: Arc::clone(&store),
                clock: self.clock.clone(),
                hub: self.hub.clone(),
                appraiser: Arc::new(Warm),
                supervisor: self.supervisor.clone(),
                await_answer: AwaitAnswer {
                    store: Arc::clone(&store),
                    read_relationship,
                    patience,
                },
            },
            history: ReadHistory { store },
            acts,
            caller,
            waifu: self.pair.waifu_id,
        }
    }

    /// She says this to whoever asks her next.
    pub(crate) async fn answer(&self, words: &str) {
        let call = self.call().await;
        call.say(words);
        call.finish(Finish::Stop, None);
    }
}

impl Doors {
    pub(crate) fn message(&self, text: &str) -> OutgoingMessage {
        OutgoingMessage {
            waifu_id: self.waifu,
            conversation_id: None,
            client_message_id: fresh(),
            text: message(text),
        }
    }

    pub(crate) async fn try_follow(
        &self,
        resume: Option<ResumeFrom>,
    ) -> Result<Following, ActError> {
        soon(self.follow.execute(self.caller, self.waifu, resume)).await
    }

    pub(crate) async fn follow(&self, resume: Option<ResumeFrom>) -> Following {
        let following = self.try_follow(resume).await;
        following.expect("she can be followed")
    }

    pub(crate) async fn watch(&self, resume: Option<ResumeFrom>) -> Watch {
        self.follow(resume).await.watch
    }
}
