//! What goes wrong, as clients are told: one stable code each, the same at every door. What operators are told
//! is in the log.

mod code;
mod from_errors;

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use waifu_domain::ids::TurnId;
use waifu_domain::timestamp::Timestamp;

pub use code::{Code, document};
pub use from_errors::{declined_date, declined_gift, failed_turn};

/// What a client is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub code: Code,
    /// For people.
    pub detail: String,
    /// For a bad body or query: what is wrong with which field.
    pub errors: Vec<FieldError>,
    /// The turn that this is about: the one that failed, or the one that is being answered.
    pub turn_id: Option<TurnId>,
    /// When trying again may help; `None`: what the code says.
    pub retry_after: Option<Duration>,
    /// What would work, for an act that the rules refuse.
    pub would_work: Option<Box<WouldWork>>,
}

/// What would work, or when.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct WouldWork {
    /// The relationship's level that is needed, 0 to 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least_level: Option<u8>,
    /// The name of what has to be unlocked first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unlock: Option<String>,
    /// From when on it can be done again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub retry_at: Option<Timestamp>,
}

/// An RFC 9457 problem document (`application/problem+json`).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// `urn:waifu:problem:` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// What the code means.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// Stable: what clients branch on.
    code: Code,
    /// What went wrong this time, for people.
    detail: String,
    /// For a bad body or query: what is wrong with which field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// The turn that this is about: the one that failed, or the one that is being answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    turn_id: Option<Uuid>,
    /// When trying again may help, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    #[serde(flatten)]
    would_work: WouldWork,
}

impl From<&Problem> for ProblemDocument {
    fn from(problem: &Problem) -> Self {
        let code = problem.code;
        Self {
            kind: format!("urn:waifu:problem:{code}"),
            title: code.title(),
            status: code.status().as_u16(),
            code,
            detail: problem.detail.clone(),
            errors: problem.errors.clone(),
            turn_id: problem.turn_id.map(Into::into),
            retry_after_ms: problem.retry_after_ms(),
            would_work: problem.would_work.as_deref().cloned().unwrap_or_default(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// An RFC 6901 JSON pointer into the body; for others the name of the parameter.
    #[serde(flatten)]
    pub place: FieldPlace,
    pub detail: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldPlace {
    Pointer(String),
    Parameter(String),
}

impl Problem {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: shortened(detail.into()),
            errors: Vec::new(),
            turn_id: None,
            retry_after: None,
            would_work: None,
        }
    }

    /// A body that can be read and makes no sense.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [only] => format!("{} {}", only.place, only.detail),
            several => format!("{} fields are not valid", several.len()),
        };
        Self {
            errors,
            ..Self::new(Code::Validation, detail)
        }
    }

    pub fn invalid_field(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError::body(pointer, detail)])
    }

    /// Trying again may help after so long.
    #[must_use]
    pub fn after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    pub fn retry_after_ms(&self) -> Option<u64> {
        match self.retry_after {
            Some(wait) => Some(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
            None => self.code.retry_after_ms(),
        }
    }

    #[must_use]
    pub fn about(mut self, turn: TurnId) -> Self {
        self.turn_id = Some(turn);
        self
    }
}

impl FieldError {
    pub fn body(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            place: FieldPlace::Pointer(shortened(pointer.into())),
            detail: shortened(detail.into()),
        }
    }

    pub fn parameter(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            place: FieldPlace::Parameter(name.into()),
            detail: shortened(detail.into()),
        }
    }
}

/// Says back at most so many bytes of each end of what a client sent.
const MOST_OF_AN_END: usize = 250;

/// What a client sent can be as long as a body; its start and its end say enough.
fn shortened(text: String) -> String {
    if text.len() <= 2 * MOST_OF_AN_END {
        return text;
    }
    let start = &text[..text.floor_char_boundary(MOST_OF_AN_END)];
    let end = &text[text.ceil_char_boundary(text.len() - MOST_OF_AN_END)..];
    format!("{start} … {end}")
}

impl std::fmt::Display for FieldPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pointer(pointer) if pointer.is_empty() => f.write_str("the body"),
            Self::Pointer(name) | Self::Parameter(name) => f.write_str(name),
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((CONTENT_TYPE, "application/problem+json"));
        if let Some(wait) = self.retry_after_ms() {
            response.insert_header((RETRY_AFTER, wait.div_ceil(1000).to_string()));
        }
        if self.code == Code::Unauthenticated {
            response.insert_header(("WWW-Authenticate", "Bearer"));
        }
        response.json(ProblemDocument::from(self))
    }
}
