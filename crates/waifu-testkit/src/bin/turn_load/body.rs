//! The body of a response, taken out of the frames that it comes in.

use anyhow::{Context, Result, ensure};

/// How the end of a body is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(usize),
    Chunks,
    UntilItCloses,
}

/// How far a body has been read.
#[derive(Debug)]
pub(crate) struct Body {
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// So many bytes and no more.
    Rest(usize),
    /// At a line that tells the length of a chunk.
    ChunkLength,
    /// So many bytes of a chunk are to come.
    Chunk(usize),
    /// At the line's end that follows a chunk.
    ChunkEnd,
    /// At the lines after the last chunk, up to an empty one.
    Trailer,
    Endless,
}

impl Body {
    pub(crate) fn new(framing: Framing) -> Self {
        let state = match framing {
            Framing::Length(length) => State::Rest(length),
            Framing::Chunks => State::ChunkLength,
            Framing::UntilItCloses => State::Endless,
        };
        Self { state }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.state == State::Rest(0)
    }

    /// Reads what has come, and hands on what is body; returns how much has been read.
    pub(crate) fn read(&mut self, bytes: &[u8], mut hand_on: impl FnMut(&[u8])) -> Result<usize> {
        let mut read = 0;
        while read < bytes.len() && !self.is_over() {
            let rest = &bytes[read..];
            let (taken, next) = match self.state {
                State::Endless => {
                    hand_on(rest);
                    (rest.len(), State::Endless)
                }
                State::Rest(left) => {
                    let taken = left.min(rest.len());
                    hand_on(&rest[..taken]);
                    (taken, State::Rest(left - taken))
                }
                State::Chunk(left) => {
                    let taken = left.min(rest.len());
                    hand_on(&rest[..taken]);
                    let next = if taken == left {
                        State::ChunkEnd
                    } else {
                        State::Chunk(left - taken)
                    };
                    (taken, next)
                }
                State::ChunkLength | State::ChunkEnd | State::Trailer => {
                    let Some(line) = line(rest) else { break };
                    (line.len() + 1, self.after_line(line)?)
                }
            };
            read += taken;
            self.state = next;
        }
        Ok(read)
    }

    fn after_line(&self, line: &[u8]) -> Result<State> {
        let text = std::str::from_utf8(line)
            .context("the response has broken chunks")?
            .trim();
        if self.state == State::ChunkLength {
            let digits = text.split(';').next().unwrap_or_default().trim();
            let length = usize::from_str_radix(digits, 16);
            return Ok(match length.context("the response has broken chunks")? {
                0 => State::Trailer,
                length => State::Chunk(length),
            });
        }
        if self.state == State::Trailer {
            return Ok(if text.is_empty() {
                State::Rest(0)
            } else {
                State::Trailer
            });
        }
        ensure!(
            text.is_empty(),
            "the response has a chunk of another length than it says"
        );
        Ok(State::ChunkLength)
    }
}

/// Up to the line's end; `None` while that has not come.
fn line(bytes: &[u8]) -> Option<&[u8]> {
    let length = bytes.iter().position(|&byte| byte == b'\n')?;
    Some(&bytes[..length])
}

#[cfg(test)]
mod tests {
    use super::{Body, Framing};

    /// What is handed on of `sent`, which comes in pieces of `size`, and how much of it is left.
    fn read(framing: Framing, sent: &str, size: usize) -> (String, bool, usize) {
        let (mut body, mut unread, mut text) = (Body::new(framing), Vec::new(), Vec::new());
        for piece in sent.as_bytes().chunks(size) {
            unread.extend_from_slice(piece);
            let read = body
                .read(&unread, |bytes| text.extend_from_slice(bytes))
                .unwrap();
            unread.drain(..read);
        }
        (
            String::from_utf8(text).unwrap(),
            body.is_over(),
            unread.len(),
        )
    }

    #[test]
    fn chunks_are_put_together_however_they_are_torn() {
        let sent = "5\r\nHello\r\n7;x=1\r\n, world\r\n0\r\nTrailer: 1\r\n\r\nHTTP";
        for size in 1..sent.len() {
            assert_eq!(
                read(Framing::Chunks, sent, size),
                ("Hello, world".to_owned(), true, 4)
            );
        }
    }

    #[test]
    fn a_length_is_kept_to() {
        assert_eq!(
            read(Framing::Length(5), "Hello!", 2),
            ("Hello".to_owned(), true, 1)
        );
        assert_eq!(read(Framing::Length(0), "", 1), (String::new(), true, 0));
        assert_eq!(
            read(Framing::UntilItCloses, "Hello", 2),
            ("Hello".to_owned(), false, 0)
        );
    }

    #[test]
    fn broken_chunks_are_refused() {
        for sent in ["x\r\n", "2\r\nHello\r\n"] {
            let mut body = Body::new(Framing::Chunks);
            body.read(sent.as_bytes(), |_| {}).unwrap_err();
        }
    }
}
