//! What goes wrong here, and which of it may pass: what is out of reach now, and what is broken.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as QueryError};
use diesel_async::pooled_connection::deadpool::PoolError;
use waifu_app::ports::language_model::BoxError;
use waifu_app::ports::store::StoreError;

/// How PostgreSQL's messages start that say "not now": diesel hands on no SQLSTATE. A server that speaks another
/// language is still understood by the connection that it closes.
const PASSING: [&str; 7] = [
    "terminating connection",
    "canceling statement due to",
    "deadlock detected",
    "the database system is",
    "sorry, too many clients",
    "too many connections",
    "remaining connection slots",
];

#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("failed to query PostgreSQL")]
    Query(#[from] QueryError),
    #[error("failed to get a connection to PostgreSQL")]
    NoConnection(#[source] BoxError),
    #[error("failed to understand what is stored in {place}")]
    Corrupt {
        /// `table.column`
        place: &'static str,
        #[source]
        why: BoxError,
    },
    #[error("failed to store a number as large as {0}")]
    TooMuch(u64),
    #[error("failed to find the row of {0} that was to be changed")]
    Missing(&'static str),
    /// The caller broke a promise of the port.
    #[error("{0}")]
    Misuse(&'static str),
    #[error("failed to read the database's url")]
    BadUrl(#[source] BoxError),
    #[error("failed to migrate the database")]
    Migrations(#[source] BoxError),
}

impl From<PoolError> for Fault {
    fn from(error: PoolError) -> Self {
        Self::NoConnection(error.into())
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        let passes = match &fault {
            Fault::Query(error) => passes(error),
            Fault::NoConnection(_) => true,
            Fault::Corrupt { .. }
            | Fault::TooMuch(_)
            | Fault::Missing(_)
            | Fault::Misuse(_)
            | Fault::BadUrl(_)
            | Fault::Migrations(_) => false,
        };
        if passes {
            Self::Unavailable(fault.into())
        } else {
            Self::Failed(fault.into())
        }
    }
}

fn passes(error: &QueryError) -> bool {
    if let QueryError::DatabaseError(kind, information) = error {
        matches!(
            kind,
            DatabaseErrorKind::UnableToSendCommand
                | DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::SerializationFailure
        ) || says_not_now(information.as_ref())
    } else {
        matches!(error, QueryError::BrokenTransactionManager)
    }
}

fn says_not_now(information: &dyn DatabaseErrorInformation) -> bool {
    let message = information.message();
    PASSING.iter().any(|start| message.starts_with(start))
}
