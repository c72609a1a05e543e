//! One socket's life: it authenticates, is made ready, and then hears everything and may say something.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout};
use uuid::Uuid;
use waifu_app::caller::Caller;
use waifu_app::ports::access_tokens::VerifiedToken;
use waifu_app::turns::Begun;
use waifu_app::turns::frames::{LiveRun, TurnDone};
use waifu_app::use_cases::OutgoingMessage;
use waifu_domain::ids::{TurnId, WaifuId};
use waifu_domain::relationship::Pair;
use waifu_domain::turn::{LONGEST_MESSAGE, MessageText};

use super::close::Close;
use super::frames::{ATTEMPT, ClientFrame, FrameBody, Limits, Ready};
use super::inbound::{FRAMES_PER_MINUTE, Inbound, LARGEST_FRAME, Reader};
use super::outbound::Writer;
use super::watching::{Watching, catch_up};
use crate::app::App;
use crate::auth::bearer;
use crate::companion::Companion;
use crate::problem::{Code, Problem};

/// Told to clients when the server stops: come back after this, and up to so much later.
const RECONNECT_AFTER_MS: u64 = 1_000;
const RECONNECT_JITTER_MS: u64 = 4_000;

pub struct Session {
    app: Arc<App>,
    waifu_id: WaifuId,
}

impl Session {
    pub fn new(app: Arc<App>, waifu_id: WaifuId) -> Self {
        Self { app, waifu_id }
    }

    /// Runs until there is a reason to close.
    pub async fn run(
        &mut self,
        reader: &mut Reader,
        writer: &mut Writer,
        credential: Option<VerifiedToken>,
    ) -> Close {
        match self.serve(reader, writer, credential).await {
            Ok(never) => match never {},
            Err(close) => close,
        }
    }

    async fn serve(
        &mut self,
        reader: &mut Reader,
        writer: &mut Writer,
        credential: Option<VerifiedToken>,
    ) -> Result<std::convert::Infallible, Close> {
        let credential = match credential {
            Some(credential) => credential,
            None => self.authenticate(reader, writer).await?,
        };
        let mut watching = self.make_ready(credential, writer).await?;
        loop {
            let silence = if watching.pinged {
                self.pong_wait()
            } else {
                self.heartbeat()
            };
            let expiry = until(watching.credential, self.app.clock.now());
            tokio::select! {
                frame = watching.subscription.next() => match frame {
                    Ok(frame) => watching.receive(frame, writer).await?,
                    Err(_) => return Err(Close::TooSlow),
                },
                inbound = reader.next(true) => {
                    watching.heard = Instant::now();
                    watching.pinged = false;
                    self.hear(inbound?, &mut watching, writer).await?;
                }
                () = sleep_until(watching.heard + silence) => {
                    if watching.pinged {
                        return Err(Close::NoPong);
                    }
                    watching.pinged = true;
                    watching.heard = Instant::now();
                    writer.send(FrameBody::Ping).await?;
                }
                () = sleep(expiry) => {
                    return Err(Close::Unauthenticated("the access token has expired".to_owned()));
                }
                () = self.app.supervisor.draining(), if !watching.told_to_reconnect => {
                    watching.told_to_reconnect = true;
                    writer.send(FrameBody::Reconnect {
                        after_ms: RECONNECT_AFTER_MS,
                        jitter_ms: RECONNECT_JITTER_MS,
                    }).await?;
                }
                () = self.app.closing.cancelled() => {
                    watching.forward_the_rest(writer).await?;
                    return Err(Close::Draining);
                }
            }
        }
    }

