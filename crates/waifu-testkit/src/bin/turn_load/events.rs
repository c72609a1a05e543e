//! Watches a reply go by: when its first word came, and when it was done.

use std::time::Instant;

/// What to look for in a reply. Each is a text that the event holds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Markers {
    /// Any of these is in the event that brings the first word.
    pub(crate) first: Vec<String>,
    /// Any of these is in the event that ends the turn for good.
    pub(crate) done: Vec<String>,
    /// The last event holds this as well, if the turn went as it should.
    pub(crate) went_well: Option<String>,
}

/// One reply, as it comes.
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    markers: &'a Markers,
    pub(crate) is_event_stream: bool,
    /// From the beginning of the event that is being read.
    unread: Vec<u8>,
    /// How much of that has been looked at, up to a line's beginning.
    looked_at: usize,
    pub(crate) first_word_at: Option<Instant>,
    pub(crate) done_at: Option<Instant>,
    /// The event, or the whole document, that ended the turn other than well.
    pub(crate) went_wrong: Option<String>,
}

impl<'a> Watch<'a> {
    /// A reply that is no event stream is one document: its first word comes with its last.
    pub(crate) fn new(markers: &'a Markers, is_event_stream: bool) -> Self {
        Self {
            markers,
            is_event_stream,
            unread: Vec::new(),
            looked_at: 0,
            first_word_at: None,
            done_at: None,
            went_wrong: None,
        }
    }

    pub(crate) fn receive(&mut self, piece: &[u8], now: Instant) {
        self.unread.extend_from_slice(piece);
        if !self.is_event_stream {
            return;
        }
        let mut event_start = 0;
        while let Some(length) = self.unread[self.looked_at..]
            .iter()
            .position(|&byte| byte == b'\n')
        {
            let line_start = self.looked_at;
            self.looked_at += length + 1;
            // An empty line ends an event; it may end in a carriage return as well.
            if length == 0 || (length == 1 && self.unread[line_start] == b'\r') {
                let event = std::mem::take(&mut self.unread);
                self.judge(&event[event_start..line_start], now);
                self.unread = event;
                event_start = self.looked_at;
            }
        }
        self.unread.drain(..event_start);
        self.looked_at -= event_start;
    }

    /// The response is at its end.
    pub(crate) fn end(&mut self, now: Instant) {
        if self.is_event_stream {
            return;
        }
        let document = std::mem::take(&mut self.unread);
        self.first_word_at = Some(now);
        self.done_at = Some(now);
        self.see_whether_it_went_well(&document);
    }

    fn judge(&mut self, event: &[u8], now: Instant) {
        if self.first_word_at.is_none() && holds_any(event, &self.markers.first) {
            self.first_word_at = Some(now);
        }
        if self.done_at.is_none() && holds_any(event, &self.markers.done) {
            self.done_at = Some(now);
            self.see_whether_it_went_well(event);
        }
    }

    fn see_whether_it_went_well(&mut self, last: &[u8]) {
        if let Some(marker) = &self.markers.went_well
            && !holds(last, marker)
        {
            self.went_wrong = Some(String::from_utf8_lossy(last).into_owned());
        }
    }
}

fn holds_any(event: &[u8], markers: &[String]) -> bool {
    markers.iter().any(|marker| holds(event, marker))
}

fn holds(event: &[u8], marker: &str) -> bool {
    std::str::from_utf8(event).is_ok_and(|text| text.contains(marker))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Markers, Watch};

    const REPLY: &str = ": a comment\n\nid: 0:1\nevent: turn.started\ndata: {}\n\n\
        event: turn.delta\ndata: {\"text\":\"Hello\"}\n\nevent: turn.delta\ndata: {}\n\n\
        id: 0:2\nevent: turn.done\ndata: {\"status\":\"completed\"}\n\n";

    fn markers() -> Markers {
        Markers {
            first: vec![
                "event: turn.delta".to_owned(),
                "event: turn.snapshot".to_owned(),
            ],
            done: vec!["event: turn.done".to_owned()],
            went_well: Some("\"status\":\"completed\"".to_owned()),
        }
    }

    /// Reads one byte after another, a millisecond each; the bytes after which the two were seen.
    fn seen(reply: &str) -> (Option<usize>, Option<usize>, bool) {
        let (markers, start) = (markers(), Instant::now());
        let mut watch = Watch::new(&markers, true);
        for (byte, millisecond) in reply.bytes().zip(1..) {
            watch.receive(&[byte], start + Duration::from_millis(millisecond));
        }
        let byte = |at: Instant| usize::try_from((at - start).as_millis()).unwrap();
        (
            watch.first_word_at.map(byte),
            watch.done_at.map(byte),
            watch.went_wrong.is_some(),
        )
    }

    #[test]
    fn the_first_word_and_the_end_are_seen_with_the_last_byte_of_their_events() {
        let after = |text: &str| REPLY.find(text).unwrap() + text.len();
        let first = after("{\"text\":\"Hello\"}\n\n");
        assert_eq!(seen(REPLY), (Some(first), Some(REPLY.len()), false));
        let (first, done, wrong) = seen(&REPLY.replace('\n', "\r\n"));
        assert!(first.is_some() && done.is_some() && !wrong);
    }

    #[test]
    fn a_stream_in_one_piece_is_seen_as_one_in_many() {
        let (markers, now) = (markers(), Instant::now());
        let mut watch = Watch::new(&markers, true);
        watch.receive(REPLY.as_bytes(), now);
        assert_eq!((watch.first_word_at, watch.done_at), (Some(now), Some(now)));
        assert!(watch.unread.is_empty());
    }

    #[test]
    fn a_turn_that_fails_is_told_from_one_that_goes_well() {
        assert!(seen(&REPLY.replace("completed", "failed")).2);
        let cut = REPLY.split_once("id: 0:2").unwrap().0;
        assert_eq!(seen(cut).1, None);
    }

    #[test]
    fn a_document_is_its_own_first_word() {
        let (markers, now) = (markers(), Instant::now());
        let mut watch = Watch::new(&markers, false);
        watch.receive(b"{\"status\":\"compl", now);
        watch.receive(b"eted\"}", now);
        assert_eq!(watch.first_word_at, None);
        let end = now + Duration::from_millis(5);
        watch.end(end);
        assert_eq!((watch.first_word_at, watch.done_at), (Some(end), Some(end)));
        assert_eq!(watch.went_wrong, None);
    }
}
