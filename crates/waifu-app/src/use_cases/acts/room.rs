//! How many acts are at work or wait for one on the same relationship: in all, and for one user.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use waifu_domain::ids::UserId;

const IN_ALL: usize = 1024;
const FOR_ONE_USER: usize = 128;

#[derive(Debug, Default)]
pub(super) struct Room {
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    total: usize,
    by_user: HashMap<UserId, usize>,
}

/// Given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    room: Arc<Room>,
    user: UserId,
}

impl Room {
    pub(super) fn enter(self: &Arc<Self>, user: UserId) -> Option<Place> {
        let mut inside = self.inside();
        let of_user = inside.by_user.get(&user).copied().unwrap_or(0);
        if inside.total == IN_ALL || of_user == FOR_ONE_USER {
            return None;
        }
        inside.total += 1;
        inside.by_user.insert(user, of_user + 1);
        Some(Place {
            room: Arc::clone(self),
            user,
        })
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inside = self.room.inside();
        inside.total -= 1;
        if let Some(of_user) = inside.by_user.get_mut(&self.user) {
            *of_user -= 1;
            if *of_user == 0 {
                inside.by_user.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn user(n: usize) -> UserId {
        Uuid::from_u128(n as u128).into()
    }

    #[test]
    fn one_user_leaves_room_for_others_and_nobody_takes_more_than_there_is() {
        let room = Arc::new(Room::default());
        let mut places: Vec<_> = (0..FOR_ONE_USER).map(|_| room.enter(user(1))).collect();
        assert!(places.iter().all(Option::is_some));
        assert!(room.enter(user(1)).is_none());
        places.extend((places.len()..IN_ALL).map(|n| room.enter(user(n))));
        assert!(places.iter().all(Option::is_some));
        assert!(room.enter(user(2_000)).is_none());
        places.pop();
        assert!(room.enter(user(2_000)).is_some());
    }

    #[test]
    fn places_that_were_given_back_leave_nothing_behind() {
        let room = Arc::new(Room::default());
        for n in 0..100 {
            drop(room.enter(user(n)));
        }
        let inside = room.inside();
        assert_eq!((inside.total, inside.by_user.len()), (0, 0));
    }
}
