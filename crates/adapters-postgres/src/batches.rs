//! Operations that are done for many callers at once: what queues while one batch is committed is the next batch.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use diesel_async::AsyncPgConnection;
use futures_util::future::join_all;
use tokio::sync::mpsc::error::SendTimeoutError;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::connections::Connections;
use crate::errors::Fault;

const LARGEST_BATCH: usize = 256;
const LONGEST_QUEUE: usize = 2 * LARGEST_BATCH;

/// Something that one statement does for many.
#[async_trait]
pub(crate) trait Operation: Send + Sync + 'static {
    type Item: Send + Sync + 'static;
    type Answer: Send + 'static;
    /// Two items that share it are never in one batch.
    type Key: Eq + Hash + Send;

    fn id(item: &Self::Item) -> Uuid;

    fn key(item: &Self::Item) -> Self::Key;

    /// All or nothing is committed. Items whose ids have no answer were left as they are.
    async fn perform(
        &self,
        connection: &mut AsyncPgConnection,
        items: &[Arc<Self::Item>],
    ) -> Result<Answers<Self::Answer>, Fault>;
}

pub(crate) type Answers<T> = HashMap<Uuid, Result<T, Fault>>;

/// The queue of one operation. Its task ends when all clones of it are dropped.
pub(crate) struct Batches<O: Operation> {
    queue: mpsc::Sender<Asked<O>>,
    wait: Duration,
}

struct Asked<O: Operation> {
    item: Arc<O::Item>,
    answer: Answer<O>,
}

type Answer<O> = oneshot::Sender<Result<Option<<O as Operation>::Answer>, Fault>>;

impl<O: Operation> Batches<O> {
    pub(crate) fn start(operation: O, connections: Connections, wait: Duration) -> Self {
        let (queue, asked) = mpsc::channel(LONGEST_QUEUE);
        tokio::spawn(go_on(operation, connections, asked));
        Self { queue, wait }
    }

    /// `None`: nothing was done for this item, and it has to be done alone. Whoever is dropped while he waits leaves
    /// it done or undone, as a whole.
    pub(crate) async fn ask(&self, item: Arc<O::Item>) -> Result<Option<O::Answer>, Fault> {
        let (answer, answered) = oneshot::channel();
        let asked = Asked { item, answer };
        self.queue
            .send_timeout(asked, self.wait)
            .await
            .map_err(|refused| match refused {
                SendTimeoutError::Timeout(_) => Fault::TooMany,
                SendTimeoutError::Closed(_) => Fault::Stopped,
            })?;
        answered.await.unwrap_or(Err(Fault::Stopped))
    }
}

impl<O: Operation> Clone for Batches<O> {
    fn clone(&self) -> Self {
        Self {
            queue: self.queue.clone(),
            wait: self.wait,
        }
    }
}

impl<O: Operation> std::fmt::Debug for Batches<O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let waiting = LONGEST_QUEUE - self.queue.capacity();
        f.debug_struct("Batches")
            .field("waiting", &waiting)
            .finish_non_exhaustive()
    }
}

async fn go_on<O: Operation>(
    operation: O,
    connections: Connections,
    mut queue: mpsc::Receiver<Asked<O>>,
) {
    let mut waiting = VecDeque::new();
    loop {
        if waiting.is_empty() {
            match queue.recv().await {
                Some(asked) => waiting.push_back(asked),
                None => return,
            }
            // Whoever was woken together with the first one comes along.
            tokio::task::yield_now().await;
        }
        while waiting.len() < LONGEST_QUEUE
            && let Ok(asked) = queue.try_recv()
        {
            waiting.push_back(asked);
        }
        let (items, mut answers) = next_batch(&mut waiting);
        if items.is_empty() {
            continue;
        }
        // A batch that nobody waits for any more is given up, with its connection.
        let all_are_gone = join_all(answers.iter_mut().map(oneshot::Sender::closed));
        let performed = tokio::select! {
            performed = perform(&operation, &connections, &items) => performed,
            _ = all_are_gone => continue,
        };
        tell::<O>(&items, answers, performed);
    }
}

type Batch<O> = (Vec<Arc<<O as Operation>::Item>>, Vec<Answer<O>>);

