//! The promises between servers on one store: who lives, and the doorbell. Rings are hints, so what was missed may
//! always come as [`Rung::Anybody`]; what must not happen is silence.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration as Wait;

use async_trait::async_trait;
use time::Duration;
use waifu_app::ports::neighbours::{Neighbours, Rung};
use waifu_domain::ids::ProcessId;
use waifu_domain::relationship::Pair;

use super::Promise;
use crate::builders::fresh;

/// Two servers on one fresh store.
#[derive(Debug)]
pub struct StreetUnderTest {
    pub one: Arc<dyn Neighbours>,
    pub other: Arc<dyn Neighbours>,
    /// Dropped last: what both live on.
    pub ground: Box<dyn Ground>,
}

#[async_trait]
pub trait Ground: std::fmt::Debug + Send + Sync {
    /// Breaks every connection on which servers listen; they may open new ones.
    async fn break_connections(&self);
}

const MINUTE: Duration = Duration::minutes(1);
/// Longer than a ring takes, however busy the machine is.
const PATIENCE: Wait = Wait::from_secs(10);
/// So long a ring that should not come is waited for.
const SILENCE: Wait = Wait::from_millis(100);

/// One test for each promise between neighbours. `$open` names an `async fn() -> StreetUnderTest` beside the call; the
/// crate that runs this needs tokio with `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! neighbours_contract {
    ($open:ident) => {
        $crate::neighbours_contract! { @promises $open;
            two_who_greet_know_of_each_other,
            who_has_left_is_no_neighbour,
            whose_lease_has_run_out_is_no_neighbour_until_he_greets,
            a_ring_is_heard_by_the_other_and_not_by_oneself,
            a_thousand_pairs_that_are_rung_at_once_are_heard,
            rings_add_up_while_nobody_asks,
            whoever_stops_to_wait_hears_the_next_ring,
            a_ring_without_pairs_is_no_news,
            after_a_broken_connection_anybody_may_have_rung,
        }
    };
    (@promises $open:ident; $($promise:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $promise() -> $crate::contracts::Promise {
                let street = $open().await;
                $crate::contracts::neighbours::$promise(&street).await
            }
        )*
    };
}

pub async fn two_who_greet_know_of_each_other(street: &StreetUnderTest) -> Promise {
    let (ada, bob) = (fresh(), fresh());
    assert!(!street.one.greet(ada, MINUTE).await?);
    assert!(!street.one.greet(ada, MINUTE).await?);
    assert!(street.other.greet(bob, MINUTE).await?);
    assert!(street.one.greet(ada, MINUTE).await?);
    Ok(())
}

pub async fn who_has_left_is_no_neighbour(street: &StreetUnderTest) -> Promise {
    let (ada, bob, eve) = (fresh(), fresh(), fresh());
    street.one.greet(ada, MINUTE).await?;
    assert!(street.other.greet(bob, MINUTE).await?);
    assert!(street.other.greet(eve, MINUTE).await?);
    street.other.leave(bob).await?;
    assert!(street.one.greet(ada, MINUTE).await?);
    street.other.leave(eve).await?;
    assert!(!street.one.greet(ada, MINUTE).await?);
    // Twice does no harm, and neither does one who never came.
    street.other.leave(eve).await?;
    street.other.leave(fresh()).await?;
    street.one.leave(ada).await?;
    assert!(!street.other.greet(bob, MINUTE).await?);
    Ok(())
}

pub async fn whose_lease_has_run_out_is_no_neighbour_until_he_greets(
    street: &StreetUnderTest,
) -> Promise {
    let (ada, bob) = (fresh(), fresh());
    street.other.greet(bob, Duration::milliseconds(1)).await?;
    tokio::time::sleep(Wait::from_millis(60)).await;
    assert!(!street.one.greet(ada, MINUTE).await?);
    assert!(street.other.greet(bob, MINUTE).await?);
    assert!(street.one.greet(ada, MINUTE).await?);
    // A greeting says for how long from now, be it less than before.
    street.other.greet(bob, Duration::milliseconds(1)).await?;
    tokio::time::sleep(Wait::from_millis(60)).await;
    assert!(!street.one.greet(ada, MINUTE).await?);
    Ok(())
}

pub async fn a_ring_is_heard_by_the_other_and_not_by_oneself(street: &StreetUnderTest) -> Promise {
    let (ada, bob) = (fresh(), fresh());
    listen(street, ada, bob).await?;
    let by_ada = pairs(1);
    street.one.ring(ada, &by_ada).await?;
    assert_eq!(rung(&*street.other, bob).await, Rung::By(by_ada));
    // Whatever of her own was on its way to Ada has come before what Bob rings.
    let by_bob = pairs(1);
    street.other.ring(bob, &by_bob).await?;
    assert_eq!(rung(&*street.one, ada).await, Rung::By(by_bob));
    assert_silent(&*street.one, ada).await;
    assert_silent(&*street.other, bob).await;
    Ok(())
}

