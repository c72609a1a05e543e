//! One connection: reads requests, plays the script's answer to each, and notices when the client goes away.

use std::fmt::Write;
use std::future::pending;
use std::io::Error;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::yield_now;
use tokio::time::sleep;

use super::Shared;
use super::http::{Connection, Request};
use super::script::{Answer, Ending, Speech};

/// An echo repeats so many words.
const ECHOED_WORDS: usize = 6;
const STREAM_HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

pub(super) async fn connection(socket: TcpStream, shared: Arc<Shared>) {
    let _ = socket.set_nodelay(true);
    let mut connection = Connection::new(socket);
    while let Ok(Some(request)) = connection.request().await {
        if request.method != "POST" || !request.path.ends_with("/chat/completions") {
            let answered = send_status(&connection, 404, &[], "{}").await;
            if answered.is_err() {
                return;
            }
            continue;
        }
        let Request {
            authorization,
            body,
            ..
        } = request;
        let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let asked = shared.record.asked(authorization, body.clone());
        let answer = shared.queue.next();
        let outcome = tokio::select! {
            biased;
            outcome = play(&connection, &answer, &body) => outcome,
            () = connection.closed() => {
                asked.hung_up();
                return;
            }
        };
        match outcome {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => return,
            Err(_) => {
                asked.hung_up();
                return;
            }
        }
    }
}

/// `Break` when the connection is to be dropped; an error when it was the client that dropped it.
async fn play(
    connection: &Connection,
    answer: &Answer,
    body: &Value,
) -> Result<ControlFlow<()>, Error> {
    if body["stream"] != true {
        let why = r#"{"error":{"message":"this server only streams","code":"stream_wanted"}}"#;
        send_status(connection, 400, &[], why).await?;
        return Ok(ControlFlow::Continue(()));
    }
    match answer {
        Answer::Speech(speech) => say(connection, speech, body).await,
        Answer::Status {
            status,
            headers,
            body,
        } => {
            send_status(connection, *status, headers, body).await?;
            Ok(ControlFlow::Continue(()))
        }
        Answer::HangBeforeHeaders => pending().await,
        Answer::CutBeforeHeaders => Ok(ControlFlow::Break(())),
        Answer::Raw { content_type, body } => {
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            connection.send(head.as_bytes()).await?;
            connection.send(body).await?;
            Ok(ControlFlow::Continue(()))
        }
        Answer::Torn(beginning) => {
            connection.send(STREAM_HEAD).await?;
            connection.send_chunk(beginning.as_bytes()).await?;
            pending().await
        }
    }
}

async fn send_status(
    connection: &Connection,
    status: u16,
    headers: &[(String, String)],
    body: &str,
) -> Result<(), Error> {
    let mut head = format!(
        "HTTP/1.1 {status} Scripted\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    connection
        .send(format!("{head}\r\n{body}").as_bytes())
        .await
}

async fn say(
    connection: &Connection,
    speech: &Speech,
    body: &Value,
) -> Result<ControlFlow<()>, Error> {
    sleep(speech.before_headers).await;
    connection.send(STREAM_HEAD).await?;
    let out = Out { connection, speech };
    out.delta(&json!({"role": "assistant", "content": ""}))
        .await?;
    if let Some(thought) = &speech.reasoning {
        for word in thought.split_inclusive(' ') {
            out.delta(&json!({"reasoning_content": word})).await?;
        }
    }
    sleep(speech.before_first_word).await;
    let text = speech.text.clone().unwrap_or_else(|| echo(body));
    for (number, word) in text.split_inclusive(' ').enumerate() {
        if number > 0 {
            sleep(speech.before_each_word).await;
        }
        out.delta(&json!({"content": word})).await?;
    }
    sleep(speech.before_each_word).await;
    let wants_usage = body["stream_options"]["include_usage"] == true;
    out.end(speech.usage.filter(|_| wants_usage)).await
}

struct Out<'a> {
    connection: &'a Connection,
    speech: &'a Speech,
}

