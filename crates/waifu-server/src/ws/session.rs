//! One socket's life: it authenticates, is made ready, and then hears everything and may say something.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::debug;
use uuid::Uuid;
use waifu_app::caller::{Caller, Scope};
use waifu_app::identity::LetIn;
use waifu_app::ports::rate_limits::RequestClass;
use waifu_app::turns::Begun;
use waifu_app::turns::hub::{Watch, WatchError};
use waifu_app::use_cases::{Following, OutgoingMessage, ResumeFrom};
use waifu_domain::ids::{TurnId, UserId, WaifuId};
use waifu_domain::relationship::Pair;
use waifu_domain::turn::{LONGEST_MESSAGE, MessageText};

use super::inbound::{ClientFrame, Inbound, Reader};
use crate::app::App;
use crate::companion::Companion;
use crate::frames::{FrameBody, Limits, Ready, ServerFrame, accepted_before, ended_before};
use crate::problem::{Code, Problem};
use crate::sockets::census::{MOST_PER_PAIR, MOST_PER_USER, Seat, Stranger};
use crate::sockets::close::Close;
use crate::sockets::frame_rate::FRAMES_PER_MINUTE;
use crate::sockets::transport::{LARGEST_FRAME, Outgoing};

/// Told to clients when the server stops: come back after this, and up to so much later.
const RECONNECT_AFTER_MS: u64 = 1_000;
const RECONNECT_JITTER_MS: u64 = 4_000;
/// Answers to what a client sent that wait until it takes them.
const MOST_OWED: usize = 256;
/// Frames of a client that are worked on at once.
const MOST_AT_WORK: usize = 8;
/// Once every turn is stored a socket gets so long to hear of it.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A socket that nobody is known at yet.
pub struct Door {
    pub app: Arc<App>,
    pub waifu_id: WaifuId,
    pub address: IpAddr,
    pub reader: Reader,
    pub outgoing: Outgoing,
}

impl Door {
    /// Runs until there is a reason to close.
    pub async fn serve(
        mut self,
        credential: Option<LetIn>,
        resume: Option<ResumeFrom>,
        stranger: Option<Stranger>,
    ) {
        let app = Arc::clone(&self.app);
        app.metrics.socket_opened();
        let known = match credential {
            Some(credential) => Ok((credential, resume)),
            // What is waited for once is boxed: it would take room for as long as the socket lives.
            None => self.authenticate(resume).boxed_local().await,
        };
        drop(stranger);
        let (close, mut outgoing) = match known {
            Ok((credential, resume)) => self.let_in(credential, resume).await,
            Err(close) => (close, self.outgoing),
        };
        debug!(?close, "a socket ends");
        app.metrics.socket_closed(&close);
        if let Close::TooMuch { retry_after } = &close {
            let problem = Problem::new(Code::RateLimited, "too many frames").after(*retry_after);
            let _ = send_frame(&mut outgoing, FrameBody::error(problem, None).into()).await;
        }
        outgoing.close(&close).await;
    }

    async fn authenticate(
        &mut self,
        resume: Option<ResumeFrom>,
    ) -> Result<(LetIn, Option<ResumeFrom>), Close> {
        let in_time = Duration::from_secs(self.app.settings.chat.auth_seconds);
        let first = async {
            loop {
                match self.reader.next().await? {
                    Inbound::Frame(ClientFrame::Auth {
                        access_token,
                        resume,
                    }) => return Ok((access_token, resume)),
                    Inbound::Ping(bytes) => self.outgoing.pong(&bytes).await?,
                    Inbound::Alive => {}
                    Inbound::Frame(_) | Inbound::Refused(_) => {
                        return Err(Close::Malformed("the first frame must be auth".to_owned()));
                    }
                }
            }
        };
        let (token, later) = tokio::select! {
            first = timeout(in_time, first) => first.map_err(|_| Close::NoAuthInTime)??,
            () = self.app.closing.cancelled() => return Err(Close::Draining),
        };
        let verified = self.app.identity.verify(&token).await;
        let credential = verified.map_err(Close::from)?;
        let may_chat = credential.caller.with(Scope::Chat);
        may_chat.map_err(|_| Close::Forbidden)?;
        Ok((credential, later.map(Into::into).or(resume)))
    }

