//! What a socket that is ready sees: the frames of its pair, each once, in their order.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::time::Instant;
use waifu_app::ports::access_tokens::VerifiedToken;
use waifu_app::turns::frames::{Frame, Happening, LiveRun, Subscription, TurnDone};
use waifu_domain::ids::TurnId;
use waifu_domain::relationship::Pair;

use super::close::Close;
use super::frames::{ATTEMPT, FrameBody, ServerFrame, seq_of};
use super::outbound::Writer;

/// Frames that wait for one that comes before them.
const MOST_HELD: usize = 256;

/// What a socket that is ready remembers.
pub struct Watching {
    pub credential: VerifiedToken,
    pub pair: Pair,
    pub subscription: Subscription,
    /// Frames that came before those that they follow.
    pub held: VecDeque<Arc<Frame>>,
    /// The newest durable event that this client knows.
    pub seq: u64,
    /// The run that streams to this client, and the number of its next delta.
    pub streaming: Option<(TurnId, u32, u64)>,
    /// The run whose end this client was told last.
    pub last_ended: Option<(TurnId, u32)>,
    pub heard: Instant,
    pub pinged: bool,
    pub told_to_reconnect: bool,
}

impl Watching {
    /// Sends what a frame makes due.
    pub async fn receive(&mut self, frame: Arc<Frame>, writer: &mut Writer) -> Result<(), Close> {
        for due in self.take(frame)? {
            writer.send(due).await?;
        }
        Ok(())
    }

    /// Frames are published after their commits, so two of them may come in the other order: what comes too
    /// early is held until the gap is filled.
    fn take(&mut self, frame: Arc<Frame>) -> Result<Vec<ServerFrame>, Close> {
        let is_early = match seq_of(&frame) {
            Some(seq) => seq > self.seq + 1,
            None => !self.held.is_empty(),
        };
        if is_early {
            if self.held.len() == MOST_HELD {
                return Err(Close::TooSlow);
            }
            self.held.push_back(frame);
            return Ok(Vec::new());
        }
        let mut due = Vec::from_iter(self.show(&frame)?);
        while let Some(next) = self.held.front() {
            if seq_of(next).is_some_and(|seq| seq > self.seq + 1) {
                break;
            }
            let next = self.held.pop_front().expect("it was looked at");
            due.extend(self.show(&next)?);
        }
        Ok(due)
    }

    /// What this client is told of a frame whose turn it is.
    fn show(&mut self, frame: &Frame) -> Result<Option<ServerFrame>, Close> {
        Ok(match frame {
            Frame::Durable { seq, happening } if *seq <= self.seq => {
                self.show_known(happening).map(ServerFrame::from)
            }
            Frame::Durable { seq, happening } => {
                self.seq = *seq;
                match happening {
                    Happening::TurnStarted { turn, .. } => {
                        self.streaming = Some((turn.turn_id, turn.run, 0));
                    }
                    Happening::TurnDone(done) => self.has_ended(done),
                    Happening::MessageAccepted { .. }
                    | Happening::RelationshipUpdated { .. }
                    | Happening::TurnVoided { .. }
                    | Happening::Event { .. } => {}
                }
                let body = FrameBody::from(happening.clone());
                let seq = Some(*seq);
                Some(ServerFrame { body, seq })
            }
            Frame::Delta { turn_id, run, text } => self.next_index(*turn_id, *run).map(|index| {
                let turn_id = (*turn_id).into();
                let (run, text) = (*run, text.to_string());
                let attempt = ATTEMPT;
                FrameBody::TurnDelta {
                    turn_id,
                    run,
                    attempt,
                    index,
                    text,
                }
                .into()
            }),
            // How it ended is in the store: the client comes back and reads it.
            Frame::Lost { turn_id, run } if self.is_streaming(*turn_id, *run) => {
                return Err(Close::ServerError);
            }
            Frame::Lost { .. } => None,
        })
    }

