//! The codes: stable names of what can go wrong, with what each door makes of them.

use std::fmt;

use actix_web::http::StatusCode;
use serde::Serialize;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal, $status:ident;)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
        pub enum Code {
            $($(#[doc = $doc])+ #[serde(rename = $text)] $name,)*
        }

        impl Code {
            /// Every code there is, for the documents that list them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            pub fn status(self) -> StatusCode {
                match self {
                    $(Self::$name => StatusCode::$status,)*
                }
            }

            /// What it means and when it comes.
            pub fn title(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($doc),+).trim_ascii(),)*
                }
            }
        }
    };
}

codes! {
    /// the body is not JSON
    MalformedJson = "malformed_json", BAD_REQUEST;
    /// a field is missing, unknown or not valid
    Validation = "validation", UNPROCESSABLE_ENTITY;
    /// the body or the frame is larger than this server takes
    TooLarge = "too_large", PAYLOAD_TOO_LARGE;
    /// the body's content type is not application/json
    UnsupportedMedia = "unsupported_media", UNSUPPORTED_MEDIA_TYPE;
    /// the credential is missing, wrong or expired
    Unauthenticated = "unauthenticated", UNAUTHORIZED;
    /// the companion is somebody else's to change
    NotOwner = "not_owner", FORBIDDEN;
    /// this caller may not do that
    Forbidden = "forbidden", FORBIDDEN;
    /// the account is suspended
    Suspended = "suspended", FORBIDDEN;
    /// there is no such thing, or the caller may not see it
    NotFound = "not_found", NOT_FOUND;
    /// the path exists, but not with this method
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED;
    /// the companion has been deleted
    CompanionGone = "companion_gone", GONE;
    /// another message of this relationship is being answered
    TurnInProgress = "turn_in_progress", CONFLICT;
    /// she does not accept the gift; `least_level` or `unlock` says what would help
    GiftDeclined = "gift_declined", CONFLICT;
    /// she does not come along; `least_level` or `unlock` says what would help
    DateDeclined = "date_declined", CONFLICT;
    /// the same date was too short a while ago; `retry_at` says when it can be
    DateTooSoon = "date_too_soon", CONFLICT;
    /// another choice has been taken in this event
    ChoiceTaken = "choice_taken", CONFLICT;
    /// the event has run out
    EventExpired = "event_expired", CONFLICT;
    /// so many messages are not taken back at once, or another turn came after the one to be answered again
    TooFarBack = "too_far_back", CONFLICT;
    /// the name is taken
    NameTaken = "name_taken", CONFLICT;
    /// the client_message_id was used for another text, or the Idempotency-Key for another request
    IdempotencyMismatch = "idempotency_mismatch", UNPROCESSABLE_ENTITY;
    /// a frame of a type that this protocol does not have (sockets only)
    UnknownType = "unknown_type", BAD_REQUEST;
    /// the request must say which version it changes
    PreconditionRequired = "precondition_required", PRECONDITION_REQUIRED;
    /// somebody else has changed it since
    PreconditionFailed = "precondition_failed", PRECONDITION_FAILED;
    /// more requests than one caller may make
    RateLimited = "rate_limited", TOO_MANY_REQUESTS;
    /// the tokens that a user may spend in a day are spent; the next day begins at midnight in UTC
    BudgetSpent = "budget_spent", TOO_MANY_REQUESTS;
    /// the language model's provider failed
    ProviderFailed = "provider_failed", BAD_GATEWAY;
    /// the language model's provider took too long
    ProviderTimeout = "provider_timeout", GATEWAY_TIMEOUT;
    /// the language model's provider is out of reach, or has no room
    ProviderUnavailable = "provider_unavailable", SERVICE_UNAVAILABLE;
    /// the server is stopping
    Draining = "draining", SERVICE_UNAVAILABLE;
    /// the store is out of reach
    StoreUnavailable = "store_unavailable", SERVICE_UNAVAILABLE;
    /// something failed in the server; its log says what
    Internal = "internal", INTERNAL_SERVER_ERROR;
}

impl Code {
    /// When trying the same again may help.
    pub fn retry_after_ms(self) -> Option<u64> {
        match self {
            Self::ProviderUnavailable | Self::StoreUnavailable | Self::Draining => Some(5_000),
            Self::BudgetSpent => Some(60_000),
            Self::RateLimited
            | Self::TurnInProgress
            | Self::ProviderFailed
            | Self::ProviderTimeout => Some(1_000),
            Self::MalformedJson
            | Self::Validation
            | Self::TooLarge
            | Self::UnsupportedMedia
            | Self::Unauthenticated
            | Self::NotOwner
            | Self::Forbidden
            | Self::Suspended
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::CompanionGone
            | Self::GiftDeclined
            | Self::DateDeclined
            | Self::DateTooSoon
            | Self::ChoiceTaken
            | Self::EventExpired
            | Self::TooFarBack
            | Self::NameTaken
            | Self::IdempotencyMismatch
            | Self::UnknownType
            | Self::PreconditionRequired
            | Self::PreconditionFailed
            | Self::Internal => None,
        }
    }
}

// By hand: what utoipa derives does not know the names that the macro gives to serde.
impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        let names = Self::ALL.iter().map(|code| code.as_str());
        let names = ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(names));
        names.into()
    }
}

impl ToSchema for Code {}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `docs/errors.md`, as `print errors` writes it.
pub fn document() -> String {
    use std::fmt::Write;
    let mut text = String::from(
        "# Error codes\n\nGenerated by `cargo xtask codegen` from the server's code. Each problem document, socket \
         `error` frame and GraphQL error carries one of these as `code`.\n\n| code | HTTP | when | retry |\n|---|---|---|---|\n",
    );
    for code in Code::ALL {
        let retry = code.retry_after_ms().map_or("no", |_| "yes");
        let _ = writeln!(
            text,
            "| `{code}` | {} | {} | {retry} |",
            code.status().as_u16(),
            code.title()
        );
    }
    text
}