    async fn let_in(self, credential: LetIn, resume: Option<ResumeFrom>) -> (Close, Outgoing) {
        let caller = credential.caller;
        let pair = Pair {
            user_id: caller.user_id,
            waifu_id: self.waifu_id,
        };
        let seat = self.app.census.seat(caller, Some(pair));
        let follow = self.app.follow.execute(caller, self.waifu_id, resume);
        let following = match follow.boxed().await {
            Ok(following) => following,
            Err(error) => return (Close::from(Problem::from(error).code), self.outgoing),
        };
        let (ready, watch) = ready(&self.app, following);
        let mut session = Session {
            app: self.app,
            waifu_id: self.waifu_id,
            address: self.address,
            credential,
            seat,
            watch,
            outgoing: self.outgoing,
            owed: VecDeque::from([Owed::Frame(Box::new(ready.into()))]),
            at_work: FuturesUnordered::new(),
            asked: None,
            heard: Instant::now(),
            pinged: false,
            told_to_reconnect: false,
        };
        let mut reader = self.reader;
        match session.run(&mut reader).await {
            Ok(never) => match never {},
            Err(close) => (close, session.outgoing),
        }
    }
}

fn ready(app: &App, following: Following) -> (FrameBody, Watch) {
    let Following {
        view,
        watch,
        is_resumed,
        active,
    } = following;
    let ready = Ready {
        session_id: app.ids.new_id(),
        epoch: view.stored.as_ref().map(|stored| stored.epoch),
        seq: watch.seq(),
        resumed: is_resumed,
        heartbeat_ms: app.settings.chat.heartbeat_seconds * 1_000,
        limits: Limits {
            frame_bytes: LARGEST_FRAME,
            message_characters: LONGEST_MESSAGE,
            frames_per_minute: FRAMES_PER_MINUTE,
            sockets_per_companion: MOST_PER_PAIR,
            sockets_per_user: MOST_PER_USER,
        },
        relationship: (&view).into(),
        waifu: view.waifu.into(),
        notices: [],
        companion: Companion::from(app.model_kind),
        active: active.map(Into::into),
    };
    (FrameBody::Ready(Box::new(ready)), watch)
}

/// A socket that is ready. It owns its answers to the client, and of everything else a place alone.
struct Session {
    app: Arc<App>,
    waifu_id: WaifuId,
    /// From where its client has come.
    address: IpAddr,
    credential: LetIn,
    seat: Seat,
    watch: Watch,
    outgoing: Outgoing,
    owed: VecDeque<Owed>,
    at_work: FuturesUnordered<BoxFuture<'static, Done>>,
    /// How a turn ended that the client is owed next.
    asked: Option<BoxFuture<'static, Option<FrameBody>>>,
    heard: Instant,
    pinged: bool,
    told_to_reconnect: bool,
}

/// What became of a frame that was worked on.
enum Done {
    Owe(Vec<Owed>),
    Renewed(LetIn),
}

/// What this client alone is told.
enum Owed {
    Frame(Box<ServerFrame>),
    Pong(actix_web::web::Bytes),
    /// How a turn stands: rendered when the client can take it.
    Turn(TurnId),
    /// There is nothing more to say.
    Close(Close),
}

impl From<FrameBody> for Owed {
    fn from(body: FrameBody) -> Self {
        Self::Frame(Box::new(body.into()))
    }
}

impl Session {
    async fn run(&mut self, reader: &mut Reader) -> Result<Infallible, Close> {
        let (app, ending) = (Arc::clone(&self.app), self.seat.ending.clone());
        loop {
            let silence_ends = self.heard + self.longest_silence();
            let expiry = self.credential.left(app.clock.now());
            let (is_told_to_reconnect, is_working, is_asking) = (
                self.told_to_reconnect,
                !self.at_work.is_empty(),
                self.asked.is_some(),
            );
            tokio::select! {
                told = tell(&mut self.watch, &mut self.outgoing, &mut self.owed, !is_asking) => {
                    if let Told::Ask(turn) = told? {
                        self.asked = Some(self.ask(turn).boxed());
                    }
                }
                answer = async { self.asked.as_mut().expect("it was asked").await }, if is_asking => {
                    self.asked = None;
                    self.answer(answer);
                }
                inbound = reader.next() => {
                    self.heard = Instant::now();
                    self.pinged = false;
                    self.hear(inbound?)?;
                }
                Some(done) = self.at_work.next(), if is_working => match done {
                    Done::Owe(owed) => owed.into_iter().try_for_each(|owed| self.owe(owed))?,
                    Done::Renewed(credential) => {
                        self.credential = credential;
                        self.seat.renew(credential.caller.credential);
                    }
                },
                () = sleep_until(silence_ends) => {
                    if self.pinged {
                        return Err(Close::NoPong);
                    }
                    self.pinged = true;
                    self.heard = Instant::now();
                    self.owe(FrameBody::Ping)?;
                }
                () = sleep(expiry) => {
                    return Err(Close::Unauthenticated("the access token has expired".to_owned()));
                }
                why = ending.comes() => return Err(why),
                () = app.supervisor.draining(), if !is_told_to_reconnect => {
                    self.told_to_reconnect = true;
                    self.owe(FrameBody::Reconnect {
                        after_ms: RECONNECT_AFTER_MS,
                        jitter_ms: RECONNECT_JITTER_MS,
                    })?;
                }
                () = app.closing.cancelled() => {
                    self.tell_the_rest().await;
                    return Err(Close::Draining);
                }
            }
        }
    }

