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
    /// Frames are published after their commits, so two of them may come in the other order: what comes too
    /// early is held until the gap is filled.
    pub async fn receive(&mut self, frame: Arc<Frame>, writer: &mut Writer) -> Result<(), Close> {
        let is_early = match seq_of(&frame) {
            Some(seq) => seq > self.seq + 1,
            None => !self.held.is_empty(),
        };
        if is_early {
            if self.held.len() == MOST_HELD {
                return Err(Close::TooSlow);
            }
            self.held.push_back(frame);
            return Ok(());
        }
        self.forward(&frame, writer).await?;
        while let Some(next) = self.held.front() {
            if seq_of(next).is_some_and(|seq| seq > self.seq + 1) {
                break;
            }
            let next = self.held.pop_front().expect("it was looked at");
            self.forward(&next, writer).await?;
        }
        Ok(())
    }

    async fn forward(&mut self, frame: &Frame, writer: &mut Writer) -> Result<(), Close> {
        match frame {
            Frame::Durable { seq, happening } if *seq <= self.seq => {
                self.forward_known(happening, writer).await
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
                    | Happening::EventOpened(_) => {}
                }
                let body = FrameBody::from(happening.clone());
                let seq = Some(*seq);
                writer.send(ServerFrame { body, seq }).await
            }
            Frame::Delta { turn_id, run, text } => {
                let Some((streaming, its_run, index)) = &mut self.streaming else {
                    return Ok(());
                };
                if (*streaming, *its_run) != (*turn_id, *run) {
                    return Ok(());
                }
                let delta = FrameBody::TurnDelta {
                    turn_id: (*turn_id).into(),
                    run: *run,
                    attempt: ATTEMPT,
                    index: *index,
                    text: text.to_string(),
                };
                *index += 1;
                writer.send(delta).await
            }
            // How it ended is in the store: the client comes back and reads it.
            Frame::Lost { turn_id, run } if self.is_streaming(*turn_id, *run) => {
                Err(Close::ServerError)
            }
            Frame::Lost { .. } => Ok(()),
        }
    }

    /// The client was told of the store as it was after this event; what it can't know of it is the stream.
    async fn forward_known(
        &mut self,
        happening: &Happening,
        writer: &mut Writer,
    ) -> Result<(), Close> {
        match happening {
            Happening::TurnStarted { turn, .. } if self.streaming.is_none() => {
                self.streaming = Some((turn.turn_id, turn.run, 0));
                let nothing_yet = FrameBody::TurnSnapshot {
                    turn_id: turn.turn_id.into(),
                    run: turn.run,
                    attempt: ATTEMPT,
                    index: 0,
                    text: String::new(),
                };
                writer.send(nothing_yet).await
            }
            Happening::TurnDone(done) if self.is_streaming(done.turn_id, done.run) => {
                self.has_ended(done);
                writer.send(FrameBody::from(done.clone())).await
            }
            Happening::TurnStarted { .. }
            | Happening::TurnDone(_)
            | Happening::MessageAccepted { .. }
            | Happening::RelationshipUpdated { .. }
            | Happening::EventOpened(_) => Ok(()),
        }
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
                        message_id: turn.message_id,
                        text: String::new(),
                    });
                }
                Happening::TurnDone(done) => {
                    live.take_if(|live| (live.turn_id, live.run) == (done.turn_id, done.run));
                }
                Happening::MessageAccepted { .. }
                | Happening::RelationshipUpdated { .. }
                | Happening::EventOpened(_) => {}
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
