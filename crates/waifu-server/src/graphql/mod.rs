//! GraphQL: the same use cases as one schema, by POST, and over sockets, where subscriptions are told too.

mod account;
mod acquaintance;
mod acting;
mod acts;
mod api_keys;
mod companions;
mod connection;
mod cost;
mod events;
mod frames;
mod line;
mod mutation;
mod objects;
mod offers;
mod operators;
mod query;
mod scalars;
mod subscription;
mod ws;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::{HttpResponse, ResponseError, web};
use juniper::http::{GraphQLRequest, GraphQLResponse};
use juniper::{FieldError, IntoFieldError, Object, RootNode, Value};
use waifu_app::caller::{Caller, Scope, SessionHolder};
use waifu_app::ports::rate_limits::RequestClass;

use crate::app::App;
use crate::auth::bearer::LetInHere;
use crate::limits::told::{self, Told};
use crate::peer::PeerAddress;
use crate::problem::{Code, Problem};
use crate::rest::body::Body;
use acquaintance::{Acquaintances, acquaintances};
use line::Line;
use mutation::Mutation;
use query::Query;
use subscription::Subscription;

pub use ws::upgrade;

/// A document may be so deep, and an operation have so many fields; both far above what the schema needs.
const DEEPEST: usize = 12;
const MOST_FIELDS: usize = 200;
const MOST_TOKENS: usize = 4_000;

pub type Schema = RootNode<Query, Mutation, Subscription>;

/// What resolvers work with: the app, and who asks.
#[derive(Clone)]
pub struct Context {
    app: web::Data<App>,
    caller: Caller,
    /// From where.
    address: IpAddr,
    acquaintances: Acquaintances,
    /// What is left of each of his limits, after the latest field that counted.
    told: Arc<Mutex<BTreeMap<&'static str, Told>>>,
    /// `None`: no socket, and so no subscriptions.
    line: Option<Line>,
}

/// Who asks, and by what right: each asks for what he does as at the REST door, and is counted as there.
impl Context {
    fn new(app: web::Data<App>, caller: Caller, address: IpAddr, line: Option<Line>) -> Self {
        Self {
            acquaintances: acquaintances(&app.read_relationship, caller),
            app,
            caller,
            address,
            told: Arc::default(),
            line,
        }
    }

    async fn reader(&self) -> Result<Caller, Problem> {
        self.caller(Scope::Read, RequestClass::Read).await
    }

    /// Who may make her speak.
    async fn talker(&self) -> Result<Caller, Problem> {
        self.caller(Scope::Chat, RequestClass::Chat).await
    }

    /// Who changes what was said, and makes nobody speak.
    async fn stirrer(&self) -> Result<Caller, Problem> {
        self.caller(Scope::Chat, RequestClass::Write).await
    }

    async fn writer(&self) -> Result<Caller, Problem> {
        self.caller(Scope::Write, RequestClass::Write).await
    }

    async fn caller(&self, scope: Scope, class: RequestClass) -> Result<Caller, Problem> {
        self.count(class).await?;
        Ok(self.caller.with(scope)?)
    }

    /// No API key reaches what asks for this.
    async fn session(&self, class: RequestClass) -> Result<SessionHolder, Problem> {
        self.count(class).await?;
        Ok(self.caller.session()?)
    }

    async fn count(&self, class: RequestClass) -> Result<(), Problem> {
        let limits = &self.app.limits;
        let taken = limits.take(class, self.caller.user_id, self.address).await;
        let told = match &taken {
            Ok(told) => *told,
            Err(refused) => Some(refused.told),
        };
        if let Some(told) = told {
            self.told().insert(told.policy, told);
        }
        taken.map(|_| ()).map_err(Problem::from)
    }

    fn told(&self) -> MutexGuard<'_, BTreeMap<&'static str, Told>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self) -> Result<Line, Problem> {
        let detail = "subscriptions are told over a socket: GET /graphql/ws";
        let missing = || Problem::new(Code::MethodNotAllowed, detail);
        self.line.clone().ok_or_else(missing)
    }
}

impl juniper::Context for Context {}

pub fn schema() -> Schema {
    RootNode::new(Query, Mutation, Subscription)
        .limit_depth(DEEPEST)
        .limit_fields(MOST_FIELDS)
        .limit_tokens(MOST_TOKENS)
}

/// `schema.graphql`, as `print graphql` writes it.
pub fn schema_document() -> String {
    schema().as_sdl()
}

/// `POST /graphql`
pub async fn endpoint(
    app: web::Data<App>,
    schema: web::Data<Schema>,
    caller: LetInHere,
    address: PeerAddress,
    request: Body<GraphQLRequest>,
) -> HttpResponse {
    let request = request.0;
    if let Err(problem) = cost::check(&schema, &request.query, &request.variables()) {
        let refused = GraphQLResponse::error(problem.into_field_error());
        return HttpResponse::BadRequest().json(refused);
    }
    let context = Context::new(app, caller.0, address.0, None);
    let response = request.execute(&schema, &context).await;
    let mut answer = if response.is_ok() {
        HttpResponse::Ok().json(response)
    } else {
        HttpResponse::BadRequest().json(response)
    };
    let told: Vec<Told> = context.told().values().copied().collect();
    told::write(&told, answer.headers_mut());
    answer
}

/// For any other method: a GET, above all, must never run a mutation.
pub async fn post_alone() -> HttpResponse {
    let problem = Problem::new(Code::MethodNotAllowed, "GraphQL is asked by POST");
    let mut response = problem.error_response();
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static("POST"));
    response
}

/// A problem as a field's error: its stable code is under `extensions`, and when trying again helps, if that is known.
impl IntoFieldError for Problem {
    fn into_field_error(self) -> FieldError {
        let code: Value = Value::scalar(self.code.as_str().to_owned());
        let mut extensions = Object::with_capacity(2);
        extensions.add_field("code", code);
        if let Some(wait) = known_wait_ms(&self) {
            extensions.add_field("retry_after_ms", Value::scalar(wait));
        }
        FieldError::new(self.detail, Value::object(extensions))
    }
}

/// A day, the longest of them, fits into GraphQL's integers.
fn known_wait_ms(problem: &Problem) -> Option<i32> {
    problem
        .retry_after
        .and_then(|_| i32::try_from(problem.retry_after_ms()?).ok())
}
