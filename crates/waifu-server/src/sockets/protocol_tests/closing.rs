//! Section 7: goodbyes.

use super::wire::{CLOSE, CONTINUATION, Goodbye, Heard, PING, Sent, TEXT, goodbye, text};
use super::{answered, failed, play};

fn echoed(payload: impl AsRef<[u8]>) -> Heard {
    Heard::Close(Goodbye(payload.as_ref().to_vec()))
}

#[tokio::test]
async fn a_goodbye_is_answered_by_the_same() {
    let mut cases = vec![
        answered("empty", vec![Sent::new(CLOSE, "")], vec![echoed("")]),
        answered(
            "after words",
            vec![Sent::new(TEXT, "Hello"), goodbye().0],
            vec![text("Hello"), goodbye().1],
        ),
    ];
    // 1012 to 1014 were registered since Autobahn was written.
    let codes = [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000,
        4999,
    ];
    for code in codes {
        for reason in ["", "good night", "おやすみ", &"*".repeat(123)] {
            let payload = [&u16::to_be_bytes(code), reason.as_bytes()].concat();
            let name = format!("{code} with {} bytes", reason.len());
            cases.push(answered(
                name,
                vec![Sent::close(code, reason)],
                vec![echoed(payload)],
            ));
        }
    }
    play(cases).await;
}

#[tokio::test]
async fn what_comes_after_a_goodbye_is_not_looked_at() {
    let (close, answer) = goodbye();
    play(vec![
        answered(
            "a second one",
            vec![close.clone(), close.clone()],
            vec![answer.clone()],
        ),
        answered(
            "words",
            vec![close.clone(), Sent::new(TEXT, "one more thing")],
            vec![answer.clone()],
        ),
        answered(
            "a ping",
            vec![close.clone(), Sent::new(PING, "")],
            vec![answer.clone()],
        ),
        answered(
            "within a message",
            vec![
                Sent::part(TEXT, "fragment"),
                close.clone(),
                Sent::new(CONTINUATION, ""),
            ],
            vec![answer],
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_goodbye_that_is_none_fails_the_connection() {
    let mut cases = vec![
        failed("a byte", vec![Sent::new(CLOSE, "x")], &[1002]),
        failed(
            "124 bytes of reason",
            vec![Sent::close(1000, "*".repeat(124))],
            &[1002],
        ),
    ];
    let codes = [
        0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535,
    ];
    for code in codes {
        cases.push(failed(
            format!("{code}"),
            vec![Sent::close(code, "")],
            &[1002],
        ));
        cases.push(failed(
            format!("{code}, why"),
            vec![Sent::close(code, "why")],
            &[1002],
        ));
    }
    // RFC 6455 wants 1007; actix-http tells a reason that is no UTF-8 as it does a code that is none.
    for reason in [b"\xff".as_slice(), b"\xed\xa0\x80", b"cut \xe2\x82"] {
        cases.push(failed(
            "no UTF-8",
            vec![Sent::close(1000, reason)],
            &[1002, 1007],
        ));
    }
    play(cases).await;
}

/// actix-http reads ahead: what is wrong after a goodbye, and comes with it, is seen before the goodbye is answered.
#[tokio::test]
async fn what_is_wrong_after_a_goodbye_may_be_what_ends_the_connection() {
    let wrong = Sent::new(TEXT, "").reserved(7);
    play(vec![failed(
        "wrong",
        vec![goodbye().0, wrong],
        &[1000, 1002],
    )])
    .await;
}
