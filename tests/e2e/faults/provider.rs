//! Every fault that a model's provider is known for, as one table: how often it is called, what the caller is told,
//! what is stored, and that the next message works. [`play`] holds each row against a running server.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpSocket;
use waifu_testkit::mock_llm::{Answer, Ending, MockLlm, Script, Speech};

use self::Told::{BrokenOff, Failed, Spoken};
use crate::support::chat::KIND;
use crate::support::new_id;
use crate::support::rest::User;
use crate::support::server::Server;
use crate::support::socket::Socket;
use crate::support::world::World;

scenarios! {
    with_a_scripted_model: [
        a_provider_without_room_or_in_trouble,
        a_provider_that_refuses,
        a_provider_that_falls_silent,
        a_provider_that_breaks_off,
        a_provider_that_cant_be_understood,
        a_provider_that_ends_in_odd_ways,
        a_provider_that_is_not_there,
    ],
}

/// What she says before the fault.
const WORDS: &str = "I was about to";
const LONGEST_REPLY: usize = 64 * 1024;

struct Fault {
    what: &'static str,
    /// What the provider does at first; then it is well.
    script: Vec<Answer>,
    calls: usize,
    told: Told,
    /// In how many milliseconds another attempt may be worth it, where the provider has said so.
    wait: Option<u64>,
}