    /// Every turn is stored when sockets are closed, so how each ended is there to be told.
    async fn tell_the_rest(&mut self) {
        let rest = async {
            while self.watch.is_behind() || !self.owed.is_empty() {
                let (watch, outgoing) = (&mut self.watch, &mut self.outgoing);
                if let Told::Ask(turn) = tell(watch, outgoing, &mut self.owed, true).await? {
                    let answer = self.ask(turn).await;
                    self.answer(answer);
                }
            }
            Ok::<_, Close>(())
        };
        let _ = timeout(LAST_WORDS, rest).await;
    }

    fn hear(&mut self, inbound: Inbound) -> Result<(), Close> {
        let caller = self.credential.caller;
        match inbound {
            Inbound::Alive | Inbound::Frame(ClientFrame::Pong) => Ok(()),
            Inbound::Ping(bytes) => self.owe(Owed::Pong(bytes)),
            Inbound::Refused(problem) => self.owe(FrameBody::error(problem, None)),
            Inbound::Frame(ClientFrame::Auth { .. }) => Err(Close::Malformed(
                "the socket is authenticated; use auth.refresh".to_owned(),
            )),
            Inbound::Frame(ClientFrame::AuthRefresh { access_token }) => {
                let refresh = refresh(Arc::clone(&self.app), caller.user_id, access_token);
                self.work_on(refresh.boxed(), None)
            }
            Inbound::Frame(ClientFrame::MessageSend {
                client_message_id,
                text,
            }) => {
                let said = Said {
                    waifu_id: self.waifu_id,
                    client_message_id,
                    text,
                };
                let send = send(Arc::clone(&self.app), caller, self.address, said);
                self.work_on(send.map(Done::Owe).boxed(), Some(client_message_id))
            }
            Inbound::Frame(ClientFrame::TurnCancel { turn_id }) => {
                let cancel = cancel(Arc::clone(&self.app), caller, self.waifu_id, turn_id);
                self.work_on(cancel.map(Done::Owe).boxed(), Some(turn_id))
            }
            Inbound::Frame(ClientFrame::TurnSync { turn_id }) => {
                self.owe(Owed::Turn(turn_id.into()))
            }
        }
    }

    fn work_on(
        &mut self,
        work: BoxFuture<'static, Done>,
        about: Option<Uuid>,
    ) -> Result<(), Close> {
        if self.at_work.len() < MOST_AT_WORK {
            self.at_work.push(work);
            return Ok(());
        }
        let problem = Problem::new(Code::RateLimited, "too many frames are being worked on");
        self.owe(FrameBody::error(problem, about))
    }

    fn ask(&self, turn: TurnId) -> impl Future<Output = Option<FrameBody>> + Send + use<> {
        let app = Arc::clone(&self.app);
        ended(app, self.credential.caller, self.waifu_id, turn)
    }

    fn answer(&mut self, answer: Option<FrameBody>) {
        if let Some(answer) = answer {
            // Before anything else is asked for, which would wait beside it.
            self.owed.push_front(answer.into());
        }
    }

    fn owe(&mut self, owed: impl Into<Owed>) -> Result<(), Close> {
        if self.owed.len() == MOST_OWED {
            return Err(Close::TooSlow);
        }
        self.owed.push_back(owed.into());
        Ok(())
    }

    fn longest_silence(&self) -> Duration {
        let chat = &self.app.settings.chat;
        Duration::from_secs(if self.pinged {
            chat.pong_seconds
        } else {
            chat.heartbeat_seconds
        })
    }
}

/// What became of telling the client the next thing.
enum Told {
    It,
    /// The store has to be asked first how this turn stands.
    Ask(TurnId),
}

