//! Fan-out within one process: a bounded channel for each pair that is watched or streams.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast;
use waifu_domain::relationship::Pair;

use super::frames::{Frame, Happening, LiveRun, Subscription, TurnDone};
use crate::ports::fanout::Fanout;

/// Frames that a watcher may be behind by.
const CAPACITY: usize = 256;

#[derive(Debug, Default)]
pub struct InProcessFanout {
    channels: Mutex<HashMap<Pair, Channel>>,
}

#[derive(Debug)]
struct Channel {
    frames: broadcast::Sender<Arc<Frame>>,
    live: Option<LiveRun>,
}

impl Fanout for InProcessFanout {
    fn publish(&self, pair: Pair, frame: Frame) {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        let channel = channels.entry(pair).or_insert_with(Channel::new);
        channel.follow(&frame);
        // Nobody may be watching, which is not an error.
        let _ = channel.frames.send(Arc::new(frame));
        if channel.is_idle() {
            channels.remove(&pair);
        }
    }

    fn subscribe(&self, pair: Pair) -> Subscription {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        // Those whose watchers have gone are swept here, when the map may grow, so that it can't grow for good.
        if channels.len() == channels.capacity() {
            channels.retain(|_, channel| !channel.is_idle());
        }
        let channel = channels.entry(pair).or_insert_with(Channel::new);
        Subscription {
            live: channel.live.clone(),
            frames: channel.frames.subscribe(),
        }
    }
}

impl Channel {
    fn new() -> Self {
        Self {
            frames: broadcast::Sender::new(CAPACITY),
            live: None,
        }
    }

    fn is_idle(&self) -> bool {
        self.live.is_none() && self.frames.receiver_count() == 0
    }

    /// Keeps the words of the run that streams, for those who come later.
    fn follow(&mut self, frame: &Frame) {
        match frame {
            Frame::Durable {
                happening: Happening::TurnStarted { turn, .. },
                ..
            } => {
                self.live = Some(LiveRun {
                    turn_id: turn.turn_id,
                    run: turn.run,
                    text: String::new(),
                });
            }
            Frame::Durable {
                happening: Happening::TurnDone(TurnDone { turn_id, run, .. }),
                ..
            }
            | Frame::Lost { turn_id, run } => {
                self.live
                    .take_if(|live| (live.turn_id, live.run) == (*turn_id, *run));
            }
            Frame::Durable { .. } => {}
            Frame::Delta { turn_id, run, text } => {
                if let Some(live) = self.live.as_mut()
                    && (live.turn_id, live.run) == (*turn_id, *run)
                {
                    live.text.push_str(text);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;
    use waifu_domain::turn::TurnKind;

    use crate::ports::turn_store::TurnRef;

    fn pair() -> Pair {
        Pair {
            user_id: Uuid::from_u128(1).into(),
            waifu_id: Uuid::from_u128(2).into(),
        }
    }

    fn started() -> Frame {
        let turn = TurnRef {
            turn_id: Uuid::from_u128(3).into(),
            turn_no: 1,
            run: 1,
            message_id: Some(Uuid::from_u128(4).into()),
        };
        Frame::Durable {
            seq: 2,
            happening: Happening::TurnStarted {
                turn,
                kind: TurnKind::Chat,
                cause: None,
            },
        }
    }

    fn words(text: &str) -> Frame {
        Frame::Delta {
            turn_id: Uuid::from_u128(3).into(),
            run: 1,
            text: text.into(),
        }
    }

    #[tokio::test]
    async fn who_comes_in_the_middle_gets_the_words_so_far_and_then_the_rest() {
        let fanout = InProcessFanout::default();
        fanout.publish(pair(), started());
        fanout.publish(pair(), words("good "));
        let mut late = fanout.subscribe(pair());
        assert_eq!(late.live.as_ref().unwrap().text, "good ");
        fanout.publish(pair(), words("morning"));
        assert!(
            matches!(&*late.next().await.unwrap(), Frame::Delta { text, .. } if &**text == "morning")
        );
    }

    #[tokio::test]
    async fn a_watcher_who_never_reads_is_told_that_he_lags_and_costs_a_bounded_amount() {
        let fanout = InProcessFanout::default();
        let mut slow = fanout.subscribe(pair());
        for _ in 0..=CAPACITY {
            fanout.publish(pair(), words("more "));
        }
        assert!(slow.next().await.is_err());
    }

    #[test]
    fn channels_that_nobody_watches_do_not_pile_up() {
        let fanout = InProcessFanout::default();
        for n in 0..10_000 {
            let pair = Pair {
                user_id: Uuid::from_u128(n).into(),
                ..pair()
            };
            drop(fanout.subscribe(pair));
            fanout.publish(pair, words("gone"));
        }
        assert!(fanout.channels.lock().unwrap().len() < 100);
    }
}