impl Out<'_> {
    async fn end(&self, usage: Option<(u32, u32)>) -> Result<ControlFlow<()>, Error> {
        match &self.speech.ending {
            Ending::Finish(reason) => {
                self.finish(reason, usage).await?;
                return self.done().await;
            }
            Ending::FinishThenHang(reason) => {
                self.finish(reason, None).await?;
                return pending().await;
            }
            Ending::DoneWithoutFinish => return self.done().await,
            Ending::EndWithoutFinish => {}
            Ending::Cut => return Ok(ControlFlow::Break(())),
            Ending::Hang => return pending().await,
            Ending::BadJson => self.bytes(b"data: {\"choices\":[{\"del\n\n").await?,
            Ending::BadUtf8 => {
                self.bytes(b"data: {\"choices\":[{\"delta\":{\"content\":\"\xff\xfe\"}}]}\n\n")
                    .await?;
            }
            Ending::LongLine(bytes) => {
                self.bytes(b"data: {\"choices\":[{\"delta\":{\"content\":\"")
                    .await?;
                let piece = vec![b'a'; 16 * 1024];
                for start in (0..*bytes).step_by(piece.len()) {
                    self.bytes(&piece[..piece.len().min(bytes - start)]).await?;
                }
                self.bytes(b"\"}}]}\n\n").await?;
            }
            Ending::Error(error) => self.event(&json!({"error": error})).await?,
            Ending::ToolCall => {
                let call = json!({"index": 0, "id": "call-1", "type": "function",
                    "function": {"name": "look_up", "arguments": "{}"}});
                self.delta(&json!({"tool_calls": [call]})).await?;
                self.finish("tool_calls", usage).await?;
                return self.done().await;
            }
            Ending::Endless(word) => loop {
                self.delta(&json!({"content": word})).await?;
                // A socket that always has room would never let anybody else on this thread have a turn.
                yield_now().await;
            },
        }
        self.connection.send(b"0\r\n\r\n").await?;
        Ok(ControlFlow::Continue(()))
    }

    /// One write, so that a client which leaves at `[DONE]` has not hung up on anything.
    async fn done(&self) -> Result<ControlFlow<()>, Error> {
        self.connection
            .send(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")
            .await?;
        Ok(ControlFlow::Continue(()))
    }

    async fn finish(&self, reason: &str, usage: Option<(u32, u32)>) -> Result<(), Error> {
        self.event(&chunk(&json!({}), &json!(reason))).await?;
        if let Some((prompt, reply)) = usage {
            self.event(&json!({"choices": [], "usage": {
                "prompt_tokens": prompt, "completion_tokens": reply, "total_tokens": prompt + reply,
            }}))
            .await?;
        }
        Ok(())
    }

    async fn delta(&self, delta: &Value) -> Result<(), Error> {
        self.event(&chunk(delta, &Value::Null)).await
    }

    async fn event(&self, data: &Value) -> Result<(), Error> {
        self.bytes(format!("data: {data}\n\n").as_bytes()).await
    }

    async fn bytes(&self, bytes: &[u8]) -> Result<(), Error> {
        for piece in bytes.chunks(self.speech.fragment.unwrap_or(usize::MAX)) {
            self.connection.send_chunk(piece).await?;
            if self.speech.fragment.is_some() {
                // Lets the client read this piece before the next comes.
                sleep(Duration::from_micros(200)).await;
            }
        }
        Ok(())
    }
}

fn chunk(delta: &Value, finish_reason: &Value) -> Value {
    json!({
        "id": "chatcmpl-mock",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": "mock",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}],
    })
}

fn echo(body: &Value) -> String {
    let said = body["messages"]
        .as_array()
        .into_iter()
        .flatten()
        .rev()
        .find(|message| message["role"] == "user")
        .and_then(|message| message["content"].as_str())
        .unwrap_or("nothing");
    let words: Vec<&str> = said.split_whitespace().take(ECHOED_WORDS).collect();
    format!("You said: {}.", words.join(" "))
}
