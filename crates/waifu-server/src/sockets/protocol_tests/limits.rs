//! Section 9: how much is taken, and that no more than that is kept.

use tokio::time::timeout;

use super::super::transport::LARGEST_FRAME;
use super::wire::{BINARY, CONTINUATION, Client, Heard, PING, Sent, TEXT, goodbye, text};
use super::{Echo, PATIENCE, answered, failed, play};

const TOO_LARGE: &[u16] = &[1009];

#[tokio::test]
async fn a_message_of_the_limit_is_taken_however_it_is_torn() {
    let words = "*".repeat(LARGEST_FRAME);
    let cases = [64, 1_000, 65_536, LARGEST_FRAME - 1].map(|size| {
        let mut sends = Vec::new();
        for (no, piece) in words.as_bytes().chunks(size).enumerate() {
            sends.push(Sent::part(if no == 0 { TEXT } else { CONTINUATION }, piece));
        }
        let (close, answer) = goodbye();
        sends.extend([Sent::new(CONTINUATION, ""), close]);
        answered(
            format!("fragments of {size}"),
            sends,
            vec![text(&words), answer],
        )
    });
    play(cases.into()).await;
}

#[tokio::test]
async fn one_byte_more_is_not() {
    let words = "*".repeat(LARGEST_FRAME + 1);
    let mut cases = vec![
        failed("text", vec![Sent::new(TEXT, &words)], TOO_LARGE),
        failed("binary", vec![Sent::new(BINARY, &words)], TOO_LARGE),
    ];
    for size in [1_000, 65_536, LARGEST_FRAME] {
        let mut sends = Vec::new();
        for (no, piece) in words.as_bytes().chunks(size).enumerate() {
            sends.push(Sent::part(if no == 0 { TEXT } else { CONTINUATION }, piece));
            sends.push(Sent::new(PING, ""));
        }
        cases.push(failed(format!("fragments of {size}"), sends, TOO_LARGE));
    }
    play(cases).await;
}

#[tokio::test]
async fn a_message_that_says_that_it_is_too_large_is_not_waited_for() {
    let claims = [
        LARGEST_FRAME as u64 + 1,
        1 << 32,
        1 << 62,
        1 << 63,
        u64::MAX,
    ];
    let cases = claims.into_iter().flat_map(|length| {
        [TEXT, BINARY, PING].map(|opcode| {
            let frame = Sent::new(opcode, "").claiming(length);
            failed(
                format!("opcode {opcode} of {length}"),
                vec![frame],
                TOO_LARGE,
            )
        })
    });
    play(cases.collect()).await;
}

#[tokio::test]
async fn empty_fragments_without_end_take_no_room() {
    let mut sends = vec![Sent::part(TEXT, "")];
    sends.extend(vec![Sent::part(CONTINUATION, ""); 50_000]);
    let (close, answer) = goodbye();
    sends.extend([Sent::new(CONTINUATION, "whole"), close]);
    play(vec![answered(
        "fragments",
        sends,
        vec![text("whole"), answer],
    )])
    .await;
}

#[tokio::test]
async fn many_messages_in_a_row_come_back_in_order() {
    let words: Vec<String> = (0..1_000).map(|no| format!("message {no}")).collect();
    let (close, answer) = goodbye();
    let mut sends: Vec<Sent> = words.iter().map(|words| Sent::new(TEXT, words)).collect();
    let mut heard: Vec<Heard> = words.iter().map(|words| text(words)).collect();
    sends.push(close);
    heard.push(answer);
    play(vec![answered("a thousand", sends, heard)]).await;
}

#[tokio::test]
async fn a_connection_that_breaks_leaves_the_server_to_others() {
    let echo = Echo::start();
    let whole = Sent::new(TEXT, "a message that is cut").bytes();
    for cut in 0..whole.len() {
        let (reader, mut writer) = Client::connect(echo.port).await.split();
        writer.write(&whole[..cut]).await.unwrap();
        drop((reader, writer));
    }
    let (mut reader, mut writer) = Client::connect(echo.port).await.split();
    writer.write(&whole).await.unwrap();
    let heard = timeout(PATIENCE, reader.frame()).await.unwrap();
    assert_eq!(heard, Some(text("a message that is cut")));
}
