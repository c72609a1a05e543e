//! Transactions, and parts of them.

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::{RunQueryDsl, SqliteConnection};

use crate::errors::Fault;
use crate::sql::Sql;

pub(super) fn begin(connection: &mut SqliteConnection, begin: &str) -> Result<(), Fault> {
    Ok(AnsiTransactionManager::begin_transaction_sql(
        connection, begin,
    )?)
}

pub(super) fn commit(connection: &mut SqliteConnection) -> Result<(), Fault> {
    Ok(AnsiTransactionManager::commit_transaction(connection)?)
}

/// Fine with there being nothing to roll back.
pub(super) fn roll_back(connection: &mut SqliteConnection) -> Result<(), Fault> {
    while is_open(connection)? {
        AnsiTransactionManager::rollback_transaction(connection)?;
    }
    Ok(())
}

fn is_open(connection: &mut SqliteConnection) -> Result<bool, Fault> {
    let status = AnsiTransactionManager::transaction_manager_status_mut(connection);
    Ok(status.transaction_depth()?.is_some())
}

struct Savepoint;
struct Release;
struct Undo;

/// Does a part of a transaction that can be undone alone: it stays when `part` says so. Diesel does not count it, and
/// would have each of these statements parsed anew.
pub(super) fn in_savepoint(
    connection: &mut SqliteConnection,
    part: impl FnOnce(&mut SqliteConnection) -> bool,
) -> Result<(), Fault> {
    Sql::<Savepoint, _>::new("savepoint part", ()).execute(connection)?;
    if !part(connection) {
        Sql::<Undo, _>::new("rollback to part", ()).execute(connection)?;
    }
    Sql::<Release, _>::new("release part", ()).execute(connection)?;
    Ok(())
}
