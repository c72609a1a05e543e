//! What goes wrong here, and which of it may pass: what is out of reach now, and what is broken.

use std::sync::Arc;

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as QueryError};
use diesel_async::pooled_connection::deadpool::PoolError;
use waifu_app::ports::language_model::BoxError;
use waifu_app::ports::store::StoreError;

const TERMINATING: &str = "terminating connection";

/// How PostgreSQL's messages start that say "not now": diesel hands on no SQLSTATE. A server that speaks another
/// language is still understood by the connection that it closes.
const PASSING: [&str; 7] = [
    TERMINATING,
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
    /// The queue of an operation is full.
    #[error("failed to get a place among those who wait for PostgreSQL")]
    TooMany,
    /// The runtime that the store was opened on is going.
    #[error("failed to reach the store, which is closing")]
    Stopped,
    #[error("failed to do it for many at once")]
    OfAll(#[source] Arc<Fault>),
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

impl Fault {
    /// The same may go well later.
    fn passes(&self) -> bool {
        match self {
            Self::Query(error) => passes(error),
            Self::NoConnection(_) | Self::TooMany | Self::Stopped => true,
            Self::OfAll(fault) => fault.passes(),
            Self::Corrupt { .. }
            | Self::TooMuch(_)
            | Self::Missing(_)
            | Self::Misuse(_)
            | Self::BadUrl(_)
            | Self::Migrations(_) => false,
        }
    }

    /// The server has refused the statement and goes on: nothing of it was done. A connection that breaks leaves open
    /// whether the commit came through.
    pub(crate) fn left_nothing(&self) -> bool {
        if let Self::Query(QueryError::DatabaseError(kind, information)) = self {
            !matches!(
                kind,
                DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::ClosedConnection
            ) && !information.message().starts_with(TERMINATING)
        } else {
            false
        }
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        if fault.passes() {
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
