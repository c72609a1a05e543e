//! Server-sent events out of pieces of bytes, as far as a chat completion uses them: `data` alone, and never more
//! than [`LARGEST_EVENT`] of it.

/// The longest line, and the most data of one event: 1 MiB.
pub(super) const LARGEST_EVENT: usize = 1024 * 1024;

/// Takes pieces of a body one after another and gives the data of each event that they complete.
#[derive(Debug, Default)]
pub(super) struct EventReader {
    line: Vec<u8>,
    data: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event is longer than {LARGEST_EVENT} bytes")]
pub(super) struct TooLong;

impl EventReader {
    /// Eats `piece` up to the end of the first event that it completes. `None` when it is eaten up.
    pub(super) fn next_event(&mut self, piece: &mut &[u8]) -> Result<Option<Vec<u8>>, TooLong> {
        while let Some(end) = piece.iter().position(|byte| *byte == b'\n') {
            self.extend_line(&piece[..end])?;
            *piece = &piece[end + 1..];
            if let Some(event) = self.end_of_line()? {
                return Ok(Some(event));
            }
        }
        self.extend_line(piece)?;
        *piece = &[];
        Ok(None)
    }

    /// The data of whole lines that no empty line came after; some servers leave the last one out.
    pub(super) fn last_event(&mut self) -> Option<Vec<u8>> {
        (!self.data.is_empty()).then(|| std::mem::take(&mut self.data))
    }

    fn extend_line(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        if self.line.len() + bytes.len() > LARGEST_EVENT {
            return Err(TooLong);
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn end_of_line(&mut self) -> Result<Option<Vec<u8>>, TooLong> {
        let line = std::mem::take(&mut self.line);
        let line = line.strip_suffix(b"\r").unwrap_or(&line);
        if line.is_empty() {
            return Ok(self.last_event());
        }
        let data = if let Some(data) = line.strip_prefix(b"data:") {
            data.strip_prefix(b" ").unwrap_or(data)
        } else if line.starts_with(b"{") {
            // Some servers answer 200 and then an error as plain JSON.
            line
        } else {
            return Ok(None);
        };
        if self.data.len() + data.len() + 1 > LARGEST_EVENT {
            return Err(TooLong);
        }
        if !self.data.is_empty() {
            self.data.push(b'\n');
        }
        self.data.extend_from_slice(data);
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(pieces: &[&[u8]]) -> Result<Vec<String>, TooLong> {
        let mut reader = EventReader::default();
        let mut found = Vec::new();
        for piece in pieces {
            let mut piece = *piece;
            while let Some(event) = reader.next_event(&mut piece)? {
                found.push(event);
            }
        }
        found.extend(reader.last_event());
        let texts = found.into_iter().map(String::from_utf8);
        Ok(texts.map(Result::unwrap).collect())
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
