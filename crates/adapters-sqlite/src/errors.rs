//! What can go wrong between a port and the file, and how callers are told.

use std::sync::Arc;

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use waifu_app::ports::store::StoreError;

/// Inside this crate: a job failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error(transparent)]
    Database(#[from] DieselError),
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// The caller broke a promise of the port.
    #[error("{0}")]
    Misuse(&'static str),
}

/// What ended a transaction that many had a part in.
#[derive(Debug, thiserror::Error)]
#[error("the transaction was lost, and all that was done in it")]
pub(crate) struct SharedFault(#[source] pub(crate) Arc<Fault>);

/// A stored value that no value of the program is.
#[derive(Debug, thiserror::Error)]
#[error("{column} holds what it can't")]
pub(crate) struct Corrupt {
    /// As `table.column`.
    column: &'static str,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl Corrupt {
    pub(crate) fn new(
        column: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            column,
            source: source.into(),
        }
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Database(error) if may_pass(&error) => Self::Unavailable(error.into()),
            Fault::Database(error) => Self::Failed(error.into()),
            Fault::Corrupt(error) => Self::Failed(error.into()),
            Fault::Misuse(_) => Self::Failed(fault.into()),
        }
    }
}

impl From<SharedFault> for StoreError {
    fn from(shared: SharedFault) -> Self {
        match &*shared.0 {
            Fault::Database(error) if may_pass(error) => Self::Unavailable(shared.into()),
            Fault::Database(_) | Fault::Corrupt(_) | Fault::Misuse(_) => {
                Self::Failed(shared.into())
            }
        }
    }
}

/// Whether the same call may succeed later. SQLite's "busy" and "locked" reach us as texts alone.
fn may_pass(error: &DieselError) -> bool {
    if let DieselError::DatabaseError(kind, information) = error {
        matches!(kind, DatabaseErrorKind::ClosedConnection)
            || information.message().contains("is locked")
    } else {
        matches!(error, DieselError::BrokenTransactionManager)
    }
}
