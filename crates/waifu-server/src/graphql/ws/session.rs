//! One socket's life: it authenticates, and then has operations at work.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use futures_util::{SinkExt, StreamExt};
use juniper::{DefaultScalarValue, ExecutionError, IntoFieldError, ScalarValue, Variables};
use juniper_graphql_ws::ConnectionConfig;
use juniper_graphql_ws::graphql_transport_ws::{Connection, Input, Output, SubscribePayload};
use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::debug;
use waifu_app::identity::{LetIn, NotLetIn};

use super::inbound::{ClientMessage, Inbound, Reader};
use super::operations::{MOST_AT_WORK, Operations, check_root};
use crate::app::App;
use crate::graphql::line::{Line, LineEnd};
use crate::graphql::{Context, Schema, cost};
use crate::problem::{Code, Problem};
use crate::sockets::census::{Seat, Stranger};
use crate::sockets::close::Close;
use crate::sockets::transport::Outgoing;

const PING: &str = r#"{"type":"ping"}"#;
const PONG: &str = r#"{"type":"pong"}"#;
/// As long as so much waits to be told, nothing more is taken from the client.
const MOST_OWED: usize = 32;
/// Once every turn is stored a socket gets so long to hear of it.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A socket that nobody is known at yet.
pub struct Door {
    pub app: web::Data<App>,
    pub schema: Arc<Schema>,
    pub address: IpAddr,
    pub reader: Reader,
    pub outgoing: Outgoing,
}

impl Door {
    /// Runs until there is a reason to close.
    pub async fn serve(mut self, stranger: Stranger) {
        let app = self.app.clone();
        app.metrics.socket_opened();
        let known = self.authenticate().await;
        drop(stranger);
        let (close, outgoing) = match known {
            Ok(credential) => self.let_in(credential).await,
            Err(close) => (close, self.outgoing),
        };
        debug!(?close, "a GraphQL socket ends");
        app.metrics.socket_closed(&close);
        outgoing.close(&close).await;
    }

    async fn authenticate(&mut self) -> Result<LetIn, Close> {
        let in_time = Duration::from_secs(self.app.settings.chat.auth_seconds);
        let first = async {
            loop {
                match self.reader.next(false).await? {
                    Inbound::Message(ClientMessage::ConnectionInit { payload }) => {
                        return Ok(payload);
                    }
                    Inbound::Message(ClientMessage::Subscribe { .. }) => {
                        let why = "connection_init comes first".to_owned();
                        return Err(Close::Unauthenticated(why));
                    }
                    Inbound::Message(ClientMessage::Ping { .. }) => {
                        self.outgoing.text(PONG.to_owned()).await?;
                    }
                    Inbound::Ping(bytes) => self.outgoing.pong(&bytes).await?,
                    Inbound::Message(
                        ClientMessage::Pong { .. } | ClientMessage::Complete { .. },
                    )
                    | Inbound::Alive => {}
                }
            }
        };
        let payload = tokio::select! {
            first = timeout(in_time, first) => first.map_err(|_| Close::NoAuthInTime)??,
            () = self.app.closing.cancelled() => return Err(Close::Draining),
        };
        let token = payload
            .get("access_token")
            .and_then(|token| token.as_scalar());
        let token = token.and_then(ScalarValue::try_as_str);
        // 4403 is what the protocol has for an init that is not accepted.
        let token = token.ok_or(Close::Forbidden)?;
        let verified = self.app.identity.verify(token).await;
        verified.map_err(|error| match error {
            NotLetIn::Token(_) | NotLetIn::NoSuchKey | NotLetIn::Suspended => Close::Forbidden,
            NotLetIn::Revoked | NotLetIn::Store(_) => Close::from(error),
        })
    }

    async fn let_in(self, credential: LetIn) -> (Close, Outgoing) {
        let seat = self.app.census.seat(credential.caller, None);
        let (line, line_end) = Line::new();
        let (app, caller) = (self.app.clone(), credential.caller);
        let context = Context::new(app, caller, self.address, Some(line));
        let mut session = Session {
            connection: Connection::new(Arc::clone(&self.schema), config(context)),
            app: self.app,
            schema: self.schema,
            credential,
            seat,
            line: line_end,
            operations: Operations::default(),
            outgoing: self.outgoing,
            owed: VecDeque::new(),
            heard: Instant::now(),
            pinged: false,
        };
        let mut reader = self.reader;
        match session.run(&mut reader).await {
            Ok(never) => match never {},
            Err(close) => (close, session.outgoing),
        }
    }
}

type Config = ConnectionConfig<Context, DefaultScalarValue>;

/// Signs of life are the session's own affair: juniper's ask for pings of the client, which none has to send.
fn config(context: Context) -> Config {
    ConnectionConfig::new(context)
        .with_max_in_flight_operations(MOST_AT_WORK)
        .with_keep_alive_interval(Duration::ZERO)
        .with_keep_alive_timeout(Duration::ZERO)
        .with_panic_handler(|_, _: &Context| {
            let problem = Problem::new(Code::Internal, "something failed in the server");
            Some(ExecutionError::at_origin(problem.into_field_error()))
        })
}

/// A socket at which somebody is known.
struct Session {
    connection: Connection<Arc<Schema>, Config>,
    app: web::Data<App>,
    schema: Arc<Schema>,
    credential: LetIn,
    seat: Seat,
    line: LineEnd,
    operations: Operations,
    outgoing: Outgoing,
    owed: VecDeque<Owed>,
    heard: Instant,
    pinged: bool,
}

