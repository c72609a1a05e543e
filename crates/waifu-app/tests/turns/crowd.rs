//! Many watchers on several threads, under a clock that goes on by itself. Nothing looks again here, so a ring that is
//! missed is never made up for.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;
use waifu_app::ports::language_model::Finish;
use waifu_app::turns::news::News;

use crate::watcher::done;
use crate::world::World;

const WATCHERS: usize = 12;
const TURNS: u64 = 60;
const LONG: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_watcher_of_a_crowd_misses_anything() {
    let world = World::new().await;
    let (heard, mut ends) = mpsc::unbounded_channel();
    for _ in 0..WATCHERS {
        let mut watch = world.hub.watch(world.pair);
        let heard = heard.clone();
        tokio::spawn(async move {
            let (mut last, mut words) = (0, String::new());
            loop {
                let news = watch.next().await.expect("nothing is forgotten");
                match &news {
                    News::Delta(delta) => words += &delta.text,
                    News::Snapshot(snapshot) => words.clone_from(&snapshot.text),
                    News::Durable { seq, .. } => {
                        assert_eq!(*seq, last + 1);
                        last = *seq;
                    }
                }
                if done(&news).is_some() {
                    // Whoever is told of a run when it is over is told no words of it.
                    assert!(words.is_empty() || words == "so it is", "{words}");
                    words.clear();
                    if heard.send(last).is_err() {
                        return;
                    }
                }
            }
        });
    }
    drop(heard);
    for turn in 1..=TURNS {
        let (_, call) = timeout(LONG, world.hello()).await.expect("it begins");
        for word in ["so ", "it ", "is"] {
            call.say(word);
            tokio::task::yield_now().await;
        }
        call.finish(Finish::Stop, None);
        for _ in 0..WATCHERS {
            let told = timeout(LONG, ends.recv()).await;
            assert_eq!(told.expect("nobody misses the end"), Some(4 * turn));
        }
    }
}
