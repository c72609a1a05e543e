//! One turn: a request, its reply as it comes, and the clock.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::events::{Markers, Watch};
use crate::http::{Connection, Head, Listener};
use crate::target::Target;

/// Who is not answered within this is not waited for.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    pub(crate) first_word: Duration,
    pub(crate) whole: Duration,
    /// The reply came in one document, so that its first word is its last.
    pub(crate) is_document: bool,
}

/// Takes a turn for a member of the cast, with the time counted from `since`; an error is of which kind it was.
pub(crate) async fn take_turn(
    target: &Target,
    member: Option<usize>,
    since: Instant,
) -> Result<Timing, String> {
    let request = target.request(member);
    match tokio::time::timeout(PATIENCE, ask(target, &request, since)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(format!("no end of the reply after {PATIENCE:?}")),
    }
}

async fn ask(target: &Target, request: &str, since: Instant) -> Result<Timing, String> {
    let mut connection = connection(target)
        .await
        .map_err(|error| format!("{error:#}"))?;
    let mut hearing = Hearing::new(&target.markers);
    let is_reusable = connection.exchange(request.as_bytes(), &mut hearing).await;
    if is_reusable.map_err(|error| format!("{error:#}"))? {
        target.idle.borrow_mut().push(connection);
    }
    hearing.timing(since)
}

async fn connection(target: &Target) -> anyhow::Result<Connection> {
    loop {
        let idle = target.idle.borrow_mut().pop();
        match idle {
            Some(connection) if connection.is_open() => return Ok(connection),
            Some(_) => {}
            None => return Connection::open(&target.address).await,
        }
    }
}

/// Hears one response.
#[derive(Debug)]
pub(crate) struct Hearing<'a> {
    markers: &'a Markers,
    status: u16,
    watch: Watch<'a>,
    /// The body of a refusal.
    refusal: Vec<u8>,
}

impl<'a> Hearing<'a> {
    pub(crate) fn new(markers: &'a Markers) -> Self {
        Self {
            markers,
            status: 0,
            watch: Watch::new(markers, false),
            refusal: Vec::new(),
        }
    }

    pub(crate) fn has_first_word(&self) -> bool {
        self.watch.first_word_at.is_some()
    }

    fn is_refused(&self) -> bool {
        !(200..300).contains(&self.status)
    }

    fn timing(mut self, since: Instant) -> Result<Timing, String> {
        if self.is_refused() {
            return Err(format!("{} {}", self.status, code_of(&self.refusal)));
        }
        self.watch.end(Instant::now());
        if let Some(last) = &self.watch.went_wrong {
            let start: String = last.chars().take(200).collect();
            return Err(format!("the turn did not end well: {start}"));
        }
        let done_at = self
            .watch
            .done_at
            .ok_or("the reply ended before the turn was done")?;
        let first_word_at = self.watch.first_word_at.ok_or("the reply had no words")?;
        Ok(Timing {
            first_word: first_word_at - since,
            whole: done_at - since,
            is_document: !self.watch.is_event_stream,
        })
    }
}

impl Listener for Hearing<'_> {
    fn begin(&mut self, head: Head) {
        self.status = head.status;
        self.watch = Watch::new(self.markers, head.is_event_stream);
    }

    fn piece(&mut self, bytes: &[u8]) {
        if self.is_refused() {
            self.refusal.extend_from_slice(bytes);
        } else {
            self.watch.receive(bytes, Instant::now());
        }
    }
}

/// What a problem document calls itself.
fn code_of(refusal: &[u8]) -> String {
    let document: Value = serde_json::from_slice(refusal).unwrap_or_default();
    document["code"].as_str().unwrap_or_default().to_owned()
}
