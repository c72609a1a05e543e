//! What the mock answers: a queue of answers, one a request, and then the default for ever.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

/// The default echoes: a short reply with the first words of the last user message.
#[derive(Debug, Clone)]
pub struct Script {
    queue: VecDeque<Answer>,
    default: Answer,
}

#[derive(Debug, Clone)]
pub enum Answer {
    Speech(Speech),
    /// A status with a body, and nothing more.
    Status {
        status: u16,
        headers: Vec<(String, String)>,
        body: String,
    },
    /// The request is read, and nothing is ever sent.
    HangBeforeHeaders,
    /// The request is read, and the connection is closed without a byte.
    CutBeforeHeaders,
    /// Status 200 and this body as it is, whatever it is.
    Raw {
        content_type: String,
        body: Vec<u8>,
    },
    /// The beginning of a stream as it is; nothing more is sent, and the connection stays open.
    Torn(String),
}

/// A stream of words, and how it ends.
#[derive(Debug, Clone)]
pub struct Speech {
    /// `None` echoes.
    pub(super) text: Option<String>,
    pub(super) before_headers: Duration,
    pub(super) before_first_word: Duration,
    pub(super) before_each_word: Duration,
    pub(super) reasoning: Option<String>,
    pub(super) usage: Option<(u32, u32)>,
    pub(super) fragment: Option<usize>,
    pub(super) ending: Ending,
}

/// What comes after the last word.
#[derive(Debug, Clone)]
pub enum Ending {
    /// A chunk with this `finish_reason`, then `[DONE]`.
    Finish(String),
    /// A chunk with this `finish_reason`, and then silence on an open connection.
    FinishThenHang(String),
    /// `[DONE]`, with no `finish_reason` before it.
    DoneWithoutFinish,
    /// The body ends as HTTP wants it, but without `finish_reason` and `[DONE]`.
    EndWithoutFinish,
    /// The connection is dropped.
    Cut,
    /// Nothing more is sent; the connection stays open.
    Hang,
    BadJson,
    BadUtf8,
    /// One `data:` line of so many bytes.
    LongLine(usize),
    /// A chunk that holds this under `error`.
    Error(Value),
    /// The model wants to use a tool instead of speaking.
    ToolCall,
    /// This word again and again, until the client goes away.
    Endless(String),
}

impl Script {
    /// These answers, one a request, and echoes after them.
    pub fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self {
            queue: answers.into_iter().collect(),
            default: Answer::echo(),
        }
    }

    /// Echoes alone.
    pub fn echo() -> Self {
        Self::new([])
    }

    /// The same answer to every request.
    pub fn always(answer: Answer) -> Self {
        Self::echo().or_else(answer)
    }

    /// What is answered when the queue is empty.
    #[must_use]
    pub fn or_else(mut self, default: Answer) -> Self {
        self.default = default;
        self
    }
}

impl Answer {
    pub fn echo() -> Self {
        Self::Speech(Speech::echo())
    }

    /// These words at once, and `stop`.
    pub fn words(text: &str) -> Self {
        Self::Speech(Speech::of(text))
    }

    pub fn status(status: u16, body: &str) -> Self {
        Self::Status {
            status,
            headers: Vec::new(),
            body: body.to_owned(),
        }
    }

    /// An error in the form that OpenAI gives it.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        let body = json!({"error": {"message": message, "type": "mock_error", "param": null, "code": code}});
        Self::status(status, &body.to_string())
    }

    /// Adds a header to an answer that is a status; others stay as they are.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        if let Self::Status { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

impl From<Speech> for Answer {
    fn from(speech: Speech) -> Self {
        Self::Speech(speech)
    }
}

impl Speech {
    pub fn echo() -> Self {
        Self {
            text: None,
            before_headers: Duration::ZERO,
            before_first_word: Duration::ZERO,
            before_each_word: Duration::ZERO,
            reasoning: None,
            usage: Some((12, 7)),
            fragment: None,
            ending: Ending::Finish("stop".to_owned()),
        }
    }

    /// Its words go out one a chunk; an empty text is a reply without words.
    pub fn of(text: &str) -> Self {
        Self {
            text: Some(text.to_owned()),
            ..Self::echo()
        }
    }

    #[must_use]
    pub fn ending(mut self, ending: Ending) -> Self {
        self.ending = ending;
        self
    }

    #[must_use]
    pub fn finish(self, reason: &str) -> Self {
        self.ending(Ending::Finish(reason.to_owned()))
    }

    /// How long the status line is held back.
    #[must_use]
    pub fn headers_after(mut self, delay: Duration) -> Self {
        self.before_headers = delay;
        self
    }

    /// How long the first word is held back, after the headers.
    #[must_use]
    pub fn first_word_after(mut self, delay: Duration) -> Self {
        self.before_first_word = delay;
        self
    }

    /// How long each further word is held back, and the ending.
    #[must_use]
    pub fn word_every(mut self, delay: Duration) -> Self {
        self.before_each_word = delay;
        self
    }

    /// Words that the model thinks before it speaks, as `reasoning_content`.
    #[must_use]
    pub fn reasoning(mut self, text: &str) -> Self {
        self.reasoning = Some(text.to_owned());
        self
    }

    /// Tokens of the prompt and of the reply, told before `[DONE]` if the request asks for them; `None` never.
    #[must_use]
    pub fn usage(mut self, usage: Option<(u32, u32)>) -> Self {
        self.usage = usage;
        self
    }

    /// Writes pieces of so many bytes, whatever they tear apart.
    #[must_use]
    pub fn in_fragments_of(mut self, bytes: usize) -> Self {
        self.fragment = Some(bytes.max(1));
        self
    }
}

#[derive(Debug)]
pub(super) struct Queue(Mutex<Script>);

impl Queue {
    pub(super) fn new(script: Script) -> Self {
        Self(Mutex::new(script))
    }

    pub(super) fn push(&self, answer: Answer) {
        self.locked(|script| script.queue.push_back(answer));
    }

    pub(super) fn set_default(&self, answer: Answer) {
        self.locked(|script| script.default = answer);
    }

    pub(super) fn next(&self) -> Answer {
        self.locked(|script| {
            let queued = script.queue.pop_front();
            queued.unwrap_or_else(|| script.default.clone())
        })
    }

    fn locked<T>(&self, act: impl FnOnce(&mut Script) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
