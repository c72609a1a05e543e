//! How many sockets there are, and whose. Who opens too many loses the oldest.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio_util::sync::CancellationToken;
use waifu_app::caller::{Caller, Credential};
use waifu_domain::ids::{UserId, WaifuId};
use waifu_domain::relationship::Pair;

use super::close::Close;

/// Sockets of one user with one companion.
pub const MOST_PER_PAIR: usize = 5;
pub const MOST_PER_USER: usize = 20;
/// Sockets from one address that have not authenticated yet.
const MOST_STRANGERS: usize = 20;

#[derive(Debug, Default)]
pub struct Census {
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    next: u64,
    strangers: HashMap<IpAddr, usize>,
    by_pair: HashMap<Pair, Oldest>,
    by_user: HashMap<UserId, Oldest>,
    present: HashMap<u64, (Present, Ending)>,
}

/// Sockets from the oldest to the newest.
type Oldest = VecDeque<(u64, Ending)>;

/// A user's socket: by what right it is open, and whom it is with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Present {
    number: u64,
    pub credential: Credential,
    pub companion: Option<WaifuId>,
}

/// That a socket has to end, and why. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Ending {
    why: Arc<OnceLock<Close>>,
    token: CancellationToken,
}

impl Ending {
    /// Waits for it. Safe to drop while waiting.
    pub async fn comes(&self) -> Close {
        self.token.cancelled().await;
        self.why.get().cloned().unwrap_or(Close::ServerError)
    }

    fn set(&self, why: Close) {
        // The first reason is the one.
        let _ = self.why.set(why);
        self.token.cancel();
    }
}

/// A stranger's place; given back when dropped.
#[derive(Debug)]
pub struct Stranger {
    census: Arc<Census>,
    address: IpAddr,
}

/// A user's place; given back when dropped.
#[derive(Debug)]
pub struct Seat {
    census: Arc<Census>,
    number: u64,
    user: UserId,
    pair: Option<Pair>,
    /// When a newer socket takes the place, or whoever sits there may not any more.
    pub ending: Ending,
}

impl Seat {
    /// It is open by another right now.
    pub fn renew(&self, credential: Credential) {
        if let Some((present, _)) = self.census.counted().present.get_mut(&self.number) {
            present.credential = credential;
        }
    }
}

/// Too many strangers come from this address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crowded;

impl Census {
    pub fn stranger(self: &Arc<Self>, address: IpAddr) -> Result<Stranger, Crowded> {
        let mut counted = self.counted();
        let strangers = counted.strangers.entry(address).or_default();
        if *strangers >= MOST_STRANGERS {
            return Err(Crowded);
        }
        *strangers += 1;
        Ok(Stranger {
            census: Arc::clone(self),
            address,
        })
    }

    /// Every user's socket.
    pub fn present(&self) -> Vec<Present> {
        let counted = self.counted();
        counted
            .present
            .values()
            .map(|(present, _)| *present)
            .collect()
    }

    /// The socket has to end, if it still is what it was.
    pub fn end(&self, socket: Present, why: Close) {
        match self.counted().present.get(&socket.number) {
            Some((present, ending)) if *present == socket => ending.set(why),
            Some(_) | None => {}
        }
    }

