//! Sections 1 to 5: framing, pings and pongs, reserved bits, opcodes, fragmentation.

use super::wire::{
    BINARY, CLOSE, CONTINUATION, Heard, PING, PONG, Sent, TEXT, goodbye, pong, text,
};
use super::{Case, answered, failed, play};

const PROTOCOL: &[u16] = &[1002];

/// What is sent, a goodbye, and what is heard of both.
fn polite(name: impl Into<String>, mut sends: Vec<Sent>, mut heard: Vec<Heard>) -> Case {
    let (close, answer) = goodbye();
    sends.push(close);
    heard.push(answer);
    answered(name, sends, heard)
}

#[tokio::test]
async fn messages_of_every_size_come_back_as_they_were() {
    let sizes = [0, 1, 125, 126, 127, 128, 65_535, 65_536, 131_072];
    let mut cases = Vec::new();
    for size in sizes {
        let words = "*".repeat(size);
        cases.push(polite(
            format!("text of {size}"),
            vec![Sent::new(TEXT, &words)],
            vec![text(&words)],
        ));
        let bytes = vec![0xfe; size];
        cases.push(polite(
            format!("binary of {size}"),
            vec![Sent::new(BINARY, &bytes)],
            vec![Heard::Binary(bytes)],
        ));
    }
    play(cases).await;
}

#[tokio::test]
async fn a_length_may_be_written_longer_than_it_has_to_be() {
    let padded = Sent::new(TEXT, "short").claiming(5);
    play(vec![polite("padded", vec![padded], vec![text("short")])]).await;
}

#[tokio::test]
async fn a_ping_is_answered_by_a_pong_with_its_bytes() {
    let mut cases = Vec::new();
    for size in [0, 1, 8, 124, 125] {
        let bytes: Vec<u8> = (0..size).collect();
        cases.push(polite(
            format!("ping of {size}"),
            vec![Sent::new(PING, &bytes)],
            vec![pong(&bytes)],
        ));
    }
    let ten = || (0..10_u8).map(|no| [no; 10]);
    cases.push(polite(
        "ten in a row",
        ten().map(|bytes| Sent::new(PING, bytes)).collect(),
        ten().map(pong).collect(),
    ));
    let too_long = vec![Sent::new(PING, [0xfe; 126])];
    cases.push(failed("ping of 126", too_long, PROTOCOL));
    play(cases).await;
}

#[tokio::test]
async fn a_pong_that_nobody_asked_for_is_nothing() {
    let ping = Sent::new(PING, "asked");
    play(vec![
        polite("empty", vec![Sent::new(PONG, "")], vec![]),
        polite("with bytes", vec![Sent::new(PONG, "news")], vec![]),
        polite(
            "before a ping",
            vec![Sent::new(PONG, "news"), ping],
            vec![pong("asked")],
        ),
        failed("of 126", vec![Sent::new(PONG, [0xfe; 126])], PROTOCOL),
    ])
    .await;
}

#[tokio::test]
async fn reserved_bits_fail_the_connection() {
    let mut cases = Vec::new();
    for bits in 1..=7 {
        for opcode in [TEXT, BINARY, PING, PONG, CLOSE] {
            let frame = Sent::new(opcode, "").reserved(bits);
            let name = format!("bits {bits:03b} of opcode {opcode}");
            cases.push(failed(&name, vec![frame.clone()], PROTOCOL));
            let after_words = vec![Sent::new(TEXT, "Hello"), frame, Sent::new(PING, "")];
            cases.push(failed(name + " after words", after_words, PROTOCOL));
        }
    }
    play(cases).await;
}

#[tokio::test]
async fn reserved_opcodes_fail_the_connection() {
    let mut cases = Vec::new();
    for opcode in (3..=7).chain(11..=15) {
        for payload in ["", "data"] {
            let frame = Sent::new(opcode, payload);
            let name = format!("opcode {opcode} with {payload:?}");
            cases.push(failed(&name, vec![frame.clone()], PROTOCOL));
            let after_words = vec![Sent::new(TEXT, "Hello"), frame, Sent::new(PING, "")];
            cases.push(failed(name + " after words", after_words, PROTOCOL));
        }
    }
    play(cases).await;
}

