//! Sockets live long, and whoever sits at one may lose the right to: the store is asked for all of them, again and
//! again, so that it does not matter which server took it away.

use std::collections::HashSet;
use std::convert::Infallible;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tracing::warn;
use waifu_app::log::chain;
use waifu_app::ports::store::{Standing, StoreError, finish};
use waifu_domain::ids::WaifuId;

use super::census::Present;
use super::close::Close;
use crate::app::App;

const PERIOD: Duration = Duration::from_secs(2);
/// So many sockets are asked for at once.
const AT_ONCE: usize = 500;

/// Runs until dropped.
pub async fn check_forever(app: App) -> Infallible {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        for sockets in app.census.present().chunks(AT_ONCE) {
            if let Err(error) = check(&app, sockets).await {
                // They stay until it can be asked.
                warn!(
                    error = chain(&error),
                    "failed to ask whether sockets may stay"
                );
            }
        }
    }
}

async fn check(app: &App, sockets: &[Present]) -> Result<(), StoreError> {
    let credentials: HashSet<_> = sockets.iter().map(|socket| socket.credential).collect();
    let credentials: Vec<_> = credentials.into_iter().collect();
    let standings = app.identity.standings(&credentials).await?;
    for socket in sockets {
        match standings.get(&socket.credential) {
            Some(Standing::Stands) => {}
            Some(Standing::Suspended) => app.census.end(*socket, Close::Forbidden),
            // Without a row the key is revoked, or there is no account any more.
            Some(Standing::Revoked) | None => app.census.end(*socket, Close::Revoked),
        }
    }
    let gone = gone(app, sockets).await?;
    for socket in sockets {
        if socket.companion.is_some_and(|waifu| gone.contains(&waifu)) {
            app.census.end(*socket, Close::Gone);
        }
    }
    Ok(())
}

/// Companions who have been deleted.
async fn gone(app: &App, sockets: &[Present]) -> Result<HashSet<WaifuId>, StoreError> {
    let companions: HashSet<_> = sockets.iter().filter_map(|one| one.companion).collect();
    let companions: Vec<_> = companions.into_iter().collect();
    let mut work = app.store.snapshot().await?;
    let deleted = work.waifus().deleted(&companions).await;
    Ok(finish(work, deleted).await?.into_iter().collect())
}
