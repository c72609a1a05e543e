//! Places at which tests have the process die, as if the machine had lost its power. Without the feature `failpoints`,
//! which no release has, they are nothing.

#[cfg(feature = "failpoints")]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    static ARMED: OnceLock<Armed> = OnceLock::new();

    struct Armed {
        place: String,
        hits_left: AtomicU32,
    }

    /// `{place}:{n}`: the process dies when it comes to this place for the nth time.
    pub fn arm(order: &str) -> Result<(), String> {
        let not_an_order = || format!("{order:?} is not a place, a colon and a number from 1");
        let (place, hits) = order.split_once(':').ok_or_else(not_an_order)?;
        let hits: u32 = hits.parse().map_err(|_| not_an_order())?;
        let armed = Armed {
            place: place.to_owned(),
            hits_left: AtomicU32::new(hits),
        };
        ARMED.set(armed).map_err(|_| not_an_order())
    }

    pub fn pass(place: &str) {
        if let Some(armed) = ARMED.get().filter(|armed| armed.place == place)
            && armed.hits_left.fetch_sub(1, Ordering::Relaxed) == 1
        {
            std::process::abort();
        }
    }
}

#[cfg(feature = "failpoints")]
pub use armed::{arm, pass};

/// The process comes to this place.
#[cfg(not(feature = "failpoints"))]
#[inline]
pub fn pass(_: &str) {}