/// What waits until the client takes it.
enum Owed {
    Text(String),
    Pong(web::Bytes),
}

impl Session {
    async fn run(&mut self, reader: &mut Reader) -> Result<Infallible, Close> {
        let (app, ending) = (self.app.clone(), self.seat.ending.clone());
        let accepted = ClientMessage::ConnectionInit {
            payload: Variables::default(),
        };
        self.pass_on(accepted).await;
        loop {
            let silence_ends = self.heard + self.longest_silence();
            let expiry = self.credential.left(app.clock.now());
            let may_ask = self.owed.len() < MOST_OWED;
            tokio::select! {
                told = self.tell() => told?,
                inbound = reader.next(true), if may_ask => {
                    self.heard = Instant::now();
                    self.pinged = false;
                    self.hear(inbound?).await?;
                }
                () = sleep_until(silence_ends) => {
                    if self.pinged {
                        return Err(Close::NoPong);
                    }
                    self.pinged = true;
                    self.heard = Instant::now();
                    self.owe(Owed::Text(PING.to_owned()));
                }
                () = sleep(expiry) => {
                    return Err(Close::Unauthenticated("the access token has expired".to_owned()));
                }
                why = ending.comes() => return Err(why),
                () = app.closing.cancelled() => {
                    let _ = timeout(LAST_WORDS, self.tell_the_rest()).await;
                    return Err(Close::Draining);
                }
            }
        }
    }

    fn check(&self, payload: &SubscribePayload<DefaultScalarValue>) -> Result<(), Problem> {
        check_root(&self.schema, payload)?;
        cost::check(&self.schema, &payload.query, &payload.variables)
    }

    /// Takes what juniper has to tell, or tells what is owed once the client can take it. juniper is always listened to:
    /// an operation that waits for its turn in the middle would keep what it has taken from the store. What bounds its
    /// words is the line, from which subscriptions hear when to take the next frame. Safe to drop while waiting.
    async fn tell(&mut self) -> Result<(), Close> {
        let has_room = *self.line.room.borrow();
        tokio::select! {
            output = self.connection.next() => match output {
                Some(Output::Message(message)) => {
                    if let Some(message) = self.operations.tell(message) {
                        let text = serde_json::to_string(&message);
                        self.owe(Owed::Text(text.expect("messages are plain data")));
                    }
                    Ok(())
                }
                Some(Output::Close { .. }) | None => Err(Close::ServerError),
            },
            room = self.outgoing.room(), if !has_room => {
                room?;
                match self.owed.pop_front() {
                    Some(Owed::Text(text)) => self.outgoing.text(text).await,
                    Some(Owed::Pong(bytes)) => self.outgoing.pong(&bytes).await,
                    None => {
                        self.line.room.send_replace(true);
                        Ok(())
                    }
                }
            }
        }
    }

    /// Every turn is stored when sockets are closed: how each ended is there to be told. Subscriptions that go on are not
    /// completed, so that their client comes back for them.
    async fn tell_the_rest(&mut self) -> Result<(), Close> {
        loop {
            let idle = *self.line.idle.borrow_and_update();
            if self.owed.is_empty() && self.operations.count() <= idle {
                return Ok(());
            }
            let mut idle = self.line.idle.clone();
            tokio::select! {
                told = self.tell() => told?,
                changed = idle.changed() => changed.map_err(|_| Close::ServerError)?,
            }
        }
    }

    async fn hear(&mut self, inbound: Inbound) -> Result<(), Close> {
        let message = match inbound {
            Inbound::Message(message) => message,
            Inbound::Ping(bytes) => {
                self.owe(Owed::Pong(bytes));
                return Ok(());
            }
            Inbound::Alive => return Ok(()),
        };
        match message {
            ClientMessage::ConnectionInit { .. } => return Err(Close::InitAgain),
            ClientMessage::Subscribe { id, payload } => {
                let begun = self.operations.begin(&id)?;
                match begun.and_then(|name| self.check(&payload).map(|()| name)) {
                    Ok(id) => self.pass_on(ClientMessage::Subscribe { id, payload }).await,
                    Err(problem) => {
                        self.operations.leave(&id);
                        self.owe(refusal(&id, &problem));
                    }
                }
            }
            ClientMessage::Complete { id } => {
                if let Some(id) = self.operations.leave(&id) {
                    self.pass_on(ClientMessage::Complete { id }).await;
                }
            }
            ClientMessage::Ping { .. } => self.owe(Owed::Text(PONG.to_owned())),
            ClientMessage::Pong { .. } => {}
        }
        Ok(())
    }

    /// Does not wait: operations run while they are listened to.
    async fn pass_on(&mut self, message: ClientMessage) {
        let Ok(()) = self.connection.send(Input::Message(message)).await;
    }

    fn owe(&mut self, owed: Owed) {
        self.owed.push_back(owed);
        self.line.room.send_replace(false);
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

/// Of an operation that does not begin.
fn refusal(id: &str, problem: &Problem) -> Owed {
    let error = json!({
        "message": problem.detail,
        "extensions": {"code": problem.code.as_str()},
    });
    Owed::Text(json!({"type": "error", "id": id, "payload": [error]}).to_string())
}
