//! From what goes wrong with a provider to what the port has words for. No error keeps what the provider wrote:
//! providers like to quote the prompt, and the key.

use std::time::Duration;

use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use tokio::time::{Instant, timeout_at};
use waifu_app::ports::language_model::{BoxError, ModelError, Phase};

/// More of an error's body is not read: 64 KiB.
const LARGEST_BODY: usize = 64 * 1024;
/// An error is known by its status; its body is not waited for any longer.
const PATIENCE_WITH_BODY: Duration = Duration::from_secs(2);
const LONGEST_CODE: usize = 64;

/// No answer came.
pub(super) fn of_sending(error: reqwest::Error, waited: Duration) -> ModelError {
    if error.is_connect() && error.is_timeout() {
        return ModelError::TimedOut {
            phase: Phase::Connect,
            waited,
        };
    }
    ModelError::Unreachable(Box::new(error.without_url()))
}

/// An answer came, and its status isn't success.
pub(super) async fn of_refusal(mut response: Response, deadline: Instant) -> ModelError {
    let status = response.status();
    let retry_after = retry_after(response.headers());
    let deadline = deadline.min(Instant::now() + PATIENCE_WITH_BODY);
    let mut body = Vec::new();
    while body.len() < LARGEST_BODY {
        let Ok(Ok(Some(piece))) = timeout_at(deadline, response.chunk()).await else {
            break;
        };
        let room = LARGEST_BODY - body.len();
        body.extend_from_slice(&piece[..piece.len().min(room)]);
    }
    let error = match serde_json::from_slice::<Value>(&body) {
        Ok(mut answer) => match answer.get_mut("error") {
            Some(error) => error.take(),
            None => answer,
        },
        Err(_) => Value::String(String::from_utf8_lossy(&body).into_owned()),
    };
    by_status(status, retry_after, &error)
}

/// The provider spoke of an error in the middle of a stream.
pub(super) fn of_chunk(error: &Value) -> ModelError {
    if is_context_length(error) {
        return ModelError::ContextLength;
    }
    let status = [&error["code"], &error["status"], &error["status_code"]]
        .into_iter()
        .find_map(Value::as_u64)
        .and_then(|status| u16::try_from(status).ok())
        .and_then(|status| StatusCode::from_u16(status).ok())
        .filter(|status| status.is_client_error() || status.is_server_error());
    let speaks_of_rate = words(error).any(|word| word.contains("rate_limit"));
    match status {
        Some(status) => by_status(status, None, error),
        None if speaks_of_rate => ModelError::RateLimited { retry_after: None },
        None => ModelError::Malformed(named(error).unwrap_or_else(|| "an error in a chunk".into())),
    }
}

/// serde_json's own text may quote what it could not read.
pub(super) fn of_parsing(error: &serde_json::Error) -> ModelError {
    let what = format!(
        "a chunk isn't JSON: {:?} error at line {}, column {}",
        error.classify(),
        error.line(),
        error.column()
    );
    ModelError::Malformed(what.into())
}

fn by_status(status: StatusCode, retry_after: Option<Duration>, error: &Value) -> ModelError {
    let speaks_of_the_request = matches!(
        status,
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY
    );
    if speaks_of_the_request && is_context_length(error) {
        return ModelError::ContextLength;
    }
    let has_no_room = status == StatusCode::TOO_MANY_REQUESTS
        || (status == StatusCode::SERVICE_UNAVAILABLE && retry_after.is_some());
    if has_no_room {
        return ModelError::RateLimited { retry_after };
    }
    ModelError::Refused {
        status: status.as_u16(),
        source: named(error),
    }
}

/// The code and type of an error, when they are words of a machine.
fn named(error: &Value) -> Option<BoxError> {
    let names: Vec<&str> = words(error).collect();
    (!names.is_empty()).then(|| format!("the provider calls it {}", names.join(", ")).into())
}

fn words(error: &Value) -> impl Iterator<Item = &str> {
    let is_of_a_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    [&error["code"], &error["type"]]
        .into_iter()
        .filter_map(Value::as_str)
        .filter(move |name| {
            (1..=LONGEST_CODE).contains(&name.len()) && name.chars().all(is_of_a_word)
        })
}

/// Few servers but OpenAI's have a code for it; the texts are those of vLLM, llama.cpp, Anthropic, Google and others.
fn is_context_length(error: &Value) -> bool {
    let code_says_so = words(error).any(|word| {
        matches!(
            word,
            "context_length_exceeded" | "exceed_context_size_error"
        )
    });
    let text = error.as_str().or_else(|| error["message"].as_str());
    let text = text.unwrap_or_default().to_lowercase();
    code_says_so
        || [
            "context length",
            "context_length",
            "context window",
            "context size",
            "prompt is too long",
            "prompt too long",
            "input is too long",
            "too many tokens",
            "input token count",
            "reduce the length",
        ]
        .into_iter()
        .any(|usual| text.contains(usual))
}

/// Seconds, milliseconds under OpenAI's own name, or a date, which is taken relative to the answer's.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
    let number = |text: &str| text.parse::<f64>().ok();
    let milliseconds = text(HeaderName::from_static("retry-after-ms")).and_then(number);
    if let Some(milliseconds) = milliseconds {
        return Duration::try_from_secs_f64(milliseconds / 1000.0).ok();
    }
    let told = text(RETRY_AFTER)?;
    if let Some(seconds) = number(told) {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = |text: &str| OffsetDateTime::parse(text, &Rfc2822).ok();
    let wait = date(told)? - date(text(DATE)?)?;
    Some(Duration::try_from(wait).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn a_wait_is_read_in_each_of_its_forms() {
        fn of(pairs: &[(&'static str, &'static str)]) -> Option<Duration> {
            retry_after(&headers(pairs))
        }
        assert_eq!(of(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
        assert_eq!(
            of(&[("retry-after", "9"), ("retry-after-ms", "250")]),
            Some(Duration::from_millis(250))
        );
        assert_eq!(
            of(&[
                ("date", "Wed, 21 Oct 2015 07:28:00 GMT"),
                ("retry-after", "Wed, 21 Oct 2015 07:28:30 GMT"),
            ]),
            Some(Duration::from_secs(30))
        );
        for nonsense in ["-1", "NaN", "inf", "1e300", "soon", ""] {
            assert_eq!(of(&[("retry-after", nonsense)]), None, "{nonsense}");
        }
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn context_length_is_known_by_code_or_by_the_usual_texts() {
        for error in [
            json!({"code": "context_length_exceeded"}),
            json!({"message": "This model's maximum context length is 4096 tokens."}),
            json!({"type": "exceed_context_size_error"}),
            json!("the prompt is too long: 210000 tokens > 200000 maximum"),
        ] {
            assert!(is_context_length(&error), "{error}");
        }
        assert!(!is_context_length(&json!({"message": "unknown model"})));
    }

    #[test]
    fn no_error_quotes_the_provider() {
        let secret =
            json!({"code": "bad key sk-123", "type": "auth", "message": "key sk-123 is bad"});
        for error in [
            by_status(StatusCode::UNAUTHORIZED, None, &secret),
            of_chunk(&secret),
        ] {
            let told = format!("{error} {error:?}");
            assert!(!told.contains("sk-123"), "{told}");
        }
        let broken = serde_json::from_str::<u8>("\"a secret word\"").unwrap_err();
        let told = format!("{:?}", of_parsing(&broken));
        assert!(!told.contains("secret word"), "{told}");
    }
}
