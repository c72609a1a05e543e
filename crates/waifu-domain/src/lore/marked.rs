//! Text made ready for looking for keys: without case, with every run of white space as one space, and with a mark
//! wherever a word begins or ends, so that looking for a whole word is looking for a string.

/// Stands at the edge of a word. No message holds it, and text that does loses it.
const MARK: char = '\0';

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Sensitive,
    Folded,
}

/// A whole text, or a key that words shall match as whole words.
pub(super) fn whole(text: &str, case: Case) -> String {
    let mut marked = Marked::new(text.len(), Some(false));
    marked.push(text, case);
    marked.finish()
}

/// A piece out of any text: it is found in [`whole`] of every text that holds it.
pub(super) fn piece(text: &str, case: Case) -> String {
    let mut marked = Marked::new(text.len(), None);
    marked.push(text, case);
    marked.out
}

/// As letters are compared that differ in case alone. A letter is folded by itself, whatever stands around it.
pub(super) fn folded(c: char) -> impl Iterator<Item = char> {
    c.to_lowercase().map(|c| match c {
        'ς' => 'σ',
        'ſ' => 's',
        c => c,
    })
}

struct Marked {
    out: String,
    /// Whether the last character was one of a word; `None` where nobody knows what stood before.
    in_word: Option<bool>,
    after_space: bool,
}

impl Marked {
    fn new(length: usize, in_word: Option<bool>) -> Self {
        Self {
            // Marks are about as many as spaces are, twice.
            out: String::with_capacity(length + length / 2),
            in_word,
            after_space: false,
        }
    }

    fn push(&mut self, text: &str, case: Case) {
        for c in text.chars() {
            match case {
                Case::Sensitive => self.push_char(c),
                Case::Folded => folded(c).for_each(|c| self.push_char(c)),
            }
        }
    }

    fn push_char(&mut self, c: char) {
        if c == MARK {
            return;
        }
        let is_space = c.is_whitespace();
        if is_space && self.after_space {
            return;
        }
        self.after_space = is_space;
        let is_word = is_of_a_word(c);
        if self.in_word.is_some_and(|in_word| in_word != is_word) {
            self.out.push(MARK);
        }
        self.in_word = Some(is_word);
        self.out.push(if is_space { ' ' } else { c });
    }

    fn finish(mut self) -> String {
        if self.in_word == Some(true) {
            self.out.push(MARK);
        }
        self.out
    }
}

/// Whether words of the script of `c` stand apart, and it is a character of such words.
fn is_of_a_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    let is_accent = ('\u{300}'..='\u{36f}').contains(&c);
    is_accent || (c.is_alphanumeric() && !runs_on(c))
}

/// Scripts that write words without spaces, or particles close up to words as Korean does.
fn runs_on(c: char) -> bool {
    matches!(
        c,
        // Thai, Lao, Tibetan, Myanmar, Hangul letters, Khmer.
        '\u{0e00}'..='\u{0fff}' | '\u{1000}'..='\u{109f}' | '\u{1100}'..='\u{11ff}' | '\u{1780}'..='\u{17ff}'
        // Han, kana, bopomofo, Yi, more Hangul and Myanmar, halfwidth forms.
        | '\u{2e80}'..='\u{a4cf}' | '\u{a960}'..='\u{a97f}' | '\u{aa60}'..='\u{aa7f}' | '\u{ac00}'..='\u{d7ff}'
        | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ffdc}' | '\u{1b000}'..='\u{1b16f}' | '\u{20000}'..='\u{3ffff}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn finds(key: &str, text: &str) -> bool {
        whole(text, Case::Folded).contains(&whole(key, Case::Folded))
    }

    #[test]
    fn words_are_found_as_whole_words_and_other_scripts_anywhere() {
        for (key, text) in [
            ("cat", "The CAT's here"),
            ("red dragon", "a Red\n  dragon!"),
            ("Ärger", "ärger"),
            ("ΟΔΟΣ", "οδος"),
            ("дракон", "Дракон, да"),
            ("猫", "黒猫が"),
            ("용", "용이 온다"),
            ("แมว", "เห็นแมวดำ"),
            ("cat", "猫cat猫"),
            ("c++", "about C++ and"),
            ("@bob", "hi@bob"),
        ] {
            assert!(finds(key, text), "{key:?} in {text:?}");
        }
        for (key, text) in [
            ("cat", "concatenate cats"),
            ("caf", "café"),
            ("cafe", "cafe\u{301}"),
            ("red dragon", "red dragons"),
            ("дракон", "драконы"),
            ("cat猫", "tomcat猫"),
            ("@bob", "@bobby"),
            ("猫", "犬"),
        ] {
            assert!(!finds(key, text), "{key:?} in {text:?}");
        }
    }

    #[test]
    fn case_counts_where_it_shall() {
        assert_ne!(
            whole("Rose", Case::Sensitive),
            whole("rose", Case::Sensitive)
        );
        assert_eq!(whole("Rose", Case::Folded), whole("rOSE", Case::Folded));
    }

    proptest! {
        #[test]
        fn a_piece_is_found_in_each_text_that_holds_it(
            before in "(?s)[a \n猫é\\-\u{0}.]{0,6}",
            held in "(?s).{0,6}|[aK\u{212a}sſİΣ \t猫\u{0}\\-]{0,6}",
            after in "(?s)[a \n猫é\\-\u{0}.]{0,6}",
        ) {
            let text = format!("{before}{held}{after}");
            for case in [Case::Sensitive, Case::Folded] {
                prop_assert!(whole(&text, case).contains(&piece(&held, case)));
            }
        }
    }
}
