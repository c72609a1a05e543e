//! The one connection that listens.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio_postgres::{AsyncMessage, Config, NoTls};
use waifu_app::log::chain;

use super::{Ears, payload};
use crate::errors::Fault;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Starts when somebody wants to hear, and ends when it is dropped.
#[derive(Debug)]
pub(super) struct Listener {
    config: Config,
    ears: Arc<Ears>,
    /// Where the store was opened, as for every other connection.
    runtime: Handle,
    task: OnceLock<AbortHandle>,
}

impl Listener {
    pub(super) fn new(config: Config, ears: Arc<Ears>) -> Self {
        Self {
            config,
            ears,
            runtime: Handle::current(),
            task: OnceLock::new(),
        }
    }

    pub(super) fn start(&self) {
        self.task.get_or_init(|| {
            let listening = go_on_listening(self.config.clone(), self.ears.clone());
            self.runtime.spawn(listening).abort_handle()
        });
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }
}

async fn go_on_listening(config: Config, ears: Arc<Ears>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let mut has_listened = false;
        let Err(broken) = listen(&config, &ears, &mut has_listened).await;
        ears.disconnected();
        if has_listened {
            pause = FIRST_PAUSE;
        }
        tracing::warn!(error = chain(&broken), "lost the connection that listens");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Until the connection breaks.
async fn listen(
    config: &Config,
    ears: &Ears,
    has_listened: &mut bool,
) -> Result<Infallible, Fault> {
    let broken = |error: tokio_postgres::Error| Fault::NoConnection(error.into());
    let (client, mut connection) = config.connect(NoTls).await.map_err(broken)?;
    // The connection moves only while it is asked for messages, in which the answer comes too.
    let mut listening = pin!(client.batch_execute("listen waifu_news"));
    loop {
        tokio::select! {
            done = &mut listening, if !*has_listened => {
                done.map_err(broken)?;
                *has_listened = true;
                ears.connected();
            }
            message = poll_fn(|context| connection.poll_message(context)) => {
                let message = message
                    .ok_or_else(|| Fault::NoConnection("the server closed it".into()))?
                    .map_err(broken)?;
                let AsyncMessage::Notification(ring) = message else {
                    continue;
                };
                if let Some((by, rung)) = payload::read(ring.payload()) {
                    ears.hear(by, &rung);
                }
            }
        }
    }
}
