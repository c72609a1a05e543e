//! A request with holes: `{token}` and the like are filled with what belongs to whoever makes the request.

use std::collections::BTreeMap;

/// What one caller fills the holes with.
pub(crate) type Member = BTreeMap<String, String>;

/// The hole that is filled with a fresh UUID for each request.
const UUID: &str = "uuid";

#[derive(Debug)]
pub(crate) struct Template(Vec<Piece>);

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Hole(String),
}

impl Template {
    /// Braces that hold no name of `member`'s are text: bodies are JSON.
    pub(crate) fn new(text: &str, member: &Member) -> Self {
        let mut pieces = vec![Piece::Text(String::new())];
        let mut rest = text;
        while let Some(brace) = rest.find('{') {
            let (before, after) = rest.split_at(brace);
            push_text(&mut pieces, before);
            let name = after[1..].split('}').next().unwrap_or_default();
            if name == UUID || member.contains_key(name) {
                pieces.push(Piece::Hole(name.to_owned()));
                rest = &after[name.len() + 2..];
            } else {
                push_text(&mut pieces, "{");
                rest = &after[1..];
            }
        }
        push_text(&mut pieces, rest);
        Self(pieces)
    }

    pub(crate) fn fill(&self, out: &mut String, member: &Member, uuid: &str) {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Hole(name) if name == UUID => out.push_str(uuid),
                Piece::Hole(name) => out.push_str(member.get(name).map_or("", String::as_str)),
            }
        }
    }
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        Some(Piece::Text(last)) => last.push_str(text),
        Some(Piece::Hole(_)) | None => pieces.push(Piece::Text(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::{Member, Template};

    #[test]
    fn holes_are_filled_and_the_braces_of_json_are_left_alone() {
        let member = Member::from([("token".to_owned(), "secret".to_owned())]);
        let text = r#"{"a":{"b":"{token}"},"id":"{uuid}{token}","c":"{other}"}"#;
        let mut filled = String::new();
        Template::new(text, &member).fill(&mut filled, &member, "7");
        assert_eq!(
            filled,
            r#"{"a":{"b":"secret"},"id":"7secret","c":"{other}"}"#
        );
    }
}
