//! Old events go, a bounded number at a time.

use waifu_app::ports::clock::Clock;
use waifu_testkit::fakes::{Fate, Operation};

use crate::world::{World, seconds_pass};

const TEN_MINUTES: f64 = 600.0;

impl World {
    /// So many events from before more than three days, and as many of now.
    async fn remember(&self, old: usize, new: usize) {
        let scribe = self.scribe().await;
        let already = self.store.log(self.pair).len();
        scribe.write(old - already).await;
        self.clock.advance(time::Duration::hours(72));
        self.clock.advance(time::Duration::SECOND);
        scribe.write(new).await;
    }

    fn kept(&self) -> usize {
        self.store.log(self.pair).len()
    }
}

#[tokio::test(start_paused = true)]
async fn events_are_kept_for_three_days() {
    let world = World::new().await;
    world.remember(100, 50).await;
    assert_eq!(world.kept(), 150);
    seconds_pass(TEN_MINUTES + 1.0).await;
    assert_eq!(world.kept(), 50);
    let now = world.clock.now();
    assert!(
        world
            .store
            .log(world.pair)
            .iter()
            .all(|logged| logged.at == now)
    );
    world.clock.advance(time::Duration::hours(72));
    seconds_pass(2.0 * TEN_MINUTES).await;
    assert_eq!(world.kept(), 50, "they are not older than three days");
}

#[tokio::test(start_paused = true)]
async fn many_events_go_in_several_commits_with_a_pause_between_them() {
    let world = World::new().await;
    world.remember(4_500, 10).await;
    let commits = world.store.times(Operation::Begin);
    let mut kept = vec![world.kept()];
    for _ in 0..6_200 {
        seconds_pass(0.1).await;
        if kept.last() != Some(&world.kept()) {
            kept.push(world.kept());
        }
    }
    assert_eq!(kept, [4_510, 2_510, 510, 10]);
    assert_eq!(world.store.times(Operation::Begin) - commits, 3);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_is_tried_again_at_the_next_time() {
    let world = World::new().await;
    world.remember(100, 50).await;
    world.store.foretell(Operation::Begin, [Fate::Away]);
    seconds_pass(TEN_MINUTES + 1.0).await;
    assert_eq!(world.kept(), 150);
    seconds_pass(TEN_MINUTES).await;
    assert_eq!(world.kept(), 50);
}
