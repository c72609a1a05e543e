//! Opening a store: the folder, the lock that keeps a second server out, the schema, and the threads.

use std::any::Any;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{io, thread};

use diesel::connection::SimpleConnection;
use diesel::{Connection, ConnectionError, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::connections::{Connect, Ending, Lane, LaneError, LaneOptions};
use crate::statements;
use crate::store::{Lanes, SqliteStore};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// First the patience, since changing to WAL may itself meet a lock. FULL: what is committed survives a power cut.
/// What savepoints may have to undo stays in memory, as do 32 MiB of pages; and once the log has 32 MiB of them, most of
/// which were written several times, it is brought into the file.
const WRITER_PRAGMAS: &str = "pragma busy_timeout = 5000; pragma journal_mode = wal; \
     pragma synchronous = full; pragma foreign_keys = on; pragma temp_store = memory; pragma cache_size = -32768; \
     pragma wal_autocheckpoint = 8000;";
const READER_PRAGMAS: &str =
    "pragma busy_timeout = 5000; pragma foreign_keys = on; pragma query_only = on;";

/// Brings what is in the log into the file. Readers may have a look yet, but not for long.
const LAST_PRAGMAS: &str = "pragma busy_timeout = 500; pragma wal_checkpoint(truncate);";

/// The most jobs that share a commit.
const WRITES_A_COMMIT: usize = 256;

/// A server that is being restarted is given this long to let go of the file.
const HANDOVER: Duration = Duration::from_secs(1);
const HANDOVER_STEP: Duration = Duration::from_millis(20);

#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// The database file. It and its folder are made when they are missing; `<path>.lock` is made beside it.
    pub path: PathBuf,
    /// How many can read at once, at least 1.
    pub readers: usize,
    /// How long a caller waits for a free connection before the store is out of reach.
    pub patience: Duration,
}

impl SqliteOptions {
    /// Four readers, and ten seconds of patience.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            readers: 4,
            patience: Duration::from_secs(10),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("failed to create the folder {}", folder.display())]
    Folder {
        folder: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("failed to lock {}", path.display())]
    Lock {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("another server is using {}", path.display())]
    InUse { path: PathBuf },
    #[error("the path {} is not UTF-8, which SQLite needs", path.display())]
    NotUtf8 { path: PathBuf },
    #[error("failed to open {}", path.display())]
    Connect {
        path: PathBuf,
        #[source]
        source: ConnectionError,
    },
    #[error("failed to bring the schema of {} up to date", path.display())]
    Migrate {
        path: PathBuf,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("failed to start a thread for the store")]
    Thread(#[source] io::Error),
}

impl SqliteStore {
    /// Opens the store, making and migrating it as needed. Blocks; for at most a second or so if the file is in
    /// use. The file stays locked until the last clone is gone and its threads have ended.
    pub fn open(options: &SqliteOptions) -> Result<Self, OpenError> {
        let SqliteOptions {
            path,
            readers,
            patience,
        } = options;
        statements::count_them();
        make_folder(path)?;
        let lock: Arc<dyn Any + Send + Sync> = Arc::new(lock(path)?);
        let url = path
            .to_str()
            .ok_or_else(|| OpenError::NotUtf8 { path: path.clone() })?
            .to_owned();
        let writer_connect = connecting(url.clone(), WRITER_PRAGMAS);
        migrate(path, &writer_connect)?;

        let ending = Ending::default();
        let lane = |options: &LaneOptions| {
            Lane::open(options, &ending).map_err(|error| match error {
                LaneError::Connect(source) => OpenError::Connect {
                    path: path.clone(),
                    source,
                },
                LaneError::Spawn(source) => OpenError::Thread(source),
            })
        };
        let writer = lane(&LaneOptions {
            name: "writer",
            size: 1,
            begin: "BEGIN IMMEDIATE",
            at_once: WRITES_A_COMMIT,
            at_the_end: Some(LAST_PRAGMAS),
            patience: *patience,
            connect: writer_connect,
            held: lock.clone(),
        })?;
        let readers = lane(&LaneOptions {
            name: "reader",
            size: (*readers).max(1),
            begin: "BEGIN DEFERRED",
            // A read has nothing to commit, and each wants a picture of its own.
            at_once: 1,
            at_the_end: None,
            patience: *patience,
            connect: connecting(url, READER_PRAGMAS),
            held: lock,
        })?;
        Ok(Self {
            lanes: Arc::new(Lanes {
                writer,
                readers,
                ending,
            }),
            companions: Arc::default(),
        })
    }
}

fn make_folder(path: &Path) -> Result<(), OpenError> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => {
            fs::create_dir_all(folder).map_err(|source| OpenError::Folder {
                folder: folder.to_owned(),
                source,
            })
        }
        _ => Ok(()),
    }
}

/// SQLite would let two servers share the file, but each reaps what it takes for the other's lost work.
fn lock(path: &Path) -> Result<File, OpenError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    let beside = PathBuf::from(beside);
    let failed = |source| OpenError::Lock {
        path: beside.clone(),
        source,
    };
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&beside)
        .map_err(failed)?;
    let mut waited = Duration::ZERO;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if waited < HANDOVER => {
                thread::sleep(HANDOVER_STEP);
                waited += HANDOVER_STEP;
            }
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse {
                    path: path.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
    }
}

fn connecting(url: String, pragmas: &'static str) -> Connect {
    Arc::new(move || {
        let mut connection = SqliteConnection::establish(&url)?;
        connection
            .batch_execute(pragmas)
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(connection)
    })
}

fn migrate(path: &Path, connect: &Connect) -> Result<(), OpenError> {
    let mut connection = connect().map_err(|source| OpenError::Connect {
        path: path.to_owned(),
        source,
    })?;
    connection
        .run_pending_migrations(MIGRATIONS)
        .map_err(|source| OpenError::Migrate {
            path: path.to_owned(),
            source,
        })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_can_be_taken_back_and_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("waifu.db");
        let mut connection =
            connecting(path.to_str().unwrap().to_owned(), WRITER_PRAGMAS)().unwrap();
        let made = connection.run_pending_migrations(MIGRATIONS).unwrap().len();
        assert!(made > 0);
        let taken_back = connection.revert_all_migrations(MIGRATIONS).unwrap().len();
        assert_eq!(taken_back, made);
        let again = connection.run_pending_migrations(MIGRATIONS).unwrap().len();
        assert_eq!(again, made);
    }
}
