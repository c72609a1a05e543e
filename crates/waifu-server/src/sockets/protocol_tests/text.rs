//! Section 6: UTF-8, which may be torn anywhere and must be whole in the end.

use super::wire::{CONTINUATION, PING, Sent, TEXT, goodbye, text};
use super::{Case, answered, failed, play};

const VALID: [&str; 10] = [
    "Hello-µ@ßöäüàá-UTF-8!!",
    "κόσμε",
    "\u{0}",
    "\u{7f}\u{80}\u{7ff}\u{800}",
    "\u{d7ff}\u{e000}\u{fffd}",
    "\u{ffff}\u{fffe}",
    "\u{10000}\u{10ffff}",
    "🌸🌙 and 雪",
    "e\u{301}\u{200d}",
    "\u{feff}text after a mark",
];

const INVALID: [(&str, &[u8]); 18] = [
    ("a byte that never comes", b"ab\xffcd"),
    ("another byte that never comes", b"\xfe"),
    ("a continuation alone", b"\x80"),
    ("many continuations", b"\x80\xbf\x80\xbf\x80"),
    ("a start alone", b"\xc3 "),
    ("two bytes cut short", b"word \xc3"),
    ("three bytes cut short", b"word \xe2\x82"),
    ("four bytes cut short", b"word \xf0\x9f\x8c"),
    ("an overlong slash in two", b"\xc0\xaf"),
    ("an overlong slash in three", b"\xe0\x80\xaf"),
    ("an overlong slash in four", b"\xf0\x80\x80\xaf"),
    ("an overlong nothing", b"\xc0\x80"),
    ("the longest overlong", b"\xf0\x8f\xbf\xbf"),
    ("a high surrogate", b"\xed\xa0\x80"),
    ("a low surrogate", b"\xed\xbf\xbf"),
    ("a pair of surrogates", b"\xed\xa0\x80\xed\xb0\x80"),
    ("beyond the last character", b"\xf4\x90\x80\x80"),
    ("five bytes", b"\xf8\x88\x80\x80\x80"),
];

/// A text of one byte a fragment, with a ping after each if wanted.
fn torn(bytes: &[u8], with_pings: bool) -> Vec<Sent> {
    let mut frames = Vec::new();
    for (no, byte) in bytes.iter().enumerate() {
        let opcode = if no == 0 { TEXT } else { CONTINUATION };
        frames.push(Sent::part(opcode, [*byte]));
        if with_pings {
            frames.push(Sent::new(PING, ""));
        }
    }
    frames.push(Sent::new(CONTINUATION, ""));
    frames
}

#[tokio::test]
async fn characters_may_be_torn_between_fragments() {
    let cases = VALID.iter().flat_map(|words| {
        let ways = [vec![Sent::new(TEXT, words)], torn(words.as_bytes(), false)];
        ways.map(|mut sends| -> Case {
            let (close, answer) = goodbye();
            sends.push(close);
            answered(format!("{words:?}"), sends, vec![text(words), answer])
        })
    });
    play(cases.collect()).await;
}

#[tokio::test]
async fn text_that_is_no_utf_8_fails_the_connection() {
    let cases = INVALID.iter().flat_map(|(name, bytes)| {
        let after = |mut sends: Vec<Sent>| {
            sends.push(Sent::new(TEXT, "after it"));
            failed(*name, sends, &[1007])
        };
        [
            after(vec![Sent::new(TEXT, bytes)]),
            after(torn(bytes, false)),
            after(torn(bytes, true)),
        ]
    });
    play(cases.collect()).await;
}

#[tokio::test]
async fn what_is_no_text_may_hold_anything() {
    let cases = INVALID.iter().map(|(name, bytes)| {
        let (close, answer) = goodbye();
        let sends = vec![Sent::new(super::wire::BINARY, bytes), close];
        let heard = super::wire::Heard::Binary(bytes.to_vec());
        answered(*name, sends, vec![heard, answer])
    });
    play(cases.collect()).await;
}
