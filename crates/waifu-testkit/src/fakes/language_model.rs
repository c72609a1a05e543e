//! A model whose words a test says by hand.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use futures_util::StreamExt;
use tokio::sync::mpsc;
use waifu_app::ports::language_model::{
    Finish, LanguageModel, ModelError, ModelKind, ReplyPart, ReplyRequest, ReplyStream,
};
use waifu_domain::turn::Usage;

/// Calls that nobody has taken up, and parts of one reply that nobody has read.
const CAPACITY: usize = 64;

#[derive(Debug)]
pub struct FedModel {
    asked: AtomicUsize,
    refusals: Mutex<VecDeque<ModelError>>,
    calls: mpsc::Sender<ModelCall>,
    waiting: tokio::sync::Mutex<mpsc::Receiver<ModelCall>>,
}

/// One reply, from the side of the provider. Dropped, the stream ends without a word more.
#[derive(Debug)]
pub struct ModelCall {
    pub request: ReplyRequest,
    parts: mpsc::Sender<Result<ReplyPart, ModelError>>,
}

impl Default for FedModel {
    fn default() -> Self {
        let (calls, waiting) = mpsc::channel(CAPACITY);
        Self {
            asked: AtomicUsize::default(),
            refusals: Mutex::default(),
            calls,
            waiting: waiting.into(),
        }
    }
}

impl FedModel {
    /// Waits for the next reply that somebody wants.
    pub async fn next_call(&self) -> ModelCall {
        let call = self.waiting.lock().await.recv().await;
        call.expect("the model holds a sender itself")
    }

    /// The next call fails before it streams; more of these add up.
    pub fn refuse(&self, error: ModelError) {
        self.refusals().push_back(error);
    }

    /// How often a reply was wanted.
    pub fn times_asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn refusals(&self) -> std::sync::MutexGuard<'_, VecDeque<ModelError>> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ModelCall {
    pub fn say(&self, text: &str) {
        self.feed(Ok(ReplyPart::Text(text.to_owned())));
    }

    pub fn finish(self, finish: Finish, usage: Option<Usage>) {
        self.feed(Ok(ReplyPart::Done { finish, usage }));
    }

    pub fn fail(self, error: ModelError) {
        self.feed(Err(error));
    }

    /// Waits until the stream is dropped by who reads it.
    pub async fn hung_up(&self) {
        self.parts.closed().await;
    }

    pub fn is_listened_to(&self) -> bool {
        !self.parts.is_closed()
    }

    fn feed(&self, part: Result<ReplyPart, ModelError>) {
        let fed = self.parts.try_send(part);
        assert!(fed.is_ok(), "nobody reads the reply");
    }
}

#[async_trait]
impl LanguageModel for FedModel {
    async fn reply(&self, request: ReplyRequest) -> Result<ReplyStream, ModelError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if let Some(refusal) = self.refusals().pop_front() {
            return Err(refusal);
        }
        let (parts, mut fed) = mpsc::channel(CAPACITY);
        let call = ModelCall { request, parts };
        self.calls
            .try_send(call)
            .expect("a test takes its calls up");
        Ok(futures_util::stream::poll_fn(move |context| fed.poll_recv(context)).boxed())
    }

    fn kind(&self) -> ModelKind {
        ModelKind::Model
    }
}