/// In the order in which they came; those that would meet themselves in the batch go on waiting.
fn next_batch<O: Operation>(waiting: &mut VecDeque<Asked<O>>) -> Batch<O> {
    let (mut items, mut answers) = (Vec::new(), Vec::new());
    let mut keys = HashSet::new();
    for asked in std::mem::take(waiting) {
        if asked.answer.is_closed() {
            continue;
        }
        if items.len() < LARGEST_BATCH && keys.insert(O::key(&asked.item)) {
            items.push(asked.item);
            answers.push(asked.answer);
        } else {
            waiting.push_back(asked);
        }
    }
    (items, answers)
}

/// No answer at all when the statement failed and surely left nothing: then each item is done alone, and fails alone.
async fn perform<O: Operation>(
    operation: &O,
    connections: &Connections,
    items: &[Arc<O::Item>],
) -> Result<Answers<O::Answer>, Fault> {
    let mut held = connections.hold().await?;
    match operation.perform(held.connection(), items).await {
        Ok(answers) => {
            held.give_back();
            Ok(answers)
        }
        Err(fault) if fault.left_nothing() => {
            held.give_back();
            tracing::debug!(
                items = items.len(),
                error = waifu_app::log::chain(&fault),
                "a batch is done one by one"
            );
            Ok(Answers::new())
        }
        Err(fault) => Err(fault),
    }
}

/// Whoever is gone by now finds out when he asks again.
fn tell<O: Operation>(
    items: &[Arc<O::Item>],
    answers: Vec<Answer<O>>,
    performed: Result<Answers<O::Answer>, Fault>,
) {
    match performed {
        Ok(mut performed) => {
            for (item, answer) in items.iter().zip(answers) {
                let _ = answer.send(performed.remove(&O::id(item)).transpose());
            }
        }
        Err(fault) => {
            let fault = Arc::new(fault);
            for answer in answers {
                let _ = answer.send(Err(Fault::OfAll(fault.clone())));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Arc;

    use async_trait::async_trait;
    use diesel_async::AsyncPgConnection;
    use tokio::sync::oneshot;
    use uuid::Uuid;

    use super::{Answer, Answers, Asked, LARGEST_BATCH, Operation, next_batch};
    use crate::errors::Fault;

    struct Nothing;

    #[async_trait]
    impl Operation for Nothing {
        type Item = (u32, &'static str);
        type Answer = ();
        type Key = u32;

        fn id(_: &Self::Item) -> Uuid {
            Uuid::nil()
        }

        fn key((key, _): &Self::Item) -> u32 {
            *key
        }

        async fn perform(
            &self,
            _: &mut AsyncPgConnection,
            _: &[Arc<Self::Item>],
        ) -> Result<Answers<()>, Fault> {
            Ok(Answers::new())
        }
    }

    type Answered = oneshot::Receiver<Result<Option<()>, Fault>>;

    fn asked(key: u32, what: &'static str) -> (Asked<Nothing>, Answered) {
        let (answer, answered): (Answer<Nothing>, _) = oneshot::channel();
        let item = Arc::new((key, what));
        (Asked { item, answer }, answered)
    }

    fn batch(waiting: &mut VecDeque<Asked<Nothing>>) -> Vec<&'static str> {
        let (items, answers) = next_batch(waiting);
        assert_eq!(items.len(), answers.len());
        items.iter().map(|item| item.1).collect()
    }

    #[test]
    fn one_relationship_is_in_a_batch_once_and_keeps_its_order() {
        let (mut waiting, _answered): (VecDeque<_>, Vec<_>) =
            [(1, "a"), (2, "b"), (1, "c"), (3, "d"), (1, "e"), (2, "f")]
                .map(|(key, what)| asked(key, what))
                .into_iter()
                .unzip();
        assert_eq!(batch(&mut waiting), ["a", "b", "d"]);
        assert_eq!(batch(&mut waiting), ["c", "f"]);
        assert_eq!(batch(&mut waiting), ["e"]);
        assert!(batch(&mut waiting).is_empty());
    }

    #[test]
    fn a_batch_is_bounded_and_the_rest_is_the_next() {
        let most = u32::try_from(LARGEST_BATCH).unwrap();
        let (mut waiting, _answered): (VecDeque<_>, Vec<_>) =
            (0..=most).map(|key| asked(key, "a")).unzip();
        assert_eq!(batch(&mut waiting).len(), LARGEST_BATCH);
        assert_eq!(batch(&mut waiting).len(), 1);
    }

    #[test]
    fn nothing_is_done_for_whoever_has_gone() {
        let ((gone, answered), (here, _answered)) = (asked(1, "gone"), asked(1, "here"));
        drop(answered);
        assert_eq!(batch(&mut VecDeque::from([gone, here])), ["here"]);
    }
}
