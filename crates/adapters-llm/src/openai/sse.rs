//! Server-sent events out of pieces of bytes, as far as a chat completion uses them: `data` alone, and never more
//! than [`LARGEST_EVENT`] of it.

use std::io::{BufRead, Read};

/// The longest line, and the most data of one event: 1 MiB.
pub(super) const LARGEST_EVENT: usize = 1024 * 1024;
/// A buffer that a long event has made larger is not kept.
const KEPT: usize = 4 * 1024;

/// Takes pieces of a body one after another and gives the data of each event that they complete.
#[derive(Debug, Default)]
pub(super) struct EventReader {
    line: Vec<u8>,
    data: Vec<u8>,
    /// `data` was given away as an event.
    is_given: bool,
    /// The body is one event without lines.
    is_whole: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event is longer than {LARGEST_EVENT} bytes")]
pub(super) struct TooLong;

impl EventReader {
    /// For a body that is no stream: all of it is one event, the last.
    pub(super) fn of_whole_body() -> Self {
        Self {
            is_whole: true,
            ..Self::default()
        }
    }

    /// Eats `piece` up to the end of the first event that it completes. `None` when it is eaten up.
    pub(super) fn next_event(&mut self, piece: &mut &[u8]) -> Result<Option<&[u8]>, TooLong> {
        self.forget_event();
        if self.is_whole {
            let more = std::mem::take(piece);
            if self.data.len() + more.len() > LARGEST_EVENT {
                return Err(TooLong);
            }
            self.data.extend_from_slice(more);
            return Ok(None);
        }
        while self.read_line(piece)? {
            let is_complete = self.end_of_line()?;
            self.line.clear();
            if is_complete {
                self.line.shrink_to(KEPT);
                self.is_given = true;
                return Ok(Some(&self.data));
            }
        }
        Ok(None)
    }

    /// The data of whole lines that no empty line came after; some servers leave the last one out.
    pub(super) fn last_event(&mut self) -> Option<&[u8]> {
        self.forget_event();
        (!self.data.is_empty()).then_some(&self.data)
    }

    fn forget_event(&mut self) {
        if std::mem::take(&mut self.is_given) {
            self.data.clear();
            self.data.shrink_to(KEPT);
        }
    }

    /// Moves bytes to the line, up to its end; returns whether that has come.
    fn read_line(&mut self, piece: &mut &[u8]) -> Result<bool, TooLong> {
        let room = LARGEST_EVENT + 1 - self.line.len();
        let room = u64::try_from(room).expect("a mebibyte fits");
        piece
            .take(room)
            .read_until(b'\n', &mut self.line)
            .expect("bytes in memory can be read");
        if self.line.pop_if(|last| *last == b'\n').is_some() {
            return Ok(true);
        }
        if self.line.len() > LARGEST_EVENT {
            return Err(TooLong);
        }
        Ok(false)
    }

    /// Whether the line completes an event.
    fn end_of_line(&mut self) -> Result<bool, TooLong> {
        self.line.pop_if(|last| *last == b'\r');
        if self.line.is_empty() {
            return Ok(!self.data.is_empty());
        }
        let data = if let Some(data) = self.line.strip_prefix(b"data:") {
            data.strip_prefix(b" ").unwrap_or(data)
        } else if self.line.starts_with(b"{") {
            // Some servers answer 200 and then an error as plain JSON.
            &self.line
        } else {
            return Ok(false);
        };
        if self.data.len() + data.len() + 1 > LARGEST_EVENT {
            return Err(TooLong);
        }
        if !self.data.is_empty() {
            self.data.push(b'\n');
        }
        self.data.extend_from_slice(data);
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(pieces: &[&[u8]]) -> Result<Vec<String>, TooLong> {
        events_of(EventReader::default(), pieces)
    }

    fn events_of(mut reader: EventReader, pieces: &[&[u8]]) -> Result<Vec<String>, TooLong> {
        let mut found = Vec::new();
        let mut keep = |event: &[u8]| found.push(String::from_utf8(event.to_vec()).unwrap());
        for piece in pieces {
            let mut piece = *piece;
            while let Some(event) = reader.next_event(&mut piece)? {
                keep(event);
            }
        }
        reader.last_event().map(&mut keep);
        Ok(found)
    }

    #[test]
    fn events_are_the_same_however_the_bytes_are_torn() {
        let body =
            ": hello\n\ndata: {\"a\":\"é\"}\r\n\r\nevent: x\ndata:one\ndata: two\n\ndata: [DONE]\n";
        let whole = events(&[body.as_bytes()]).unwrap();
        assert_eq!(whole, ["{\"a\":\"é\"}", "one\ntwo", "[DONE]"]);
        for size in 1..8 {
            let torn: Vec<&[u8]> = body.as_bytes().chunks(size).collect();
            assert_eq!(events(&torn).unwrap(), whole, "in pieces of {size}");
        }
    }

    #[test]
    fn a_half_line_at_the_end_is_no_event() {
        assert!(events(&[b"data: {\"cut"]).unwrap().is_empty());
    }

    #[test]
    fn a_body_that_is_no_stream_is_one_event() {
        let whole = |pieces: &[&[u8]]| events_of(EventReader::of_whole_body(), pieces);
        let body = "{\n  \"a\": 1\n\n}";
        for size in 1..8 {
            let torn: Vec<&[u8]> = body.as_bytes().chunks(size).collect();
            assert_eq!(whole(&torn).unwrap(), [body], "in pieces of {size}");
        }
        assert!(whole(&[]).unwrap().is_empty());
        assert_eq!(whole(&[&vec![b'a'; LARGEST_EVENT], b"a"]), Err(TooLong));
    }

    #[test]
    fn what_a_long_event_needed_is_given_back() {
        let mut reader = EventReader::default();
        let long = format!("data: {}\n\n", "a".repeat(LARGEST_EVENT / 2));
        assert!(reader.next_event(&mut long.as_bytes()).unwrap().is_some());
        assert!(
            reader
                .next_event(&mut &b"data: b\n\n"[..])
                .unwrap()
                .is_some()
        );
        let (line, data) = (reader.line.capacity(), reader.data.capacity());
        assert!(line <= KEPT && data <= KEPT, "{line}, {data}");
    }

    #[test]
    fn what_is_too_long_is_refused_before_it_is_kept() {
        let mut reader = EventReader::default();
        let piece = [b'a'; 4096];
        let mut refused = None;
        for taken in (0..).step_by(piece.len()) {
            if reader.next_event(&mut &piece[..]).is_err() {
                refused = Some(taken);
                break;
            }
        }
        assert_eq!(refused, Some(LARGEST_EVENT));
        assert!(reader.line.capacity() <= 2 * LARGEST_EVENT);

        let lines = "data: aaaaaaaaaaaaaaaa\n".repeat(LARGEST_EVENT / 16);
        assert_eq!(events(&[lines.as_bytes()]), Err(TooLong));
    }
}