    async fn authenticate(
        &self,
        reader: &mut Reader,
        writer: &mut Writer,
    ) -> Result<VerifiedToken, Close> {
        let in_time = Duration::from_secs(self.app.settings.chat.auth_seconds);
        let first = async {
            loop {
                match reader.next(false).await? {
                    Inbound::Frame(ClientFrame::Auth { access_token }) => return Ok(access_token),
                    Inbound::Ping(bytes) => writer.pong(&bytes).await?,
                    Inbound::Alive => {}
                    Inbound::Frame(_) | Inbound::Refused(_) => {
                        return Err(Close::Malformed("the first frame must be auth".to_owned()));
                    }
                }
            }
        };
        let token = timeout(in_time, first)
            .await
            .map_err(|_| Close::NoAuthInTime)??;
        bearer::verify_token(&self.app, &token)
            .map_err(|problem| Close::Unauthenticated(problem.detail))
    }

    /// Subscribes first and reads then, so that nothing falls between; what came meanwhile waits its turn.
    async fn make_ready(
        &self,
        credential: VerifiedToken,
        writer: &mut Writer,
    ) -> Result<Watching, Close> {
        let caller = credential.caller;
        let pair = Pair {
            user_id: caller.user_id,
            waifu_id: self.waifu_id,
        };
        // What comes up or has run out by now is part of what the client is shown.
        let visit = self.app.acts.visit(caller, self.waifu_id).await;
        visit.map_err(|error| Close::from(Problem::from(error).code))?;
        let mut subscription = self.app.fanout.subscribe(pair);
        let standing = self
            .app
            .read_relationship
            .execute(caller, self.waifu_id)
            .await;
        let standing = standing.map_err(|error| Close::from(Problem::from(error).code))?;
        if standing.waifu.deleted_at.is_some() {
            return Err(Close::Gone);
        }
        let seq = standing.stored.as_ref().map_or(0, |stored| stored.head.seq);
        let (live, waiting) = catch_up(&mut subscription, seq)?;
        let ready = Ready {
            session_id: self.app.ids.new_id(),
            epoch: standing.stored.as_ref().map(|stored| stored.epoch),
            seq,
            resumed: false,
            heartbeat_ms: self.app.settings.chat.heartbeat_seconds * 1_000,
            limits: Limits {
                frame_bytes: LARGEST_FRAME,
                message_characters: LONGEST_MESSAGE,
                frames_per_minute: FRAMES_PER_MINUTE,
            },
            relationship: (&standing).into(),
            waifu: standing.waifu.into(),
            notices: [],
            companion: Companion::from(self.app.model_kind),
            active: live.clone().map(Into::into),
        };
        writer.send(FrameBody::Ready(Box::new(ready))).await?;
        let mut watching = Watching {
            credential,
            pair,
            subscription,
            held: VecDeque::new(),
            last_ended: None,
            seq,
            streaming: live.map(|live| (live.turn_id, live.run, 0)),
            heard: Instant::now(),
            pinged: false,
            told_to_reconnect: false,
        };
        for frame in waiting {
            watching.receive(frame, writer).await?;
        }
        Ok(watching)
    }

    async fn hear(
        &self,
        inbound: Inbound,
        watching: &mut Watching,
        writer: &mut Writer,
    ) -> Result<(), Close> {
        match inbound {
            Inbound::Alive | Inbound::Frame(ClientFrame::Pong) => Ok(()),
            Inbound::Ping(bytes) => writer.pong(&bytes).await,
            Inbound::Refused(problem) => writer.send(FrameBody::error(problem, None)).await,
            Inbound::Frame(ClientFrame::Auth { .. }) => Err(Close::Malformed(
                "the socket is authenticated; use auth.refresh".to_owned(),
            )),
            Inbound::Frame(ClientFrame::AuthRefresh { access_token }) => {
                self.refresh(&access_token, watching, writer).await
            }
            Inbound::Frame(ClientFrame::MessageSend {
                client_message_id,
                text,
            }) => {
                match self
                    .send(watching.credential.caller, client_message_id, text)
                    .await
                {
                    Ok(Begun::Started(_)) => Ok(()),
                    Ok(Begun::Duplicate(turn)) => {
                        let accepted = FrameBody::MessageAccepted {
                            client_message_id,
                            message_id: turn.message_id.map_or_else(Uuid::nil, Into::into),
                            turn_id: turn.turn_id.into(),
                            turn_no: turn.turn_no,
                            duplicate: true,
                        };
                        writer.send(accepted).await?;
                        self.show(turn.turn_id, watching, writer).await
                    }
                    Err(problem) if problem.code == Code::CompanionGone => Err(Close::Gone),
                    Err(problem) => {
                        writer
                            .send(FrameBody::error(problem, Some(client_message_id)))
                            .await
                    }
                }
            }
            Inbound::Frame(ClientFrame::TurnSync { turn_id }) => {
                self.show(turn_id.into(), watching, writer).await
            }
        }
    }

