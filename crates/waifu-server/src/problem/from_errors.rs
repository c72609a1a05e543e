//! From what use cases refuse to what clients are told. Every match is exhaustive: a new variant must be told
//! of before it compiles. What is this server's own fault is logged here, once, with its chain.

use tracing::error;
use waifu_app::caller::KeyRefused;
use waifu_app::identity::NotLetIn;
use waifu_app::log::chain;
use waifu_app::ports::passwords::PasswordsUnavailable;
use waifu_app::ports::store::StoreError;
use waifu_app::turns::NotBegun;
use waifu_app::use_cases::{
    ActError, AnswerError, ChangePasswordError, CreateApiKeyError, CreateWaifuError,
    EditCatalogueError, MarkMinorError, NoAnswer, NotOwned, PlotError, ReadUsageError,
    RefreshError, RefusedAct, RegisterError, ResetPasswordError, SignInError, Unseen,
    UpdateProfileError, UpdateWaifuError,
};
use waifu_domain::affection::Refusal;
use waifu_domain::ids::TurnId;
use waifu_domain::turn::EndReason;
use waifu_domain::waifu::DocumentRefused;

use super::{Code, FieldError, Problem, WouldWork};

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        stored(&error)
    }
}

fn stored(error: &StoreError) -> Problem {
    error!(error = chain(error), "failed to use the store");
    match error {
        StoreError::Unavailable(_) => {
            Problem::new(Code::StoreUnavailable, "the store is out of reach")
        }
        StoreError::Failed(_) => internal(),
    }
}

fn suspended() -> Problem {
    Problem::new(Code::Suspended, "the account is suspended")
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

impl From<NotLetIn> for Problem {
    fn from(error: NotLetIn) -> Self {
        match error {
            NotLetIn::Token(_) | NotLetIn::NoSuchKey | NotLetIn::Revoked => {
                Self::new(Code::Unauthenticated, error.to_string())
            }
            NotLetIn::Suspended => suspended(),
            NotLetIn::Store(error) => stored(&error),
        }
    }
}

impl From<KeyRefused> for Problem {
    fn from(refused: KeyRefused) -> Self {
        Self::new(Code::Forbidden, refused.to_string())
    }
}

impl From<CreateApiKeyError> for Problem {
    fn from(error: CreateApiKeyError) -> Self {
        match error {
            CreateApiKeyError::TooMany => Self::new(Code::Validation, error.to_string()),
            CreateApiKeyError::NoAccount => Self::new(Code::NotFound, error.to_string()),
            CreateApiKeyError::Store(error) => error.into(),
        }
    }
}

impl From<ChangePasswordError> for Problem {
    fn from(error: ChangePasswordError) -> Self {
        match error {
            ChangePasswordError::Wrong => {
                Self::invalid_field("/current_password", "is not the current password")
            }
            ChangePasswordError::TooManyGuesses(error) => {
                Self::new(Code::RateLimited, error.to_string())
            }
            ChangePasswordError::Passwords(error) => error.into(),
            ChangePasswordError::Store(error) => error.into(),
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
            SignInError::Suspended => suspended(),
            SignInError::TooManyGuesses(error) => Self::new(Code::RateLimited, error.to_string()),
            SignInError::Passwords(error) => error.into(),
            SignInError::Store(error) => error.into(),
        }
    }
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Suspended => suspended(),
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
            CreateWaifuError::KeyTaken => Self::new(Code::NameTaken, error.to_string()),
            CreateWaifuError::Mismatch => idempotency_mismatch(),
            CreateWaifuError::Gone => companion_gone(),
            CreateWaifuError::Store(error) => error.into(),
        }
    }
}

impl From<NotOwned> for Problem {
    fn from(error: NotOwned) -> Self {
        match error {
            NotOwned::Unseen(unseen) => unseen.into(),
            NotOwned::NotOwner => {
                Self::new(Code::NotOwner, "only her owner may change this companion")
            }
        }
    }
}

impl From<EditCatalogueError> for Problem {
    fn from(error: EditCatalogueError) -> Self {
        match error {
            EditCatalogueError::NotThere => Self::new(Code::NotFound, error.to_string()),
            EditCatalogueError::Stale => Self::new(Code::PreconditionFailed, error.to_string()),
            EditCatalogueError::RuleBook(_) => Self::new(Code::Validation, error.to_string()),
            EditCatalogueError::Store(error) => error.into(),
        }
    }
}

impl From<MarkMinorError> for Problem {
    fn from(error: MarkMinorError) -> Self {
        match error {
            MarkMinorError::NotThere => Self::new(Code::NotFound, error.to_string()),
            MarkMinorError::BornTooLate => Self::new(Code::Validation, error.to_string()),
            MarkMinorError::Store(error) => error.into(),
        }
    }
}

impl From<ResetPasswordError> for Problem {
    fn from(error: ResetPasswordError) -> Self {
        match error {
            ResetPasswordError::NotThere => Self::new(Code::NotFound, error.to_string()),
            ResetPasswordError::Passwords(error) => error.into(),
            ResetPasswordError::Store(error) => error.into(),
        }
    }
}

impl From<ReadUsageError> for Problem {
    fn from(error: ReadUsageError) -> Self {
        match error {
            ReadUsageError::NotASpan => {
                Self::invalid(vec![FieldError::parameter("from", error.to_string())])
            }
            ReadUsageError::Store(error) => error.into(),
        }
    }
}

