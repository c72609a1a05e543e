//! From what use cases refuse to what clients are told. Every match is exhaustive: a new variant must be told
//! of before it compiles. What is this server's own fault is logged here, once, with its chain.

use tracing::error;
use waifu_app::log::chain;
use waifu_app::ports::passwords::PasswordsUnavailable;
use waifu_app::ports::store::StoreError;
use waifu_app::turns::NotBegun;
use waifu_app::use_cases::{
    AnswerError, CreateWaifuError, RefreshError, RegisterError, SignInError, Unseen,
    UpdateWaifuError,
};
use waifu_domain::ids::TurnId;
use waifu_domain::turn::EndReason;
use waifu_domain::waifu::DocumentRefused;

use super::{Code, Problem};

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        error!(error = chain(&error), "failed to use the store");
        match error {
            StoreError::Unavailable(_) => {
                Self::new(Code::StoreUnavailable, "the store is out of reach")
            }
            StoreError::Failed(_) => internal(),
        }
    }
}

impl From<PasswordsUnavailable> for Problem {
    fn from(error: PasswordsUnavailable) -> Self {
        match error {
            PasswordsUnavailable::Busy => {
                Self::new(Code::RateLimited, "too many are signing in just now")
            }
            PasswordsUnavailable::Failed(_) => {
                error!(error = chain(&error), "failed to work on a password");
                internal()
            }
        }
    }
}

impl From<DocumentRefused> for Problem {
    fn from(refused: DocumentRefused) -> Self {
        Self::invalid_field(format!("/{}", refused.document), refused.why.to_string())
    }
}

impl From<Unseen> for Problem {
    fn from(unseen: Unseen) -> Self {
        match unseen {
            Unseen::NotFound => no_such_companion(),
            Unseen::Gone => companion_gone(),
            Unseen::Store(error) => error.into(),
        }
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::NameTaken => Self::new(Code::NameTaken, "the username is taken"),
            RegisterError::Passwords(error) => error.into(),
            RegisterError::Store(error) => error.into(),
        }
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Wrong => Self::new(
                Code::Unauthenticated,
                "the username or the password is wrong",
            ),
            SignInError::Passwords(error) => error.into(),
            SignInError::Store(error) => error.into(),
        }
    }
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Refused => Self::new(
                Code::Unauthenticated,
                "the refresh token is not valid; sign in again",
            ),
            RefreshError::Store(error) => error.into(),
        }
    }
}

impl From<CreateWaifuError> for Problem {
    fn from(error: CreateWaifuError) -> Self {
        match error {
            CreateWaifuError::Document(refused) => refused.into(),
            CreateWaifuError::Store(error) => error.into(),
        }
    }
}

impl From<UpdateWaifuError> for Problem {
    fn from(error: UpdateWaifuError) -> Self {
        match error {
            UpdateWaifuError::Unseen(unseen) => unseen.into(),
            UpdateWaifuError::NotOwner => {
                Self::new(Code::NotOwner, "only her owner may change this companion")
            }
            UpdateWaifuError::Stale => Self::new(
                Code::PreconditionFailed,
                "the companion has another version by now; read her again",
            ),
            UpdateWaifuError::Document(refused) => refused.into(),
        }
    }
}

impl From<NotBegun> for Problem {
    fn from(error: NotBegun) -> Self {
        match error {
            NotBegun::Mismatch => Self::new(
                Code::IdempotencyMismatch,
                "this client_message_id was used for another text",
            ),
            NotBegun::Busy(turn) => {
                Self::new(Code::TurnInProgress, "another message is being answered")
                    .about(turn.turn_id)
            }
            NotBegun::NoSuchWaifu => no_such_companion(),
            NotBegun::WaifuGone => companion_gone(),
            NotBegun::NoSuchConversation => {
                Self::new(Code::NotFound, "there is no such conversation")
            }
            NotBegun::Draining => Self::new(
                Code::Draining,
                "the server is stopping; nothing was written",
            ),
            NotBegun::Full => Self::new(
                Code::ProviderUnavailable,
                "as many replies are streaming as this server allows",
            ),
            NotBegun::FullForThisUser => Self::new(
                Code::RateLimited,
                "as many of your replies are streaming as are allowed",
            ),
            NotBegun::Store(error) => error.into(),
        }
    }
}

impl From<AnswerError> for Problem {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::NotBegun(error) => error.into(),
            AnswerError::StillStreaming(turn) => Self::new(
                Code::ProviderTimeout,
                "the message is stored and the answer still on its way; the history will have it",
            )
            .about(turn),
            AnswerError::Unseen(unseen) => unseen.into(),
        }
    }
}

/// For a turn that ended without a word.
pub fn failed_turn(turn: TurnId, reason: Option<EndReason>) -> Problem {
    let (code, detail) = match reason {
        Some(EndReason::ProviderTimeout) => (
            Code::ProviderTimeout,
            "the language model's provider took too long",
        ),
        Some(EndReason::ProviderUnavailable) => (
            Code::ProviderUnavailable,
            "the language model's provider is out of reach",
        ),
        Some(EndReason::Draining) => (Code::Draining, "the server was stopped before she answered"),
        Some(EndReason::Abandoned) => (Code::Internal, "the server failed before she answered"),
        Some(
            EndReason::ProviderFailed
            | EndReason::Filtered
            | EndReason::Cut
            | EndReason::Empty
            | EndReason::TooLong
            | EndReason::Length,
        )
        | None => (Code::ProviderFailed, "the language model gave no answer"),
    };
    Problem::new(code, detail).about(turn)
}

fn internal() -> Problem {
    Problem::new(Code::Internal, "something failed in the server")
}

fn no_such_companion() -> Problem {
    Problem::new(Code::NotFound, "there is no such companion")
}

fn companion_gone() -> Problem {
    Problem::new(Code::CompanionGone, "the companion has been deleted")
}