    async fn send(
        &self,
        caller: Caller,
        client_message_id: Uuid,
        text: String,
    ) -> Result<Begun, Problem> {
        let text = MessageText::try_from(text)
            .map_err(|error| Problem::invalid_field("/text", error.to_string()))?;
        let message = OutgoingMessage {
            waifu_id: self.waifu_id,
            conversation_id: None,
            client_message_id: client_message_id.into(),
            text,
        };
        Ok(self.app.send_message.begin(caller, message).await?)
    }

    async fn refresh(
        &self,
        access_token: &str,
        watching: &mut Watching,
        writer: &mut Writer,
    ) -> Result<(), Close> {
        match bearer::verify_token(&self.app, access_token) {
            Ok(fresh) if fresh.caller.user_id == watching.pair.user_id => {
                watching.credential = fresh;
                Ok(())
            }
            Ok(_) => {
                let problem = Problem::new(Code::Forbidden, "the access token is another user's");
                writer.send(FrameBody::error(problem, None)).await
            }
            Err(problem) => writer.send(FrameBody::error(problem, None)).await,
        }
    }

    /// Shows a turn to this client alone: how it ended, or its words so far and from then on the next ones.
    async fn show(
        &self,
        turn: TurnId,
        watching: &mut Watching,
        writer: &mut Writer,
    ) -> Result<(), Close> {
        let fresh = self.app.fanout.subscribe(watching.pair);
        if let Some(live) = fresh.live.clone().filter(|live| live.turn_id == turn) {
            watching.switch_to(fresh, writer).await?;
            if watching.last_ended == Some((live.turn_id, live.run)) {
                return Ok(());
            }
            let LiveRun { turn_id, run, text } = live;
            watching.streaming = Some((turn_id, run, 0));
            let turn_id = turn_id.into();
            return writer
                .send(FrameBody::TurnSnapshot {
                    turn_id,
                    run,
                    attempt: ATTEMPT,
                    index: 0,
                    text,
                })
                .await;
        }
        let caller = watching.credential.caller;
        let outcome = match self
            .app
            .send_message
            .outcome(caller, self.waifu_id, turn)
            .await
        {
            Ok(outcome) => outcome,
            Err(error) => {
                return writer
                    .send(FrameBody::error(error.into(), Some(turn.into())))
                    .await;
            }
        };
        match outcome.map(|outcome| (outcome.status.ended(), outcome)) {
            Some((Some(status), outcome)) => {
                let done = TurnDone {
                    turn_id: outcome.turn.turn_id,
                    run: outcome.turn.run,
                    status,
                    reason: outcome.reason,
                    message: outcome.reply,
                    usage: outcome.usage,
                };
                writer.send(FrameBody::from(done)).await
            }
            // It is about to stream here: its frames will come.
            Some((None, _)) => Ok(()),
            None => {
                let problem = Problem::new(Code::NotFound, "there is no such turn");
                writer
                    .send(FrameBody::error(problem, Some(turn.into())))
                    .await
            }
        }
    }

    fn heartbeat(&self) -> Duration {
        Duration::from_secs(self.app.settings.chat.heartbeat_seconds)
    }

    fn pong_wait(&self) -> Duration {
        Duration::from_secs(self.app.settings.chat.pong_seconds)
    }
}

fn until(credential: VerifiedToken, now: waifu_domain::timestamp::Timestamp) -> Duration {
    credential
        .expires_at
        .since(now)
        .try_into()
        .unwrap_or(Duration::ZERO)
}
