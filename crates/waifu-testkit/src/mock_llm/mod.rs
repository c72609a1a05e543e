//! A scripted OpenAI-compatible server over real sockets: it answers `POST /v1/chat/completions` with a stream of
//! words, or with any fault that a provider can have, and keeps account of what it was asked.

mod http;
mod record;
mod script;
mod serve;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

pub use record::{HangUp, RecordedRequest};
pub use script::{Answer, Ending, Script, Speech};

use record::Record;
use script::Queue;

/// More connections than this at once are not accepted.
const MOST_CONNECTIONS: usize = 4_096;

/// Listens until it is dropped; then every connection is cut.
#[derive(Debug)]
pub struct MockLlm {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    queue: Queue,
    record: Record,
}

impl MockLlm {
    /// Listens on a port of its own choice, on this machine alone.
    pub async fn start(script: Script) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("this machine has a free port");
        Self::start_on(listener, script)
    }

    /// As [`MockLlm::start`], where somebody listens already.
    pub fn start_on(listener: TcpListener, script: Script) -> Self {
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let shared = Arc::new(Shared {
            queue: Queue::new(script),
            record: Record::default(),
        });
        let acceptor = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self {
            address,
            shared,
            acceptor,
        }
    }

    /// What a client takes for its base, such as `http://127.0.0.1:4711/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Puts an answer behind those that are queued.
    pub fn push(&self, answer: Answer) {
        self.shared.queue.push(answer);
    }

    /// What every request gets from now on, once the queue is empty.
    pub fn set_default(&self, answer: Answer) {
        self.shared.queue.set_default(answer);
    }

    /// The newest requests for words, oldest first; at most [`RecordedRequest::MOST_KEPT`].
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.record.requests()
    }

    /// How many requests for words there were in all.
    pub fn request_count(&self) -> usize {
        self.shared.record.request_count()
    }

    /// How many TCP connections there were in all.
    pub fn connection_count(&self) -> usize {
        self.shared.record.connection_count()
    }

    /// How many requests are being answered now.
    pub fn in_flight(&self) -> usize {
        self.shared.record.in_flight()
    }

    /// The most that were answered at once.
    pub fn most_in_flight(&self) -> usize {
        self.shared.record.most_in_flight()
    }

    /// The clients that went away before their answer had ended.
    pub fn hang_ups(&self) -> Vec<HangUp> {
        self.shared.record.hang_ups()
    }

    /// Waits until so many clients in all have hung up; `false` when they didn't in time.
    pub async fn saw_hang_ups(&self, count: usize, within: Duration) -> bool {
        self.comes_true(within, |record| record.hang_ups().len() >= count)
            .await
    }

    /// Waits until so many requests in all have arrived; `false` when they didn't in time.
    pub async fn saw_requests(&self, count: usize, within: Duration) -> bool {
        self.comes_true(within, |record| record.request_count() >= count)
            .await
    }

    async fn comes_true(&self, within: Duration, what: impl Fn(&Record) -> bool) -> bool {
        let watched = async {
            while !what(&self.shared.record) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(within, watched).await.is_ok()
    }
}

impl Drop for MockLlm {
    fn drop(&mut self) {
        self.acceptor.abort();
    }
}

/// The connections live in this task, so they end with it.
async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        if connections.len() >= MOST_CONNECTIONS {
            connections.join_next().await;
            continue;
        }
        // A client that gave up while it queued is no reason to stop listening.
        if let Ok((socket, _)) = listener.accept().await {
            shared.record.connected();
            connections.spawn(serve::connection(socket, Arc::clone(&shared)));
        } else {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