    /// The client was told of the store as it was after this event; what it can't know of it is the stream.
    fn show_known(&mut self, happening: &Happening) -> Option<FrameBody> {
        match happening {
            Happening::TurnStarted { turn, .. } if self.streaming.is_none() => {
                self.streaming = Some((turn.turn_id, turn.run, 0));
                Some(FrameBody::TurnSnapshot {
                    turn_id: turn.turn_id.into(),
                    run: turn.run,
                    attempt: ATTEMPT,
                    index: 0,
                    text: String::new(),
                })
            }
            Happening::TurnDone(done) if self.is_streaming(done.turn_id, done.run) => {
                self.has_ended(done);
                Some(FrameBody::from(done.clone()))
            }
            Happening::TurnStarted { .. }
            | Happening::TurnDone(_)
            | Happening::MessageAccepted { .. }
            | Happening::RelationshipUpdated { .. }
            | Happening::TurnVoided { .. }
            | Happening::Event { .. } => None,
        }
    }

    /// The number of the next delta of this run; `None` when it does not stream to this client.
    fn next_index(&mut self, turn_id: TurnId, run: u32) -> Option<u64> {
        let (streaming, its_run, index) = self.streaming.as_mut()?;
        if (*streaming, *its_run) != (turn_id, run) {
            return None;
        }
        let this = *index;
        *index += 1;
        Some(this)
    }

    fn is_streaming(&self, turn_id: TurnId, run: u32) -> bool {
        self.streaming
            .is_some_and(|(streaming, its_run, _)| (streaming, its_run) == (turn_id, run))
    }

    fn has_ended(&mut self, done: &TurnDone) {
        if self.is_streaming(done.turn_id, done.run) {
            self.streaming = None;
        }
        self.last_ended = Some((done.turn_id, done.run));
    }

    /// Every turn is stored when sockets are closed, so how each ended is already here.
    pub async fn forward_the_rest(&mut self, writer: &mut Writer) -> Result<(), Close> {
        while let Some(frame) = self.subscription.try_next().map_err(|_| Close::TooSlow)? {
            self.receive(frame, writer).await?;
        }
        Ok(())
    }

    /// Goes on from another subscription: what is durable and waits in the old one is sent, and what the new
    /// one repeats of it will be known by its number.
    pub async fn switch_to(
        &mut self,
        fresh: Subscription,
        writer: &mut Writer,
    ) -> Result<(), Close> {
        let mut old = std::mem::replace(&mut self.subscription, fresh);
        // Words that are held are in what the new subscription starts with.
        self.held.retain(|frame| seq_of(frame).is_some());
        while let Some(frame) = old.try_next().map_err(|_| Close::TooSlow)? {
            if seq_of(&frame).is_some() {
                self.receive(frame, writer).await?;
            }
        }
        Ok(())
    }
}