/// What comes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// Her whole answer, and the reason it ended if that needs telling. It moves affection.
    Spoken(Option<&'static str>),
    /// What she said before the fault, and what that was. It moves affection.
    BrokenOff(&'static str),
    /// The problem's status and code, and the stored reason. It moves nothing.
    Failed(u16, &'static str, &'static str),
}

const UNAVAILABLE: Told = Failed(503, "provider_unavailable", "provider_unavailable");
const TIMED_OUT: Told = Failed(504, "provider_timeout", "provider_timeout");
const REFUSED: Told = Failed(502, "provider_failed", "provider_failed");
const CUT: Told = Failed(502, "provider_failed", "cut");
const EMPTY: Told = Failed(502, "provider_failed", "empty");
const FILTERED: Told = Failed(502, "provider_failed", "filtered");

fn once(what: &'static str, answer: impl Into<Answer>, calls: usize, told: Told) -> Fault {
    Fault {
        what,
        script: vec![answer.into()],
        calls,
        told,
        wait: None,
    }
}

/// For as often as anybody asks.
fn always(what: &'static str, answer: impl Into<Answer>, calls: usize, told: Told) -> Fault {
    Fault {
        script: vec![answer.into(); 3],
        ..once(what, Answer::echo(), calls, told)
    }
}

impl Fault {
    fn wait(self, seconds: u64) -> Self {
        Self {
            wait: Some(seconds * 1000),
            ..self
        }
    }
}

fn busy(seconds: &str) -> Answer {
    Answer::error(429, "rate_limit_exceeded", "slow down").with_header("Retry-After", seconds)
}

fn status(status: u16) -> Answer {
    Answer::status(status, "<html>internal details</html>")
}

/// Not a word, and then this.
fn nothing(ending: Ending) -> Speech {
    Speech::of("").ending(ending)
}

/// Some words, and then this.
fn words(ending: Ending) -> Speech {
    Speech::of(WORDS).ending(ending)
}

fn error(code: impl Into<Value>) -> Ending {
    Ending::Error(json!({"message": "internal details", "code": code.into()}))
}

fn body(content_type: &str, body: &str) -> Answer {
    Answer::Raw {
        content_type: content_type.to_owned(),
        body: body.into(),
    }
}

#[rustfmt::skip]
async fn a_provider_without_room_or_in_trouble(world: World) {
    play(&world.server().await, vec![
        once("429, and well a second later", busy("1"), 2, Spoken(None)),
        once("429 for a minute", busy("60"), 1, UNAVAILABLE).wait(60),
        always("429 again and again", busy("0"), 3, UNAVAILABLE).wait(0),
        always("429 without a word of when", status(429), 3, UNAVAILABLE),
        once("500, and then well", status(500), 2, Spoken(None)),
        always("500 again and again", status(500), 3, REFUSED),
        once("503 for a minute", status(503).with_header("Retry-After", "60"), 1, UNAVAILABLE).wait(60),
    ]).await;
}

#[rustfmt::skip]
async fn a_provider_that_refuses(world: World) {
    play(&world.server().await, vec![
        always("503 again and again", status(503), 3, REFUSED),
        always("408 again and again", status(408), 3, REFUSED),
        once("400", status(400), 1, REFUSED),
        once("401", Answer::error(401, "invalid_api_key", "internal details"), 1, REFUSED),
        once("403", status(403), 1, REFUSED),
        once("404", Answer::error(404, "model_not_found", "internal details"), 1, REFUSED),
        once("a prompt that is filtered", Answer::error(400, "content_filter", "no"), 1, REFUSED),
        once("a prompt that is too long and can't be shorter", too_long(), 1, REFUSED),
        once("an answer that is filtered", nothing(Ending::Finish("content_filter".into())), 1, FILTERED),
        once("an answer that is filtered after words", words(Ending::Finish("content_filter".into())), 1, BrokenOff("filtered")),
    ]).await;
}

#[rustfmt::skip]
async fn a_provider_that_falls_silent(world: World) {
    let patience = [
        ("WAIFU__LLM__FIRST_WORD_TIMEOUT_SECONDS", "1"),
        ("WAIFU__LLM__NEXT_WORD_TIMEOUT_SECONDS", "1"),
    ];
    let drip = Speech::of("one two three four five six").word_every(Duration::from_millis(300));
    play(&world.server_with(&patience).await, vec![
        once("silence before headers", Answer::HangBeforeHeaders, 1, TIMED_OUT),
        once("silence after headers", nothing(Ending::Hang), 1, TIMED_OUT),
        once("half a word and silence", Answer::Torn("data: {\"choi".into()), 1, TIMED_OUT),
        once("silence after words", words(Ending::Hang), 1, BrokenOff("provider_timeout")),
        once("a slow drip", drip, 1, Spoken(None)),
        once("silence instead of the usage", Speech::of("hi").ending(Ending::FinishThenHang("stop".into())), 1, Spoken(None)),
    ]).await;
}

#[rustfmt::skip]
async fn a_provider_that_breaks_off(world: World) {
    play(&world.server().await, vec![
        always("a connection that is closed before the headers", Answer::CutBeforeHeaders, 3, UNAVAILABLE),
        once("a connection that is cut before the first word", nothing(Ending::Cut), 1, CUT),
        once("a connection that is cut after words", words(Ending::Cut), 1, BrokenOff("cut")),
        once("an end without a word", nothing(Ending::EndWithoutFinish), 1, CUT),
        once("an end without a reason", words(Ending::EndWithoutFinish), 1, BrokenOff("cut")),
        once("[DONE] without a word", nothing(Ending::DoneWithoutFinish), 1, CUT),
        once("[DONE] without a reason", words(Ending::DoneWithoutFinish), 1, BrokenOff("cut")),
        once("an empty body", body("text/event-stream", ""), 1, CUT),
        once("a web page", body("text/html", "<html>internal details</html>"), 1, CUT),
    ]).await;
}

#[rustfmt::skip]
async fn a_provider_that_cant_be_understood(world: World) {
    play(&world.server().await, vec![
        once("bad JSON", nothing(Ending::BadJson), 1, REFUSED),
        once("bad JSON after words", words(Ending::BadJson), 1, BrokenOff("provider_failed")),
        once("bad UTF-8", nothing(Ending::BadUtf8), 1, REFUSED),
        once("bad UTF-8 after words", words(Ending::BadUtf8), 1, BrokenOff("provider_failed")),
        once("a line of ten megabytes", nothing(Ending::LongLine(10 << 20)), 1, REFUSED),
        once("a line of ten megabytes after words", words(Ending::LongLine(10 << 20)), 1, BrokenOff("provider_failed")),
        once("an error in the stream", nothing(error("x")), 1, REFUSED),
        once("an error after words", words(error("x")), 1, BrokenOff("provider_failed")),
        once("a 503 in the stream, and then well", nothing(error(503)), 2, Spoken(None)),
        once("an error in the place of a stream", body("application/json", r#"{"error": {"code": 404}}"#), 1, REFUSED),
    ]).await;
}

#[rustfmt::skip]
async fn a_provider_that_ends_in_odd_ways(world: World) {
    let whole = r#"{"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]}"#;
    play(&world.server().await, vec![
        once("an endless answer", nothing(Ending::Endless("on and ".into())), 1, BrokenOff("too_long")),
        once("no words", Speech::of(""), 1, EMPTY),
        once("blank words", Speech::of(" \n "), 1, EMPTY),
        once("a tool in the place of words", nothing(Ending::ToolCall), 1, EMPTY),
        once("the model's limit", Speech::of("And then").finish("length"), 1, Spoken(Some("length"))),
        once("no count of tokens", Speech::of("hi").usage(None), 1, Spoken(None)),
        once("a whole answer in the place of a stream", body("application/json", whole), 1, Spoken(None)),
    ]).await;
}

async fn a_provider_that_is_not_there(world: World) {
    // Bound and not listening: whoever comes is refused, and nobody else can take the port.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}/v1", socket.local_addr().unwrap());
    let server = world.server_with(&[("WAIFU__LLM__BASE_URL", &url)]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket_of_ada, _) = Socket::ready(&ada, &hana).await;
    let refused = ada.say(&hana, KIND).await;
    refused.problem(503, "provider_unavailable");
    let done = done(&mut socket_of_ada).await;
    assert_eq!(
        (&done["status"], &done["reason"]),
        (&json!("failed"), &json!("provider_unavailable"))
    );
    assert_eq!(server.log().matches("the model is called again").count(), 2);
    let back = MockLlm::start_on(socket.listen(64).unwrap(), Script::echo());
    works_again(&ada, &hana).await;
    assert_eq!(back.request_count(), 1);
}

pub(super) fn too_long() -> Answer {
    Answer::error(400, "context_length_exceeded", "internal details")
}

async fn play(server: &Server, faults: Vec<Fault>) {
    let ada = server.user().await;
    for fault in faults {
        let hana = ada.companion().await;
        let (mut socket, _) = Socket::ready(&ada, &hana).await;
        for answer in fault.script.iter().take(fault.calls) {
            server.model().push(answer.clone());
        }
        fault.play(server, &ada, &hana, &mut socket).await;
        works_again(&ada, &hana).await;
    }
}

impl Fault {
    async fn play(&self, server: &Server, ada: &User, hana: &str, socket: &mut Socket) {
        let what = self.what;
        let before = server.model().request_count();
        let id = new_id();
        let answer = ada.say_as(hana, &id, KIND).await;
        let done = done(socket).await;
        let calls = server.model().request_count() - before;
        assert_eq!(calls, self.calls, "{what}: {done}");
        assert!(
            !answer.text.contains("internal details"),
            "{what}: {answer:?}"
        );

        let (status, reason) = match self.told {
            Spoken(reason) => ("completed", reason),
            BrokenOff(reason) => ("incomplete", Some(reason)),
            Failed(_, _, reason) => ("failed", Some(reason)),
        };
        assert_eq!(done["status"], status, "{what}: {done}");
        assert_eq!(done["reason"].as_str(), reason, "{what}: {done}");
        assert_eq!(done["retryable"], status == "failed", "{what}: {done}");
        assert_eq!(done["retry_after_ms"].as_u64(), self.wait, "{what}: {done}");
        assert_eq!(stored(socket, &done).await, done_as_stored(&done), "{what}");

        let history = ada.history(hana).await;
        let affection = ada.relationship(hana).await["affection"].clone();
        let rows = ada.ledger(hana).await.len();
        if let Failed(status, code, _) = self.told {
            let problem = answer.problem(status, code);
            assert!(
                !answer.header("retry-after").is_empty(),
                "{what}: {answer:?}"
            );
            assert_eq!(problem["turn_id"], done["turn_id"], "{what}");
            assert_eq!(done["message"], Value::Null, "{what}");
            assert_eq!(history.len(), 1, "{what}: {history:?}");
            assert_eq!((rows, affection), (0, json!(0)), "{what}");
        } else {
            let told = answer.ok();
            let her = &history[0];
            assert_eq!(told["status"], status, "{what}: {told}");
            assert_eq!(told["reason"].as_str(), reason, "{what}: {told}");
            assert_eq!(
                (&her["status"], history.len()),
                (&json!(status), 2),
                "{what}"
            );
            assert_eq!(
                (&her["text"], &done["message"]),
                (&told["reply"]["text"], her)
            );
            let text = her["text"].as_str().unwrap();
            match self.told {
                BrokenOff("too_long") => assert_eq!(text.len(), LONGEST_REPLY, "{what}"),
                BrokenOff(_) => assert_eq!(text, WORDS, "{what}"),
                Spoken(_) | Failed(..) => assert!(!text.is_empty(), "{what}"),
            }
            assert_eq!((rows, affection.as_i64() > Some(0)), (1, true), "{what}");
        }
        // The same again is answered as it was, without another call.
        let again = ada.say_as(hana, &id, KIND).await;
        assert_eq!(again.status, answer.status, "{what}: {again:?}");
        assert_eq!(server.model().request_count(), before + calls, "{what}");
    }
}

/// How the turn ended, as those hear it who watch.
pub(super) async fn done(socket: &mut Socket) -> Value {
    let frames = socket.until("turn.done").await;
    frames.into_iter().next_back().expect("a frame")
}

/// How it ended, as the store has it.
async fn stored(socket: &mut Socket, done: &Value) -> Value {
    let sync = json!({"type": "turn.sync", "turn_id": done["turn_id"]});
    socket.send(&sync).await;
    done_as_stored(&socket.expect("turn.done").await)
}

/// Without what is told at the time alone: its number, and the provider's wish to be left alone.
fn done_as_stored(done: &Value) -> Value {
    let mut stored = done.clone();
    for passing in ["seq", "retry_after_ms"] {
        stored.as_object_mut().expect("a frame").remove(passing);
    }
    stored
}

pub(super) async fn works_again(ada: &User, hana: &str) {
    let answer = ada.say(hana, KIND).await.ok();
    assert_eq!(answer["status"], "completed", "{answer}");
    assert!(
        answer["reply"]["text"]
            .as_str()
            .unwrap()
            .starts_with("You said")
    );
    assert!(
        answer["relationship"]["affection"].as_i64() > Some(0),
        "{answer}"
    );
}
