//! Parameters of paths and queries, refused by name.

use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::error::QueryPayloadError;
use actix_web::{FromRequest, HttpRequest, web};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::future::{Ready, ready};
use utoipa::IntoParams;
use waifu_app::use_cases::page::PageLimit;
use waifu_domain::ids::{ApiKeyId, OccurrenceId, TurnId, UserId, WaifuId};

use super::cursor::Cursor;
use crate::problem::{FieldError, Problem};

/// The companion that a path names.
#[derive(Debug, Clone, Copy)]
pub struct WaifuPath(pub WaifuId);

impl FromRequest for WaifuPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().query("id");
        ready(parse_parameter("id", text, "must be a UUID").map(Self))
    }
}

/// The turn that a path names.
#[derive(Debug, Clone, Copy)]
pub struct TurnPath(pub TurnId);

impl FromRequest for TurnPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().query("turn_id");
        ready(parse_parameter("turn_id", text, "must be a UUID").map(Self))
    }
}

/// The occurrence of an event that a path names.
#[derive(Debug, Clone, Copy)]
pub struct OccurrencePath(pub OccurrenceId);

impl FromRequest for OccurrencePath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().query("occurrence_id");
        ready(parse_parameter("occurrence_id", text, "must be a UUID").map(Self))
    }
}

/// The user whom a path names.
#[derive(Debug, Clone, Copy)]
pub struct UserPath(pub UserId);

impl FromRequest for UserPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().query("user_id");
        ready(parse_parameter("user_id", text, "must be a UUID").map(Self))
    }
}

/// The API key that a path names.
#[derive(Debug, Clone, Copy)]
pub struct ApiKeyPath(pub ApiKeyId);

impl FromRequest for ApiKeyPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().query("id");
        ready(parse_parameter("id", text, "must be a UUID").map(Self))
    }
}

/// A query of type `T`.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse_query(request.query_string()).map(Self))
    }
}

fn parse_query<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    match web::Query::<T>::from_query(query) {
        Ok(query) => Ok(query.into_inner()),
        Err(error) => Err(bad_parameter("query", why(&error))),
    }
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// How many items, 1 to 100; 50 unless told.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page query, parsed. `C` is where a page of this list can start.
#[derive(Debug)]
pub struct Paging<C> {
    pub limit: PageLimit,
    pub start: Option<C>,
}

impl<C: Cursor + 'static> FromRequest for Paging<C> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::parse(request.query_string()))
    }
}

impl<C: Cursor> Paging<C> {
    fn parse(query: &str) -> Result<Self, Problem> {
        let query: PageQuery = parse_query(query)?;
        Self::new(query.limit, query.cursor.as_deref())
    }

    pub fn new(limit: Option<u32>, cursor: Option<&str>) -> Result<Self, Problem> {
        let limit = match limit {
            None => PageLimit::default(),
            Some(limit) => PageLimit::try_from(limit)
                .map_err(|error| bad_parameter("limit", error.to_string()))?,
        };
        let start = match cursor {
            None => None,
            Some(text) => Some(C::decode(text).ok_or_else(|| {
                bad_parameter(
                    "cursor",
                    "must be the next_cursor of a page of this list".to_owned(),
                )
            })?),
        };
        Ok(Self { limit, start })
    }
}

/// Without the library's own preface.
fn why(error: &QueryPayloadError) -> String {
    match error {
        QueryPayloadError::Deserialize(error) => error.to_string(),
        other => other.to_string(),
    }
}

fn parse_parameter<T: FromStr>(name: &str, text: &str, otherwise: &str) -> Result<T, Problem> {
    text.parse()
        .map_err(|_| bad_parameter(name, otherwise.to_owned()))
}

fn bad_parameter(name: &str, detail: String) -> Problem {
    Problem::invalid(vec![FieldError::parameter(name, detail)])
}
