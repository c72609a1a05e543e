//! The client: one connection pool, one call for each reply, no retries of its own.

use std::fmt;
use std::sync::Once;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, Response, Url, redirect, retry};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, timeout_at};
use waifu_app::ports::language_model::{
    LanguageModel, ModelError, ModelKind, Phase, ReplyRequest, ReplyStream,
};

use super::{errors, request, stream};

#[derive(Debug, Clone)]
pub struct OpenAiOptions {
    /// Up to and with the version, such as `https://api.openai.com/v1`.
    pub base_url: String,
    pub model: String,
    pub api_key: Option<SecretString>,
    pub timeouts: Timeouts,
    /// The longest reply that is asked for, in tokens.
    pub max_tokens: u32,
    /// 0 to 2; the provider's own when `None`.
    pub temperature: Option<f32>,
}

/// How long each phase of a reply may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    pub connect: Duration,
    /// From the call to the first word. What a model thinks in silence counts.
    pub first_word: Duration,
    /// From a word to the next, or to the end.
    pub next_word: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            first_word: Duration::from_secs(30),
            next_word: Duration::from_secs(30),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum OpenAiOptionsError {
    #[error("failed to read the model's base url: it must be an absolute http or https url")]
    BaseUrl,
    #[error("failed to use the model's api key: it holds characters that no header can")]
    ApiKey,
    #[error("failed to set up the model's http client")]
    Http(#[source] reqwest::Error),
}

pub struct OpenAiModel {
    http: Client,
    endpoint: Url,
    model: String,
    timeouts: Timeouts,
    max_tokens: u32,
    temperature: Option<f32>,
}

impl OpenAiModel {
    /// Connects to nobody yet.
    pub fn new(options: OpenAiOptions) -> Result<Self, OpenAiOptionsError> {
        let endpoint = endpoint(&options.base_url).ok_or(OpenAiOptionsError::BaseUrl)?;
        install_crypto();
        let http = Client::builder()
            .connect_timeout(options.timeouts.connect)
            .default_headers(headers(options.api_key.as_ref())?)
            // A redirected call is a wrong setting, and would carry the prompt to somebody unnamed.
            .redirect(redirect::Policy::none())
            // The one retry loop of the program is elsewhere.
            .retry(retry::never())
            // Settings come from the settings, not from `HTTP_PROXY`.
            .no_proxy()
            .build()
            .map_err(OpenAiOptionsError::Http)?;
        Ok(Self {
            http,
            endpoint,
            model: options.model,
            timeouts: options.timeouts,
            max_tokens: options.max_tokens,
            temperature: options.temperature,
        })
    }

    async fn send(&self, body: Vec<u8>, called: Instant) -> Result<Response, ModelError> {
        let sending = self.http.post(self.endpoint.clone()).body(body).send();
        match timeout_at(called + self.timeouts.first_word, sending).await {
            Err(_) => Err(ModelError::TimedOut {
                phase: Phase::FirstWord,
                waited: called.elapsed(),
            }),
            Ok(Err(error)) => Err(errors::of_sending(error, called.elapsed())),
            Ok(Ok(response)) => Ok(response),
        }
    }
}

#[async_trait]
impl LanguageModel for OpenAiModel {
    async fn reply(&self, request: ReplyRequest) -> Result<ReplyStream, ModelError> {
        let called = Instant::now();
        let body = request::body(
            request.prompt,
            &self.model,
            self.max_tokens,
            self.temperature,
        );
        let response = self.send(body, called).await?;
        if !response.status().is_success() {
            return Err(errors::of_refusal(response, called + self.timeouts.first_word).await);
        }
        Ok(stream::reply(response, self.timeouts, called))
    }

    fn kind(&self) -> ModelKind {
        ModelKind::Model
    }
}

impl fmt::Debug for OpenAiModel {
    /// Neither the key nor the url, which may hold one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAiModel")
            .field("host", &self.endpoint.host_str())
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

/// A query, such as Azure's version, stays.
fn endpoint(base_url: &str) -> Option<Url> {
    let mut url = Url::parse(base_url.trim()).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    url.path_segments_mut()
        .ok()?
        .pop_if_empty()
        .extend(["chat", "completions"]);
    Some(url)
}

fn headers(api_key: Option<&SecretString>) -> Result<HeaderMap, OpenAiOptionsError> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(key) = api_key {
        let bearer = format!("Bearer {}", key.expose_secret());
        let mut value = HeaderValue::try_from(bearer).map_err(|_| OpenAiOptionsError::ApiKey)?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}

/// reqwest is built without a rustls provider of its own, so that ring is the only one that is linked.
fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error means that somebody has installed one before, and that one is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}