pub async fn a_thousand_pairs_that_are_rung_at_once_are_heard(street: &StreetUnderTest) -> Promise {
    let (ada, bob) = (fresh(), fresh());
    listen(street, ada, bob).await?;
    for count in [1000, 100_000] {
        let rung_for = pairs(count);
        street.one.ring(ada, &rung_for).await?;
        hear_all(&*street.other, bob, rung_for).await;
    }
    assert_silent(&*street.other, bob).await;
    Ok(())
}

pub async fn rings_add_up_while_nobody_asks(street: &StreetUnderTest) -> Promise {
    let (ada, bob) = (fresh(), fresh());
    listen(street, ada, bob).await?;
    let rung_for = pairs(40);
    for pair in &rung_for {
        street.one.ring(ada, &[*pair]).await?;
    }
    hear_all(&*street.other, bob, rung_for).await;
    assert_silent(&*street.other, bob).await;
    Ok(())
}

pub async fn whoever_stops_to_wait_hears_the_next_ring(street: &StreetUnderTest) -> Promise {
    let (ada, bob) = (fresh(), fresh());
    listen(street, ada, bob).await?;
    for _ in 0..20 {
        let impatient = tokio::time::timeout(Wait::from_micros(500), street.other.rung(bob));
        assert!(impatient.await.is_err(), "nobody rings");
        let pairs = pairs(1);
        street.one.ring(ada, &pairs).await?;
        assert_eq!(rung(&*street.other, bob).await, Rung::By(pairs));
    }
    assert_silent(&*street.other, bob).await;
    Ok(())
}

pub async fn a_ring_without_pairs_is_no_news(street: &StreetUnderTest) -> Promise {
    let (ada, bob) = (fresh(), fresh());
    listen(street, ada, bob).await?;
    street.one.ring(ada, &[]).await?;
    let pairs = pairs(1);
    street.one.ring(ada, &pairs).await?;
    assert_eq!(rung(&*street.other, bob).await, Rung::By(pairs));
    Ok(())
}

pub async fn after_a_broken_connection_anybody_may_have_rung(street: &StreetUnderTest) -> Promise {
    let (ada, bob) = (fresh(), fresh());
    listen(street, ada, bob).await?;
    street.ground.break_connections().await;
    for (neighbours, process) in [(&street.one, ada), (&street.other, bob)] {
        assert_eq!(rung(&**neighbours, process).await, Rung::Anybody);
    }
    // The first ring may still meet a connection that broke, and it is the callers who go on.
    let pairs = pairs(1);
    let mut tries = 0;
    while street.one.ring(ada, &pairs).await.is_err() {
        tries += 1;
        assert!(tries < 10, "the store is there again");
    }
    assert_eq!(rung(&*street.other, bob).await, Rung::By(pairs));
    Ok(())
}

/// Both listen when this returns. What they may have missed until then is heard.
async fn listen(street: &StreetUnderTest, ada: ProcessId, bob: ProcessId) -> Promise {
    for (neighbours, process) in [(&street.one, ada), (&street.other, bob)] {
        neighbours.greet(process, MINUTE).await?;
    }
    for (neighbours, process, ringing) in [
        (&street.one, ada, (&street.other, bob)),
        (&street.other, bob, (&street.one, ada)),
    ] {
        let marks = pairs(1);
        loop {
            // Nobody hears what was rung before he listened, so it is rung until it is heard.
            ringing.0.ring(ringing.1, &marks).await?;
            let heard = tokio::time::timeout(SILENCE, neighbours.rung(process)).await;
            if heard == Ok(Rung::By(marks.clone())) {
                break;
            }
        }
        // Those of the earlier tries.
        while tokio::time::timeout(SILENCE, neighbours.rung(process))
            .await
            .is_ok()
        {}
    }
    Ok(())
}

/// Until each of these was heard by name, or anybody.
async fn hear_all(neighbours: &dyn Neighbours, process: ProcessId, pairs: Vec<Pair>) {
    let mut missing: HashSet<_> = pairs.into_iter().collect();
    while !missing.is_empty() {
        match rung(neighbours, process).await {
            Rung::Anybody => return,
            Rung::By(some) => {
                for pair in some {
                    assert!(missing.remove(&pair), "nobody rang for {pair:?}");
                }
            }
        }
    }
}

async fn rung(neighbours: &dyn Neighbours, process: ProcessId) -> Rung {
    let rung = tokio::time::timeout(PATIENCE, neighbours.rung(process));
    rung.await.expect("a ring is heard")
}

async fn assert_silent(neighbours: &dyn Neighbours, process: ProcessId) {
    let heard = tokio::time::timeout(SILENCE, neighbours.rung(process)).await;
    assert!(heard.is_err(), "{process} heard {heard:?}");
}

fn pairs(count: usize) -> Vec<Pair> {
    let pair = |_| Pair {
        user_id: fresh(),
        waifu_id: fresh(),
    };
    (0..count).map(pair).collect()
}
