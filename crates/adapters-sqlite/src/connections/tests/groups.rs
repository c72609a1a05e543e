//! Jobs that share a commit: none is answered too early, and none pays for another.

use std::path::Path;
use std::sync::{Mutex, mpsc};

use diesel::connection::SimpleConnection;

use super::*;

/// So many rule books as others see them: what is committed.
fn committed(others: &Mutex<SqliteConnection>) -> i32 {
    let mut others = others.lock().unwrap();
    number(&mut others, "(select count(*) from rule_books)").unwrap()
}

fn others(folder: &Path) -> Arc<Mutex<SqliteConnection>> {
    let path = folder.join("waifu.db");
    let connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    Arc::new(Mutex::new(connection))
}

type AJob<T> = Box<dyn FnOnce(&mut SqliteConnection) -> Result<T, Fault> + Send>;

/// Sends jobs that wait until all are queued, so that as many as may share a commit. Returns their answers in order.
async fn together<T: Send + 'static>(
    store: &SqliteStore,
    jobs: Vec<AJob<T>>,
) -> Vec<Result<T, StoreError>> {
    let held = store.lanes.writer.begin().await.unwrap();
    let mut answers: Vec<_> = jobs
        .into_iter()
        .map(|job| Box::pin(store.lanes.writer.transact(job)))
        .collect();
    for answer in &mut answers {
        send(answer).await;
    }
    drop(held);
    let mut all = Vec::new();
    for answer in answers {
        all.push(answer.await);
    }
    all
}

/// Polls once, which queues the job.
async fn send<T>(job: &mut (impl Future<Output = T> + Unpin)) {
    tokio::select! {
        biased;
        _ = job => panic!("the writer is leased"),
        () = std::future::ready(()) => {}
    }
}

#[tokio::test]
async fn jobs_that_wait_share_a_commit() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder, 1);
    let others = others(folder.path());
    let jobs = (0..3).map(|_| {
        let others = others.clone();
        let job: AJob<(i32, i32)> = Box::new(move |c| {
            add_a_rule_book(c)?;
            let own = number(c, "(select count(*) from rule_books)")?;
            Ok((own, committed(&others)))
        });
        job
    });
    let seen: Result<Vec<_>, _> = together(&store, jobs.collect()).await.into_iter().collect();
    assert_eq!(seen.unwrap(), [(1, 0), (2, 0), (3, 0)]);
    assert_eq!(committed(&others), 3);
}

#[tokio::test]
async fn a_job_that_fails_leaves_its_neighbours_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder, 1);
    let jobs: Vec<AJob<()>> = vec![
        Box::new(add_a_rule_book),
        Box::new(|c| {
            add_a_rule_book(c)?;
            Err(Fault::Misuse("on purpose"))
        }),
        Box::new(|c| {
            add_a_rule_book(c)?;
            panic!("on purpose");
        }),
        // As the database refuses it.
        Box::new(|c| {
            add_a_rule_book(c)?;
            Ok(c.batch_execute("insert into rule_books select * from rule_books")?)
        }),
        Box::new(add_a_rule_book),
    ];
    let went: Vec<_> = together(&store, jobs).await;
    let went: Vec<_> = went.iter().map(Result::is_ok).collect();
    assert_eq!(went, [true, false, false, false, true]);
    assert_eq!(rule_books(&store.lanes.readers).await, 2);
}

#[tokio::test]
async fn no_job_is_answered_before_the_commit() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder, 1);
    let others = others(folder.path());
    let (go, may_go) = mpsc::channel::<()>();
    let held = store.lanes.writer.begin().await.unwrap();
    let mut quick = Box::pin(store.lanes.writer.transact(add_a_rule_book));
    send(&mut quick).await;
    let mut slow = Box::pin(store.lanes.writer.transact(move |c| {
        may_go.recv().unwrap();
        add_a_rule_book(c)
    }));
    send(&mut slow).await;
    drop(held);
    let early = timeout(Duration::from_millis(100), &mut quick).await;
    assert!(early.is_err(), "{early:?}");
    assert_eq!(committed(&others), 0);
    go.send(()).unwrap();
    quick.await.unwrap();
    assert_eq!(committed(&others), 2);
    slow.await.unwrap();
}

#[tokio::test]
async fn a_commit_that_fails_fails_all_that_it_would_have_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder, 1);
    let jobs: Vec<AJob<()>> = vec![
        Box::new(add_a_rule_book),
        // What refers to nothing is found by the commit.
        Box::new(|c| {
            Ok(c.batch_execute(
                "pragma defer_foreign_keys = on; \
                 insert into waifu_versions values (x'00', 1, '', '', '', '', 0)",
            )?)
        }),
        Box::new(|_| Err(Fault::Misuse("its own reason"))),
    ];
    let went = together(&store, jobs).await;
    for lost in &went[..2] {
        let lost = lost.as_ref().unwrap_err();
        assert!(matches!(lost, StoreError::Failed(_)), "{lost:?}");
        let why = std::error::Error::source(lost).unwrap().to_string();
        assert_eq!(why, "the transaction was lost, and all that was done in it");
    }
    let own = format!("{:?}", went[2]);
    assert!(own.contains("its own reason"), "{own}");
    assert_eq!(rule_books(&store.lanes.writer).await, 0);
    store.lanes.writer.transact(add_a_rule_book).await.unwrap();
    assert_eq!(rule_books(&store.lanes.readers).await, 1);
}

#[tokio::test]
async fn a_transaction_that_is_lost_under_a_job_fails_those_before_it_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder, 1);
    for lost_by_one_that in ["fails", "goes well"] {
        let jobs: Vec<AJob<()>> = vec![
            Box::new(add_a_rule_book),
            // As SQLite does by itself when the disk is full.
            Box::new(move |c| {
                c.batch_execute("rollback")?;
                match lost_by_one_that {
                    "fails" => Err(Fault::Misuse("on purpose")),
                    _ => Ok(()),
                }
            }),
            Box::new(add_a_rule_book),
            Box::new(add_a_rule_book),
        ];
        let went: Vec<_> = together(&store, jobs).await;
        let went: Vec<_> = went.iter().map(Result::is_ok).collect();
        assert_eq!(went, [false, false, true, true], "{lost_by_one_that}");
    }
    assert_eq!(rule_books(&store.lanes.readers).await, 4);
}

#[tokio::test]
async fn a_commit_is_shared_by_256_at_most() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder, 1);
    let others = others(folder.path());
    let jobs = (0..300).map(|_| {
        let others = others.clone();
        let job: AJob<i32> = Box::new(move |c| {
            add_a_rule_book(c)?;
            Ok(committed(&others))
        });
        job
    });
    let seen: Result<Vec<_>, _> = together(&store, jobs.collect()).await.into_iter().collect();
    let seen = seen.unwrap();
    assert_eq!(seen[..256], [0; 256]);
    assert_eq!(seen[256..], [256; 44]);
}
