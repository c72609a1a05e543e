//! Whose turn it is: nobody starves, and who has gone is left out.

use super::job::Ticket;
use super::queue::{Next, Queue};
use super::*;

fn ticket() -> Ticket {
    Ticket::new(|_| Ok(())).0
}

#[test]
fn groups_and_leases_take_turns() {
    let queue = Queue::new(256);
    let mut waiting = Vec::new();
    for _ in 0..600 {
        queue.push_job(ticket()).unwrap();
    }
    for _ in 0..4 {
        let (grant, granted) = oneshot::channel();
        queue.push_request(grant).unwrap();
        waiting.push(granted);
    }
    let served = [(); 7].map(|()| match queue.next() {
        Some(Next::Group(jobs)) => jobs.len(),
        Some(Next::Lease(_)) => 0,
        None => panic!("the queue is open"),
    });
    assert_eq!(served, [256, 0, 256, 0, 88, 0, 0]);
}

#[test]
fn who_has_gone_is_left_out() {
    let queue = Queue::new(2);
    let gone = ticket();
    for job in [&gone, &ticket(), &gone, &ticket(), &ticket()] {
        queue.push_job(job.clone()).unwrap();
    }
    drop(gone.take());
    let (grant, granted) = oneshot::channel();
    queue.push_request(grant).unwrap();
    drop(granted);
    let mut groups = Vec::new();
    for _ in 0..2 {
        match queue.next() {
            Some(Next::Group(jobs)) => groups.push(jobs.len()),
            Some(Next::Lease(_)) | None => panic!("expected a group"),
        }
    }
    assert_eq!(groups, [2, 1]);
}

#[tokio::test]
async fn a_job_that_is_dropped_before_its_start_is_not_started() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder, 1);
    let held = store.lanes.writer.begin().await.unwrap();
    let sent = store.lanes.writer.transact(add_a_rule_book);
    let dropped = timeout(Duration::from_millis(20), sent).await;
    assert!(dropped.is_err(), "{dropped:?}");
    drop(held);
    assert_eq!(rule_books(&store.lanes.writer).await, 0);
}

#[tokio::test]
async fn a_job_that_waited_in_vain_is_not_done_later() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder, 1);
    let held = store.lanes.writer.begin().await.unwrap();
    let refused = store.lanes.writer.transact(add_a_rule_book).await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable(_))),
        "{refused:?}"
    );
    drop(held);
    assert_eq!(rule_books(&store.lanes.writer).await, 0);
}

#[tokio::test]
async fn a_job_that_has_been_started_is_answered_however_long_it_takes() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder, 1);
    let slow = store.lanes.writer.transact(|c| {
        thread::sleep(Duration::from_millis(600));
        add_a_rule_book(c)
    });
    slow.await.unwrap();
    assert_eq!(rule_books(&store.lanes.writer).await, 1);
}

#[tokio::test]
async fn a_closed_lane_finishes_its_jobs_and_refuses_who_waits_for_a_lease() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder, 1);
    let held = store.lanes.writer.begin().await.unwrap();
    let mut job = Box::pin(store.lanes.writer.transact(add_a_rule_book));
    let mut lease = Box::pin(store.lanes.writer.begin());
    tokio::select! {
        biased;
        _ = &mut job => panic!("the writer is leased"),
        _ = &mut lease => panic!("the writer is leased"),
        () = tokio::time::sleep(Duration::from_millis(20)) => {}
    }
    store.lanes.writer.close();
    let refused = lease.await.err().unwrap();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused:?}");
    held.commit().await.unwrap();
    job.await.unwrap();
    let refused = store.lanes.writer.transact(add_a_rule_book).await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable(_))),
        "{refused:?}"
    );
    assert_eq!(rule_books(&store.lanes.readers).await, 1);
}
