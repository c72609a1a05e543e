//! A reply as bytes, made once for each model that a connection asks for.

use super::shape::ReplyShape;

const HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n\
                      transfer-encoding: chunked\r\n\r\n";
/// Told as the length of every prompt: nobody here counts tokens.
const PROMPT_TOKENS: usize = 1_000;

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) shape: ReplyShape,
    /// What goes out together, in order: one piece a word, or all in one. The head goes with the first.
    pub(crate) pieces: Vec<Vec<u8>>,
}

impl Reply {
    pub(crate) fn new(model: &str, shape: ReplyShape) -> Self {
        let mut pieces: Vec<Vec<u8>> = Vec::new();
        let mut piece = HEAD.to_vec();
        event(
            &mut piece,
            &chunk(model, r#"{"role":"assistant","content":""}"#, "null"),
        );
        for word in shape.said() {
            event(
                &mut piece,
                &chunk(model, &format!(r#"{{"content":"{word}"}}"#), "null"),
            );
            if shape.words_per_second > 0 {
                pieces.push(std::mem::take(&mut piece));
            }
        }
        // The end goes with the last word.
        let mut piece = pieces.pop().unwrap_or(piece);
        event(&mut piece, &chunk(model, "{}", r#""stop""#));
        event(&mut piece, &usage(model, shape.words));
        event(&mut piece, "[DONE]");
        piece.extend_from_slice(b"0\r\n\r\n");
        pieces.push(piece);
        Self { shape, pieces }
    }
}

fn chunk(model: &str, delta: &str, finish_reason: &str) -> String {
    format!(
        r#"{{"id":"chatcmpl-scripted","object":"chat.completion.chunk","created":0,"model":"{model}","choices":[{{"index":0,"delta":{delta},"finish_reason":{finish_reason}}}]}}"#
    )
}

fn usage(model: &str, words: usize) -> String {
    let total = PROMPT_TOKENS + words;
    format!(
        r#"{{"id":"chatcmpl-scripted","object":"chat.completion.chunk","created":0,"model":"{model}","choices":[],"usage":{{"prompt_tokens":{PROMPT_TOKENS},"completion_tokens":{words},"total_tokens":{total}}}}}"#
    )
}

/// One server-sent event in an HTTP chunk of its own.
fn event(out: &mut Vec<u8>, data: &str) {
    let event = format!("data: {data}\n\n");
    out.extend_from_slice(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::Reply;
    use crate::shape::ReplyShape;

    fn text(model: &str) -> Vec<String> {
        let reply = Reply::new(model, ReplyShape::of_model(model).unwrap());
        let text = |piece: Vec<u8>| String::from_utf8(piece).unwrap();
        reply.pieces.into_iter().map(text).collect()
    }

    #[test]
    fn a_reply_at_once_is_one_piece_from_head_to_end() {
        let pieces = text("scripted-words3");
        assert_eq!(pieces.len(), 1);
        assert!(pieces[0].starts_with("HTTP/1.1 200 OK\r\n"));
        assert!(pieces[0].ends_with("data: [DONE]\n\n\r\n0\r\n\r\n"));
        assert_eq!(pieces[0].matches("\"content\":\"").count(), 4);
        assert_eq!(pieces[0].matches("\"completion_tokens\":3").count(), 1);
    }

    #[test]
    fn a_paced_reply_has_a_piece_a_word() {
        let pieces = text("scripted-rate10-words3");
        assert_eq!(pieces.len(), 3);
        assert!(pieces[0].contains("\"role\":\"assistant\"") && pieces[0].contains("\"Hello\""));
        assert!(!pieces[1].contains("HTTP/1.1") && !pieces[1].contains("[DONE]"));
        assert!(pieces[2].contains("\"finish_reason\":\"stop\"") && pieces[2].contains("[DONE]"));
    }

    #[test]
    fn every_chunk_has_the_length_that_it_says() {
        let whole = text("scripted-words2").remove(0);
        let mut rest = whole.split_once("\r\n\r\n").unwrap().1;
        loop {
            let (length, after) = rest.split_once("\r\n").unwrap();
            let length = usize::from_str_radix(length, 16).unwrap();
            assert_eq!(&after[length..length + 2], "\r\n");
            if length == 0 {
                break;
            }
            rest = &after[length + 2..];
        }
    }
}