    /// Counts a user's socket, `pair`'s if it serves one.
    pub fn seat(self: &Arc<Self>, caller: Caller, pair: Option<Pair>) -> Seat {
        let user = caller.user_id;
        let mut counted = self.counted();
        let number = counted.next;
        counted.next += 1;
        let ending = Ending::default();
        if let Some(pair) = pair {
            join(&mut counted.by_pair, pair, MOST_PER_PAIR, (number, &ending));
        }
        join(&mut counted.by_user, user, MOST_PER_USER, (number, &ending));
        let present = Present {
            number,
            credential: caller.credential,
            companion: pair.map(|pair| pair.waifu_id),
        };
        counted.present.insert(number, (present, ending.clone()));
        Seat {
            census: Arc::clone(self),
            number,
            user,
            pair,
            ending,
        }
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn join<K: Eq + Hash>(
    sockets: &mut HashMap<K, Oldest>,
    key: K,
    most: usize,
    (number, ending): (u64, &Ending),
) {
    let sockets = sockets.entry(key).or_default();
    sockets.push_back((number, ending.clone()));
    if sockets.len() > most
        && let Some((_, oldest)) = sockets.pop_front()
    {
        oldest.set(Close::Replaced);
    }
}

fn leave<K: Eq + Hash>(sockets: &mut HashMap<K, Oldest>, key: &K, number: u64) {
    if let Some(of_key) = sockets.get_mut(key) {
        of_key.retain(|(other, _)| *other != number);
        if of_key.is_empty() {
            sockets.remove(key);
        }
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let mut counted = self.census.counted();
        if let Some(strangers) = counted.strangers.get_mut(&self.address) {
            *strangers -= 1;
            if *strangers == 0 {
                counted.strangers.remove(&self.address);
            }
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counted = self.census.counted();
        if let Some(pair) = &self.pair {
            leave(&mut counted.by_pair, pair, self.number);
        }
        leave(&mut counted.by_user, &self.user, self.number);
        counted.present.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use uuid::Uuid;

    fn pair(waifu: u128) -> Pair {
        Pair {
            user_id: Uuid::from_u128(1).into(),
            waifu_id: Uuid::from_u128(waifu).into(),
        }
    }

    fn caller() -> Caller {
        Caller {
            user_id: pair(1).user_id,
            credential: Credential::Session(Uuid::from_u128(9).into()),
        }
    }

    #[test]
    fn the_sixth_socket_of_a_pair_takes_the_place_of_the_oldest() {
        let census = Arc::<Census>::default();
        let seat = |waifu| census.seat(caller(), Some(pair(waifu)));
        let seats: Vec<Seat> = (0..MOST_PER_PAIR).map(|_| seat(1)).collect();
        let _other = seat(2);
        assert!(seats.iter().all(|seat| !seat.ending.token.is_cancelled()));
        let _sixth = seat(1);
        let taken: Vec<bool> = seats
            .iter()
            .map(|seat| seat.ending.token.is_cancelled())
            .collect();
        assert_eq!(taken, [true, false, false, false, false]);
    }

    #[test]
    fn the_twenty_first_socket_of_a_user_takes_the_place_of_his_oldest() {
        let census = Arc::<Census>::default();
        let seat = |waifu| census.seat(caller(), Some(pair(waifu)));
        let seats: Vec<Seat> = (0..20).map(seat).collect();
        let _next = seat(20);
        assert!(seats[0].ending.token.is_cancelled());
        assert!(!seats[1].ending.token.is_cancelled());
    }

    #[test]
    fn who_leaves_makes_room_and_nothing_is_kept_of_those_who_are_gone() {
        let census = Arc::<Census>::default();
        for _ in 0..100 {
            let seat = census.seat(caller(), Some(pair(1)));
            assert!(!seat.ending.token.is_cancelled());
            drop(census.stranger([127, 0, 0, 1].into()).unwrap());
        }
        let counted = census.counted();
        assert!(counted.by_pair.is_empty() && counted.by_user.is_empty());
        assert!(counted.strangers.is_empty() && counted.present.is_empty());
    }

    #[test]
    fn a_socket_is_ended_for_what_it_was_asked_for_alone() {
        let census = Arc::<Census>::default();
        let seat = census.seat(caller(), Some(pair(1)));
        let [asked] = census.present().try_into().unwrap();
        seat.renew(Credential::Session(Uuid::from_u128(10).into()));
        census.end(asked, Close::Revoked);
        assert!(!seat.ending.token.is_cancelled());
        let [now] = census.present().try_into().unwrap();
        census.end(now, Close::Revoked);
        census.end(now, Close::Gone);
        assert_eq!(seat.ending.comes().now_or_never(), Some(Close::Revoked));
    }

    #[test]
    fn twenty_strangers_may_wait_at_one_address() {
        let census = Arc::<Census>::default();
        let address = IpAddr::from([127, 0, 0, 1]);
        let waiting: Vec<_> = (0..20).map(|_| census.stranger(address)).collect();
        assert!(waiting.iter().all(Result::is_ok));
        assert!(census.stranger(address).is_err());
        assert!(census.stranger([127, 0, 0, 2].into()).is_ok());
    }
}
