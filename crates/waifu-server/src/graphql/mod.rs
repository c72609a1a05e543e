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

use std::net::IpAddr;

use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::{HttpResponse, ResponseError, web};
use juniper::http::{GraphQLRequest, GraphQLResponse};
use juniper::{FieldError, IntoFieldError, RootNode, Value, graphql_value};
use waifu_app::caller::{Caller, Scope, SessionHolder};

use crate::app::App;
use crate::auth::bearer::LetInHere;
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
    /// `None`: no socket, and so no subscriptions.
    line: Option<Line>,
}

impl Context {
    fn new(app: web::Data<App>, caller: Caller, address: IpAddr, line: Option<Line>) -> Self {
        Self {
            acquaintances: acquaintances(&app.read_relationship, caller),
            app,
            caller,
            address,
            line,
        }
    }

    fn reader(&self) -> Result<Caller, Problem> {
        Ok(self.caller.with(Scope::Read)?)
    }

    fn talker(&self) -> Result<Caller, Problem> {
        Ok(self.caller.with(Scope::Chat)?)
    }

    fn writer(&self) -> Result<Caller, Problem> {
        Ok(self.caller.with(Scope::Write)?)
    }

    /// No API key reaches what asks for this.
    fn session(&self) -> Result<SessionHolder, Problem> {
        Ok(self.caller.session()?)
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
    if response.is_ok() {
        HttpResponse::Ok().json(response)
    } else {
        HttpResponse::BadRequest().json(response)
    }
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

/// A problem as a field's error: its stable code is under `extensions`.
impl IntoFieldError for Problem {
    fn into_field_error(self) -> FieldError {
        let code: Value = Value::scalar(self.code.as_str().to_owned());
        FieldError::new(self.detail, graphql_value!({ "code": code }))
    }
}
