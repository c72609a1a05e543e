//! Close codes: why a socket ends, and so whether its client may come back.

use actix_ws::{CloseCode, CloseReason};

use crate::problem::Code;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Close {
    /// The client said goodbye, or is gone: there is nobody to tell.
    ByClient,
    Malformed(String),
    Unauthenticated(String),
    Forbidden,
    NotFound,
    NoAuthInTime,
    Gone,
    TooManyFrames,
    FrameTooLarge,
    ServerError,
    Draining,
    NoPong,
    TooSlow,
}

impl Close {
    /// `None`: the socket just ends.
    pub fn reason(&self) -> Option<CloseReason> {
        let (code, description) = match self {
            Self::ByClient => return None,
            Self::Malformed(why) => (4400, why.as_str()),
            Self::Unauthenticated(why) => (4401, why.as_str()),
            Self::Forbidden => (4403, "not allowed"),
            Self::NotFound => (4404, "there is no such companion"),
            Self::NoAuthInTime => (4408, "no auth in time"),
            Self::Gone => (4410, "the companion is gone"),
            Self::TooManyFrames => (4429, "too many frames"),
            Self::FrameTooLarge => (1009, "the frame is too large"),
            Self::ServerError => (4500, "something failed in the server"),
            Self::Draining => (4503, "the server is stopping"),
            Self::NoPong => (4504, "no pong"),
            Self::TooSlow => (4508, "too slow"),
        };
        // A close frame holds 125 bytes, two of which are the code.
        let description = &description[..description.floor_char_boundary(123)];
        Some(CloseReason {
            code: CloseCode::from(code),
            description: Some(description.to_owned()),
        })
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
            Code::Forbidden | Code::NotOwner => Self::Forbidden,
            Code::RateLimited => Self::TooManyFrames,
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