#[tokio::test]
async fn fragments_are_one_message() {
    let part = Sent::part;
    let last = |payload: &str| Sent::new(CONTINUATION, payload);
    let ping = |bytes: &str| Sent::new(PING, bytes);
    play(vec![
        polite(
            "two of text",
            vec![part(TEXT, "frag"), last("ment")],
            vec![text("fragment")],
        ),
        polite(
            "two of binary",
            vec![part(BINARY, "frag"), last("ment")],
            vec![Heard::Binary(b"fragment".to_vec())],
        ),
        polite(
            "three",
            vec![part(TEXT, "a"), part(CONTINUATION, "b"), last("c")],
            vec![text("abc")],
        ),
        polite(
            "three, empty",
            vec![part(TEXT, ""), part(CONTINUATION, ""), last("")],
            vec![text("")],
        ),
        polite(
            "three, empty around words",
            vec![part(TEXT, ""), part(CONTINUATION, "middle"), last("")],
            vec![text("middle")],
        ),
        polite(
            "many empty ones of binary",
            [
                vec![part(BINARY, "")],
                vec![part(CONTINUATION, ""); 100],
                vec![last("x")],
            ]
            .concat(),
            vec![Heard::Binary(b"x".to_vec())],
        ),
        polite(
            "pings in between",
            vec![
                part(TEXT, "a"),
                ping("1"),
                part(CONTINUATION, "b"),
                ping("2"),
                last("c"),
            ],
            vec![pong("1"), pong("2"), text("abc")],
        ),
        polite(
            "a pong in between",
            vec![part(TEXT, "a"), Sent::new(PONG, "1"), last("b")],
            vec![text("ab")],
        ),
        polite(
            "two messages",
            vec![
                part(TEXT, "a"),
                last("b"),
                part(BINARY, "c"),
                last("d"),
                Sent::new(TEXT, "e"),
            ],
            vec![text("ab"), Heard::Binary(b"cd".to_vec()), text("e")],
        ),
    ])
    .await;
}

#[tokio::test]
async fn fragments_out_of_order_fail_the_connection() {
    let part = Sent::part;
    let last = |payload: &str| Sent::new(CONTINUATION, payload);
    let mut cases = vec![
        failed("an end without a start", vec![last("x")], PROTOCOL),
        failed(
            "a middle without a start",
            vec![part(CONTINUATION, "x")],
            PROTOCOL,
        ),
        failed(
            "an end after a whole message",
            vec![Sent::new(TEXT, "whole"), last("x")],
            PROTOCOL,
        ),
        failed(
            "a middle after an end",
            vec![
                part(TEXT, "a"),
                last("b"),
                part(CONTINUATION, "c"),
                last("d"),
            ],
            PROTOCOL,
        ),
        failed(
            "a whole message within another",
            vec![part(TEXT, "a"), Sent::new(TEXT, "b")],
            PROTOCOL,
        ),
        failed(
            "a start within another message",
            vec![part(TEXT, "a"), part(BINARY, "b"), last("c")],
            PROTOCOL,
        ),
    ];
    for opcode in [PING, PONG, CLOSE] {
        let torn = vec![part(opcode, ""), last("")];
        cases.push(failed(format!("torn opcode {opcode}"), torn, PROTOCOL));
        let within = vec![part(TEXT, "a"), part(opcode, ""), last("b")];
        cases.push(failed(
            format!("torn opcode {opcode} within a message"),
            within,
            PROTOCOL,
        ));
    }
    play(cases).await;
}

#[tokio::test]
async fn frames_that_are_not_masked_fail_the_connection() {
    let cases = [TEXT, BINARY, PING, PONG, CLOSE].map(|opcode| {
        let frame = Sent::new(opcode, "").unmasked();
        failed(format!("opcode {opcode}"), vec![frame], PROTOCOL)
    });
    play(cases.into()).await;
}
