//! What the `{…}` of a line stand for in this reply.

/// Other people's text comes here made fit to be said.
#[derive(Debug)]
pub(super) struct Slots<'a> {
    /// The user's word, if he said one worth coming back to.
    pub(super) word: Option<String>,
    pub(super) like: Option<String>,
    pub(super) dislike: Option<String>,
    /// What he gives, or where he takes her.
    pub(super) thing: Option<String>,
    /// The event's.
    pub(super) title: Option<&'a str>,
    pub(super) name: &'a str,
    pub(super) me: &'a str,
}

impl Slots<'_> {
    pub(super) fn can_fill(&self, line: &str) -> bool {
        let mut slots = line.split('{').skip(1).map(|part| part.split('}').next());
        slots.all(|slot| slot.and_then(|slot| self.get(slot)).is_some())
    }

    /// A line that can be filled, with capitals where sentences begin.
    pub(super) fn fill(&self, line: &str) -> String {
        // One pass, so that nothing that is filled in can hold a slot.
        let mut text = String::with_capacity(line.len() + 32);
        let mut rest = line;
        while let Some((before, after)) = rest.split_once('{') {
            let (slot, after) = after.split_once('}').unwrap_or((after, ""));
            text.push_str(before);
            let filled = self.get(slot).unwrap_or_default();
            let begins = ["? ", "! ", ". ", "~ ", " …"]
                .iter()
                .any(|end| text.ends_with(end));
            if text.is_empty() || begins {
                text.push_str(&capitalized(filled));
            } else {
                text.push_str(filled);
            }
            rest = after;
        }
        text.push_str(rest);
        text
    }

    fn get(&self, slot: &str) -> Option<&str> {
        match slot {
            "word" => self.word.as_deref(),
            "like" => self.like.as_deref(),
            "dislike" => self.dislike.as_deref(),
            "thing" => self.thing.as_deref(),
            "title" => self.title,
            "name" => Some(self.name),
            "me" => Some(self.me),
            _ => None,
        }
    }
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next();
    let first = first.into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots() -> Slots<'static> {
        Slots {
            word: None,
            like: Some("{word}".to_owned()),
            dislike: None,
            thing: Some("a jar of honey".to_owned()),
            title: Some("The shelf"),
            name: "ada",
            me: "Hana",
        }
    }

    #[test]
    fn what_begins_a_sentence_has_a_capital() {
        let filled = |line: &str| slots().fill(line);
        assert_eq!(filled("{thing}!"), "A jar of honey!");
        assert_eq!(filled("For me? {thing}…"), "For me? A jar of honey…");
        assert_eq!(filled("Hm! …{thing}."), "Hm! …A jar of honey.");
        assert_eq!(filled("Oh… {thing}."), "Oh… a jar of honey.");
        assert_eq!(filled("Look: {thing}!"), "Look: a jar of honey!");
        assert_eq!(filled("So, {name}, “{title}”."), "So, ada, “The shelf”.");
    }

    #[test]
    fn only_what_is_known_can_be_filled_and_nothing_is_filled_twice() {
        assert!(slots().can_fill("no slot at all"));
        assert!(slots().can_fill("{thing} for {me}, {name}"));
        assert!(!slots().can_fill("{thing} and {word}"));
        assert!(!slots().can_fill("{unheard_of}"));
        assert_eq!(slots().fill("I like {like}"), "I like {word}");
    }
}
