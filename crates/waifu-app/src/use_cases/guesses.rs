//! Whoever guesses at a password is slowed down, and nobody is locked out: the more guesses an account got from an address,
//! the longer the next one from there waits.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;
use waifu_domain::ids::UserId;
use waifu_domain::user::Username;

/// So many wrong guesses cost nothing: people mistype.
const FREE: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(16);
/// So many may wait for their turn.
const MOST_WAITING: usize = 16;
/// Guesses are forgotten after so long without another.
const REMEMBERED_FOR: Duration = Duration::from_mins(15);
/// Accounts and addresses that are remembered, some 200 bytes each.
const MOST_REMEMBERED: u64 = 20_000;

/// Whose password is guessed at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Account {
    Named(Username),
    Known(UserId),
}

/// How many wrong guesses there were. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Guesses {
    lines: Cache<(Account, IpAddr), Arc<Line>>,
}

/// One guess at a time is taken for an account from an address; the others stand in line.
#[derive(Debug)]
struct Line {
    wrong: Arc<Mutex<u32>>,
    places: Arc<Semaphore>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being tried for this account")]
pub struct TooManyGuesses;

/// A guess whose turn it is; the next one waits for it.
#[derive(Debug)]
pub(super) struct Guess {
    wrong: OwnedMutexGuard<u32>,
    _place: OwnedSemaphorePermit,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            wrong: Arc::default(),
            places: Arc::new(Semaphore::new(1 + MOST_WAITING)),
        }
    }
}

impl Default for Guesses {
    fn default() -> Self {
        Self {
            lines: Cache::builder()
                .max_capacity(MOST_REMEMBERED)
                .time_to_idle(REMEMBERED_FOR)
                .build(),
        }
    }
}

impl Guesses {
    /// Waits for those who came before, and then for as long as their wrong guesses cost. Dropped while waiting it was
    /// none.
    pub(super) async fn next(
        &self,
        account: Account,
        address: IpAddr,
    ) -> Result<Guess, TooManyGuesses> {
        let line = self.lines.get_with((account, address), Arc::default);
        let place = Arc::clone(&line.places).try_acquire_owned();
        let place = place.map_err(|_| TooManyGuesses)?;
        let wrong = Arc::clone(&line.wrong).lock_owned().await;
        sleep(wait_after(*wrong)).await;
        Ok(Guess {
            wrong,
            _place: place,
        })
    }
}

impl Guess {
    pub(super) fn was(mut self, right: bool) {
        *self.wrong = if right {
            0
        } else {
            self.wrong.saturating_add(1)
        };
    }
}

fn wait_after(wrong: u32) -> Duration {
    match wrong.checked_sub(FREE) {
        None => Duration::ZERO,
        Some(beyond) => (FIRST_WAIT * 2_u32.saturating_pow(beyond.min(8))).min(LONGEST_WAIT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use tokio::time::Instant;

    fn ada() -> Account {
        Account::Named(Username::try_from("ada".to_owned()).unwrap())
    }

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const THERE: IpAddr = IpAddr::V6(std::net::Ipv6Addr::LOCALHOST);

    async fn wait_of(guesses: &Guesses, address: IpAddr, right: bool) -> u64 {
        let start = Instant::now();
        let guess = guesses.next(ada(), address).await.unwrap();
        guess.was(right);
        start.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn each_wrong_guess_makes_the_next_one_wait_longer_and_none_for_ever() {
        let guesses = Guesses::default();
        let mut waits = Vec::new();
        for _ in 0..10 {
            waits.push(wait_of(&guesses, HERE, false).await);
        }
        assert_eq!(waits, [0, 0, 0, 1, 2, 4, 8, 16, 16, 16]);
        assert_eq!(wait_of(&guesses, THERE, false).await, 0);
        // Who knows it gets in, and is not slowed down again.
        assert_eq!(wait_of(&guesses, HERE, true).await, 16);
        assert_eq!(wait_of(&guesses, HERE, false).await, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn guesses_at_one_account_from_one_address_stand_in_line() {
        let guesses = Guesses::default();
        let first = guesses.next(ada(), HERE).await.unwrap();
        let mut line: Vec<_> = (0..MOST_WAITING)
            .map(|_| Box::pin(guesses.next(ada(), HERE)))
            .collect();
        for waiting in &mut line {
            assert!(waiting.now_or_never().is_none());
        }
        let one_more = guesses.next(ada(), HERE).await;
        assert_eq!(one_more.unwrap_err(), TooManyGuesses);
        assert!(guesses.next(ada(), THERE).await.is_ok());
        drop(first);
        for waiting in line {
            waiting.await.unwrap().was(true);
        }
    }
}
