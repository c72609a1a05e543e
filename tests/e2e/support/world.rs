//! The worlds in which scenarios play.

use std::pin::pin;
use std::time::Duration;

use super::place::Place;
use super::server::Server;

/// No scenario may take longer.
const LONGEST_SCENARIO: Duration = Duration::from_mins(3);
/// At this pace a reply takes two or three seconds.
const SLOW_WORDS_PER_SECOND: &str = "6";

#[derive(Debug, Clone, Copy)]
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) model: Model,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Store {
    Sqlite,
    Postgres,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Model {
    /// The companion that is built in.
    Offline,
    /// A server that speaks as OpenAI's does, and says what a test wants.
    Scripted,
}

impl World {
    /// A server with a store of its own, whose companions answer at once.
    pub(crate) async fn server(self) -> Server {
        self.server_with(&[]).await
    }

    /// As [`World::server`], with settings such as `("WAIFU__CHAT__AUTH_SECONDS", "1")`.
    pub(crate) async fn server_with(self, settings: &[(&str, &str)]) -> Server {
        Place::new(self, settings).await.start().await
    }

    /// As [`World::server_with`], with companions who take two or three seconds to answer.
    pub(crate) async fn slow_server(self, settings: &[(&str, &str)]) -> Server {
        let slow = ("WAIFU__OFFLINE__WORDS_PER_SECOND", SLOW_WORDS_PER_SECOND);
        let server = self.server_with(&[&[slow], settings].concat()).await;
        if self.model == Model::Scripted {
            server
                .model()
                .set_default(super::chat::slow_speech().into());
        }
        server
    }
}

/// Plays a scenario to its end, or fails when that does not come.
pub(crate) async fn play(store: Store, model: Model, scenario: impl AsyncFnOnce(World)) {
    let mut scenario = pin!(scenario(World { store, model }));
    // The scenario outlives the panic, so that its server sees it and shows its log.
    let ended = tokio::time::timeout(LONGEST_SCENARIO, &mut scenario).await;
    assert!(
        ended.is_ok(),
        "the scenario did not end within {LONGEST_SCENARIO:?}"
    );
}

/// A test for each scenario and world, such as `sqlite_offline::a_message_is_answered`.
macro_rules! scenarios {
    (
        $(everywhere: [$($everywhere:ident),* $(,)?] $(,)?)?
        $(with_a_scripted_model: [$($scripted:ident),* $(,)?] $(,)?)?
    ) => {
        $(
            scenarios!(@world sqlite_offline, Sqlite, Offline, [$($everywhere),*]);
            scenarios!(@world postgres_offline, Postgres, Offline, [$($everywhere),*]);
        )?
        scenarios!(@world sqlite_scripted, Sqlite, Scripted, [$($($everywhere,)*)? $($($scripted),*)?]);
        scenarios!(@world postgres_scripted, Postgres, Scripted, [$($($everywhere,)*)? $($($scripted),*)?]);
    };
    (@world $world:ident, $store:ident, $model:ident, [$($scenario:ident),* $(,)?]) => {
        mod $world {
            use crate::support::world::{Model, Store, play};

            $(
                #[tokio::test]
                async fn $scenario() {
                    play(Store::$store, Model::$model, super::$scenario).await;
                }
            )*
        }
    };
}