/// Tells the client the next thing, once it can take it and there is one. Safe to drop at every await: what was not sent
/// is still owed.
async fn tell(
    watch: &mut Watch,
    outgoing: &mut Outgoing,
    owed: &mut VecDeque<Owed>,
    may_ask: bool,
) -> Result<Told, Close> {
    if !outgoing.has_room() {
        watch.let_go();
    }
    outgoing.room().await?;
    // A turn is shown as it stands after everything that the client was told.
    let is_due = |owed: &Owed| !matches!(owed, Owed::Turn(_)) || may_ask && !watch.is_behind();
    if owed.front().is_some_and(is_due) {
        match owed.pop_front() {
            Some(Owed::Frame(frame)) => send_frame(outgoing, *frame).await?,
            Some(Owed::Pong(bytes)) => outgoing.pong(&bytes).await?,
            Some(Owed::Close(close)) => return Err(close),
            Some(Owed::Turn(turn)) => match watch.snapshot_of(turn) {
                // Its next words follow.
                Some(words) => {
                    send_frame(outgoing, FrameBody::TurnSnapshot(words.into()).into()).await?;
                }
                None => return Ok(Told::Ask(turn)),
            },
            None => {}
        }
        return Ok(Told::It);
    }
    match watch.next().await {
        Ok(news) => send_frame(outgoing, news.into()).await.map(|()| Told::It),
        // The client starts from what is stored: it is too far behind for anything else.
        Err(WatchError::Forgotten) => Err(Close::TooSlow),
        Err(WatchError::Store(error)) => Err(Close::from(Problem::from(error).code)),
    }
}

/// There is room, so this does not wait.
async fn send_frame(outgoing: &mut Outgoing, frame: ServerFrame) -> Result<(), Close> {
    let text = serde_json::to_string(&frame).expect("frames are plain data");
    outgoing.text(text).await
}

/// How a turn ended, as it is stored.
async fn ended(
    app: Arc<App>,
    caller: Caller,
    waifu_id: WaifuId,
    turn: TurnId,
) -> Option<FrameBody> {
    match app.send_message.outcome(caller, waifu_id, turn).await {
        // While it streams elsewhere its words come as they are known here.
        Ok(Some(outcome)) => ended_before(outcome),
        Ok(None) => {
            let problem = Problem::new(Code::NotFound, "there is no such turn");
            Some(FrameBody::error(problem, Some(turn.into())))
        }
        Err(error) => Some(FrameBody::error(error.into(), Some(turn.into()))),
    }
}

/// Another access token of the same user.
async fn refresh(app: Arc<App>, user: UserId, access_token: String) -> Done {
    let problem = match app.identity.verify(&access_token).await {
        Ok(fresh) if fresh.caller.user_id != user => {
            Problem::new(Code::Forbidden, "the access token is another user's")
        }
        Ok(fresh) => match fresh.caller.with(Scope::Chat) {
            Ok(_) => return Done::Renewed(fresh),
            Err(refused) => refused.into(),
        },
        Err(error) => error.into(),
    };
    Done::Owe(vec![FrameBody::error(problem, None).into()])
}

/// A message as it was sent.
struct Said {
    waifu_id: WaifuId,
    client_message_id: Uuid,
    text: String,
}

async fn send(app: Arc<App>, caller: Caller, address: IpAddr, said: Said) -> Vec<Owed> {
    let Said {
        waifu_id,
        client_message_id,
        text,
    } = said;
    let begun = async {
        let limits = &app.limits;
        limits
            .take(RequestClass::Chat, caller.user_id, address)
            .await?;
        let text = MessageText::try_from(text)
            .map_err(|error| Problem::invalid_field("/text", error.to_string()))?;
        let message = OutgoingMessage {
            waifu_id,
            conversation_id: None,
            client_message_id: client_message_id.into(),
            text,
        };
        let begun = app.send_message.begin(caller, message).await;
        begun.map_err(Problem::from)
    };
    match begun.await {
        Ok(Begun::Started(_)) => Vec::new(),
        Ok(Begun::Duplicate(turn)) => vec![
            accepted_before(client_message_id, turn).into(),
            Owed::Turn(turn.turn_id),
        ],
        Err(problem) if problem.code == Code::CompanionGone => vec![Owed::Close(Close::Gone)],
        Err(problem) => vec![FrameBody::error(problem, Some(client_message_id)).into()],
    }
}

/// What becomes of it all watchers hear.
async fn cancel(app: Arc<App>, caller: Caller, waifu_id: WaifuId, turn_id: Uuid) -> Vec<Owed> {
    let cancelled = app
        .send_message
        .cancel(caller, waifu_id, turn_id.into())
        .await;
    let problem: Problem = match cancelled {
        Ok(Some(_)) => return Vec::new(),
        Ok(None) => Problem::new(Code::NotFound, "there is no such turn"),
        Err(error) => error.into(),
    };
    vec![FrameBody::error(problem, Some(turn_id)).into()]
}