/// What streamed when the store had come to `seq`, and the frames after that.
pub fn catch_up(
    subscription: &mut Subscription,
    seq: u64,
) -> Result<(Option<LiveRun>, VecDeque<Arc<Frame>>), Close> {
    let mut live = subscription.live.take();
    let mut waiting = VecDeque::new();
    while let Some(frame) = subscription.try_next().map_err(|_| Close::TooSlow)? {
        match &*frame {
            Frame::Durable {
                seq: number,
                happening,
            } if *number <= seq => match happening {
                Happening::TurnStarted { turn, .. } => {
                    live = Some(LiveRun {
                        turn_id: turn.turn_id,
                        run: turn.run,
                        text: String::new(),
                    });
                }
                Happening::TurnDone(done) => {
                    live.take_if(|live| (live.turn_id, live.run) == (done.turn_id, done.run));
                }
                Happening::MessageAccepted { .. }
                | Happening::RelationshipUpdated { .. }
                | Happening::TurnVoided { .. }
                | Happening::Event { .. } => {}
            },
            Frame::Delta { turn_id, run, text } if waiting.is_empty() => {
                let is_its = |live: &&mut LiveRun| (live.turn_id, live.run) == (*turn_id, *run);
                if let Some(live) = live.as_mut().filter(is_its) {
                    live.text.push_str(text);
                }
            }
            Frame::Durable { .. } | Frame::Delta { .. } | Frame::Lost { .. } => {
                waiting.push_back(frame);
            }
        }
    }
    Ok((live, waiting))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use uuid::Uuid;
    use waifu_app::caller::Caller;
    use waifu_app::ports::fanout::Fanout;
    use waifu_app::ports::turn_store::TurnRef;
    use waifu_app::turns::in_process_fanout::InProcessFanout;
    use waifu_domain::timestamp::Timestamp;
    use waifu_domain::turn::{EndStatus, TurnKind};

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    /// A client that was told of everything up to `seq`.
    fn watching(seq: u64) -> Watching {
        let pair = Pair {
            user_id: id(1).into(),
            waifu_id: id(2).into(),
        };
        let caller = Caller {
            user_id: pair.user_id,
            session_id: id(3).into(),
        };
        Watching {
            credential: VerifiedToken {
                caller,
                expires_at: Timestamp::from_unix_micros(0),
            },
            pair,
            subscription: InProcessFanout::default().subscribe(pair),
            held: VecDeque::new(),
            seq,
            streaming: None,
            last_ended: None,
            heard: Instant::now(),
            pinged: false,
            told_to_reconnect: false,
        }
    }

    fn started(seq: u64, turn: u128) -> Arc<Frame> {
        let turn = TurnRef {
            turn_id: id(turn).into(),
            turn_no: 1,
            run: 1,
            message_id: Some(id(9).into()),
        };
        let kind = TurnKind::Chat;
        Arc::new(Frame::Durable {
            seq,
            happening: Happening::TurnStarted {
                turn,
                kind,
                cause: None,
            },
        })
    }

    fn done(seq: u64, turn: u128) -> Arc<Frame> {
        let done = TurnDone {
            turn_id: id(turn).into(),
            run: 1,
            status: EndStatus::Completed,
            reason: None,
            message: None,
            usage: None,
        };
        Arc::new(Frame::Durable {
            seq,
            happening: Happening::TurnDone(done),
        })
    }

    fn words(turn: u128, text: &str) -> Arc<Frame> {
        let turn_id = id(turn).into();
        Arc::new(Frame::Delta {
            turn_id,
            run: 1,
            text: text.into(),
        })
    }

    /// What each frame sent has of `type`, `seq` and `index`.
    fn told(watching: &mut Watching, frames: &[Arc<Frame>]) -> Vec<Value> {
        let take = |frame: &Arc<Frame>| watching.take(Arc::clone(frame)).unwrap();
        let sent: Vec<ServerFrame> = frames.iter().flat_map(take).collect();
        let short = |frame: ServerFrame| {
            let frame = serde_json::to_value(frame).unwrap();
            json!([frame["type"], frame["seq"], frame["index"]])
        };
        sent.into_iter().map(short).collect()
    }

    #[test]
    fn what_was_published_late_is_told_before_what_it_precedes() {
        let mut client = watching(2);
        client.streaming = Some((id(7).into(), 1, 4));
        let frames = [started(4, 8), words(8, "hi"), done(3, 7)];
        assert_eq!(
            told(&mut client, &frames),
            [
                json!(["turn.done", 3, null]),
                json!(["turn.started", 4, null]),
                json!(["turn.delta", null, 0]),
            ]
        );
    }

    #[test]
    fn the_end_of_what_was_active_is_told_though_its_number_is_known() {
        let mut client = watching(5);
        client.streaming = Some((id(7).into(), 1, 0));
        assert_eq!(
            told(&mut client, &[done(5, 7)]),
            [json!(["turn.done", null, null])]
        );
        assert!(told(&mut client, &[done(5, 7)]).is_empty(), "once");
    }

    #[test]
    fn a_start_whose_number_is_known_comes_as_an_empty_snapshot_and_its_words_follow() {
        let mut client = watching(5);
        let frames = [started(5, 7), words(7, "hi")];
        assert_eq!(
            told(&mut client, &frames),
            [
                json!(["turn.snapshot", null, 0]),
                json!(["turn.delta", null, 0]),
            ]
        );
    }

    #[test]
    fn only_the_loss_of_the_run_that_streams_here_ends_the_socket() {
        let lost = |turn: u128| {
            let turn_id = id(turn).into();
            Arc::new(Frame::Lost { turn_id, run: 1 })
        };
        let mut client = watching(5);
        client.streaming = Some((id(7).into(), 1, 0));
        assert!(client.take(lost(8)).unwrap().is_empty());
        assert_eq!(client.take(lost(7)).unwrap_err(), Close::ServerError);
    }

    #[test]
    fn a_gap_that_is_never_filled_costs_a_bounded_amount() {
        let mut client = watching(0);
        assert!(client.take(started(2, 7)).unwrap().is_empty());
        for _ in 1..MOST_HELD {
            assert!(client.take(words(7, "more ")).unwrap().is_empty());
        }
        assert_eq!(client.take(words(7, "more ")).unwrap_err(), Close::TooSlow);
    }
}