impl From<UpdateWaifuError> for Problem {
    fn from(error: UpdateWaifuError) -> Self {
        match error {
            UpdateWaifuError::NotOwned(error) => error.into(),
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
            NotBegun::BudgetSpent { retry_after } => Self::new(
                Code::BudgetSpent,
                "the tokens that you may spend today are spent",
            )
            .after(retry_after),
            NotBegun::Store(error) => error.into(),
        }
    }
}

impl From<AnswerError> for Problem {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::NotBegun(error) => error.into(),
            AnswerError::NoAnswer(error) => error.into(),
        }
    }
}

impl From<NoAnswer> for Problem {
    fn from(error: NoAnswer) -> Self {
        match error {
            NoAnswer::StillStreaming(turn) => Self::new(
                Code::ProviderTimeout,
                "the message is stored and the answer still on its way; the history will have it",
            )
            .about(turn),
            NoAnswer::Unseen(unseen) => unseen.into(),
        }
    }
}

impl From<ActError> for Problem {
    fn from(error: ActError) -> Self {
        match error {
            ActError::Unseen(unseen) => unseen.into(),
            ActError::NotThere(what) => {
                Self::new(Code::NotFound, format!("there is no such {what}"))
            }
            ActError::Refused(refused) => refused.into(),
            ActError::Mismatch => idempotency_mismatch(),
            ActError::Busy(turn) => Self::new(
                Code::TurnInProgress,
                "a turn is being answered, and that has to be over first",
            )
            .about(turn.turn_id),
            ActError::TooMany => Self::new(Code::RateLimited, "too much is being done just now"),
            ActError::NotTheLatest => Self::new(Code::TooFarBack, error.to_string()),
            ActError::NotBegun(error) => error.into(),
            ActError::TooFarBack => Self::new(
                Code::TooFarBack,
                format!("{error}: go back to a later turn first"),
            ),
            ActError::Unreadable(ref lost) => {
                error!(error = chain(lost), "failed to read what an act did");
                Self::new(
                    Code::StoreUnavailable,
                    "it was done, and the store can't tell what it did just now; the ledger has it",
                )
            }
        }
    }
}

impl From<RefusedAct> for Problem {
    fn from(refused: RefusedAct) -> Self {
        let detail = refused.to_string();
        let (code, would_work) = match &refused {
            RefusedAct::Gift(refusal) => declined_gift(refusal),
            RefusedAct::Date(refusal) => declined_date(refusal),
            RefusedAct::Choice(Refusal::ChoiceTaken) => (Code::ChoiceTaken, WouldWork::default()),
            RefusedAct::Choice(Refusal::NotForMinors) => (Code::Forbidden, WouldWork::default()),
            RefusedAct::Choice(_) => (Code::EventExpired, WouldWork::default()),
            RefusedAct::Adjustment(_) => return Self::invalid_field("/points", detail),
        };
        Self {
            would_work: Some(Box::new(would_work)),
            ..Self::new(code, detail)
        }
    }
}

/// Why she does not accept a gift, and what would work.
pub fn declined_gift(refusal: &Refusal) -> (Code, WouldWork) {
    (Code::GiftDeclined, would_work(refusal))
}

/// Why she does not come along, and what would work.
pub fn declined_date(refusal: &Refusal) -> (Code, WouldWork) {
    let code = match refusal {
        Refusal::TooSoon { .. } => Code::DateTooSoon,
        Refusal::BelowLevel(_)
        | Refusal::Locked(_)
        | Refusal::NotForMinors
        | Refusal::EmptyAdjustment
        | Refusal::ChoiceTaken
        | Refusal::EventExpired => Code::DateDeclined,
    };
    (code, would_work(refusal))
}

fn would_work(refusal: &Refusal) -> WouldWork {
    let nothing = WouldWork::default();
    match refusal {
        Refusal::BelowLevel(level) => WouldWork {
            least_level: Some(level.get()),
            ..nothing
        },
        Refusal::Locked(unlock) => WouldWork {
            unlock: Some(unlock.to_string()),
            ..nothing
        },
        Refusal::TooSoon { retry_at } => WouldWork {
            retry_at: Some(*retry_at),
            ..nothing
        },
        Refusal::NotForMinors
        | Refusal::EmptyAdjustment
        | Refusal::ChoiceTaken
        | Refusal::EventExpired => nothing,
    }
}

impl From<UpdateProfileError> for Problem {
    fn from(error: UpdateProfileError) -> Self {
        match error {
            UpdateProfileError::NotABirthday => Self::invalid_field("/birthday", error.to_string()),
            UpdateProfileError::Store(error) => error.into(),
        }
    }
}

impl From<PlotError> for Problem {
    fn from(error: PlotError) -> Self {
        match error {
            PlotError::Backwards | PlotError::TooManyParts => {
                Self::invalid(vec![FieldError::parameter("from", error.to_string())])
            }
            PlotError::Unseen(unseen) => unseen.into(),
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

fn idempotency_mismatch() -> Problem {
    Problem::new(
        Code::IdempotencyMismatch,
        "this Idempotency-Key was used for another request",
    )
}

fn no_such_companion() -> Problem {
    Problem::new(Code::NotFound, "there is no such companion")
}

fn companion_gone() -> Problem {
    Problem::new(Code::CompanionGone, "the companion has been deleted")
}
