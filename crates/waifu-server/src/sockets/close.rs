//! Close codes: why a socket ends, and so whether its client may come back.

use std::time::Duration;

use actix_ws::{CloseCode, CloseReason};
use waifu_app::identity::NotLetIn;

use crate::problem::{Code, Problem};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Close {
    /// The client said goodbye, which is answered, or is gone.
    ByClient(Option<CloseReason>),
    /// Against RFC 6455.
    Protocol(String),
    /// Text that is no UTF-8.
    NotText,
    Malformed(String),
    Unauthenticated(String),
    Forbidden,
    NotFound,
    NoAuthInTime,
    Gone,
    /// The session that it was opened with has ended, or its user's account is no more.
    Revoked,
    TooMuch {
        retry_after: Duration,
    },
    FrameTooLarge,
    ServerError,
    Replaced,
    Draining,
    NoPong,
    TooSlow,
    /// Of `graphql-transport-ws`: a second `connection_init`.
    InitAgain,
    /// Of `graphql-transport-ws`: the id of an operation that is at work.
    OperationExists,
}

impl Close {
    /// The number that the client is told; 0: he is not.
    pub fn code(&self) -> u16 {
        self.reason().map_or(0, |reason| reason.code.into())
    }

    /// `None`: the socket just ends.
    pub fn reason(&self) -> Option<CloseReason> {
        let (code, description) = match self {
            Self::ByClient(reason) => return reason.clone(),
            Self::Protocol(why) => (1002, why.as_str()),
            Self::NotText => (1007, "text has to be UTF-8"),
            Self::Malformed(why) => (4400, why.as_str()),
            Self::Unauthenticated(why) => (4401, why.as_str()),
            Self::Forbidden => (4403, "not allowed"),
            Self::NotFound => (4404, "there is no such companion"),
            Self::NoAuthInTime => (4408, "no auth in time"),
            Self::Replaced => (4409, "a newer socket took this one's place"),
            Self::Gone => (4410, "the companion is gone"),
            Self::Revoked => (4410, "the session has ended"),
            Self::TooMuch { .. } => (4429, "too many frames"),
            Self::FrameTooLarge => (1009, "the frame is too large"),
            Self::ServerError => (4500, "something failed in the server"),
            Self::Draining => (4503, "the server is stopping"),
            Self::NoPong => (4504, "no pong"),
            Self::TooSlow => (4508, "too slow"),
            Self::InitAgain => (4429, "too many initialisation requests"),
            Self::OperationExists => (4409, "an operation of this id is at work"),
        };
        // A close frame holds 125 bytes, two of which are the code.
        let description = &description[..description.floor_char_boundary(123)];
        Some(CloseReason {
            code: CloseCode::from(code),
            description: Some(description.to_owned()),
        })
    }
}

impl From<NotLetIn> for Close {
    fn from(error: NotLetIn) -> Self {
        match error {
            NotLetIn::Token(refused) => Self::Unauthenticated(refused.to_string()),
            NotLetIn::NoSuchKey => Self::Unauthenticated(error.to_string()),
            NotLetIn::Revoked => Self::Revoked,
            NotLetIn::Suspended | NotLetIn::Store(_) => Self::from(Problem::from(error).code),
        }
    }
}

impl From<Code> for Close {
    /// For what goes wrong before a socket is ready.
    fn from(code: Code) -> Self {
        match code {
            Code::Unauthenticated => {
                Self::Unauthenticated("the access token is not valid".to_owned())
            }
            Code::NotFound => Self::NotFound,
            Code::CompanionGone => Self::Gone,
            Code::Forbidden | Code::NotOwner | Code::Suspended => Self::Forbidden,
            Code::RateLimited | Code::BudgetSpent => Self::TooMuch {
                retry_after: Duration::from_millis(code.retry_after_ms().unwrap_or_default()),
            },
            Code::TooLarge => Self::FrameTooLarge,
            Code::Draining | Code::StoreUnavailable | Code::ProviderUnavailable => Self::Draining,
            Code::MalformedJson
            | Code::Validation
            | Code::UnsupportedMedia
            | Code::UnknownType
            | Code::MethodNotAllowed
            | Code::PreconditionRequired
            | Code::PreconditionFailed => Self::Malformed("against the protocol".to_owned()),
            Code::TurnInProgress
            | Code::GiftDeclined
            | Code::DateDeclined
            | Code::DateTooSoon
            | Code::ChoiceTaken
            | Code::EventExpired
            | Code::TooFarBack
            | Code::NameTaken
            | Code::IdempotencyMismatch
            | Code::ProviderFailed
            | Code::ProviderTimeout
            | Code::Internal => Self::ServerError,
        }
    }
}
