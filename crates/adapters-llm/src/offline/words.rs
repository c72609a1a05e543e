//! Other people's text, made fit to be said: tags as words, phrases on one line, and a word of the user's own.

use std::collections::BTreeSet;

use crate::lexicon::cues::STRONG_INSULTS;

const LONGEST_WORD: usize = 24;
const LONGEST_PHRASE: usize = 120;

/// Words that make a poor echo.
const DULL: &[&str] = &[
    "the", "and", "but", "you", "your", "yours", "are", "for", "with", "that", "this", "what",
    "when", "where", "why", "who", "how", "have", "has", "had", "was", "were", "will", "would",
    "could", "should", "can", "can't", "don't", "not", "from", "about", "just", "like", "really",
    "very", "then", "than", "there", "their", "they", "them", "some", "any", "all", "more", "most",
    "been", "being", "does", "did", "didn't", "doing", "into", "over", "too", "also", "i'm",
    "i've", "i'll", "you're", "it's", "its", "that's", "let's", "because", "which", "while",
    "well", "okay", "yes", "hello", "hey", "thanks", "thank", "please", "much", "many", "every",
    "still", "only", "even", "here", "know", "think", "going", "want", "got", "get", "say", "said",
    "tell", "told", "him", "her", "his", "she", "our", "myself", "yourself", "today", "now", "one",
    "make", "made", "went", "bought", "took", "came", "gave", "found", "felt", "left", "kept",
    "thought", "feel", "been", "fuck", "fucking", "shit", "damn", "hate",
];

/// The word of a message that is most worth coming back to. Only letters, digits and what stands inside of words.
pub(super) fn of_note(said: &str) -> Option<String> {
    let candidates = said
        .split_whitespace()
        .filter_map(plain_word)
        .filter(|word| {
            let small = word.to_lowercase().replace('’', "'");
            let length = word.chars().count();
            let is_dull =
                DULL.contains(&small.as_str()) || STRONG_INSULTS.contains(&small.as_str());
            (length >= 4 || !word.is_ascii()) && !is_dull
        });
    // The first of the longest.
    candidates
        .fold(None, |best: Option<&str>, word| match best {
            Some(best) if best.chars().count() >= word.chars().count() => Some(best),
            Some(_) | None => Some(word),
        })
        .map(str::to_owned)
}

/// Any harmless word at all.
pub(super) fn any(said: &str) -> Option<String> {
    said.split_whitespace()
        .find_map(plain_word)
        .map(str::to_owned)
}

/// A token that is a word and no more: no markup, no address, nothing that can't be seen.
fn plain_word(token: &str) -> Option<&str> {
    let word = token.trim_matches(|c: char| !c.is_alphanumeric());
    let outside_is_harmless = token
        .chars()
        .all(|c| !matches!(c, '<' | '>' | '`' | '@' | '/' | '\\' | '&'));
    let is_of_a_word = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’' | '-');
    let fits = (1..=LONGEST_WORD).contains(&word.chars().count());
    (outside_is_harmless && fits && word.chars().all(is_of_a_word)).then_some(word)
}

/// `rainy_days` is read as "rainy days".
pub(super) fn readable(tag: &str) -> String {
    tag.replace(['_', '-'], " ").trim().to_owned()
}

/// A phrase or a name as it stands, or nothing if it is long or holds what could be markup.
pub(super) fn plain_phrase(text: &str) -> Option<&str> {
    let text = text.trim();
    let is_harmless = |c: char| {
        !c.is_control()
            && !matches!(c, '<' | '>' | '`' | '{' | '}' | '\\')
            && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let fits = (1..=LONGEST_PHRASE).contains(&text.chars().count());
    (fits && text.chars().all(is_harmless)).then_some(text)
}

/// A thing's name where no sentence begins: "A jar of honey" is "a jar of honey". Any other first word may be a name,
/// and keeps its capital.
pub(super) fn inside_a_sentence(name: &str) -> Option<String> {
    let name = plain_phrase(name)?;
    let small = [("A ", "a "), ("An ", "an "), ("The ", "the ")]
        .into_iter()
        .find_map(|(article, small)| Some(format!("{small}{}", name.strip_prefix(article)?)));
    Some(small.unwrap_or_else(|| name.to_owned()))
}

/// A phrase as a sentence of its own.
pub(super) fn as_sentence(phrase: &str) -> String {
    if phrase.ends_with(|c: char| c.is_alphanumeric()) {
        format!("{phrase}.")
    } else {
        phrase.to_owned()
    }
}

/// The words of a text in small letters, to look tags up in.
pub(super) fn small_words(text: &str) -> BTreeSet<String> {
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_echo_is_one_harmless_word() {
        let noted = |said: &str| of_note(said).unwrap_or_default();
        assert_eq!(noted("I went to the mountains today!"), "mountains");
        assert_eq!(noted("see <script>alert</script> https://a.example/x"), "");
        assert_eq!(noted("my \u{202e}evil\u{202c} cat's whiskers"), "whiskers");
        assert_eq!(noted("you are stupid"), "");
        assert_eq!(noted("{like} {word}"), "word");
        assert_eq!(noted("東京"), "東京");
        assert_eq!(noted(&"a".repeat(8_000)), "");
    }

    #[test]
    fn phrases_stay_as_they_are_or_stay_out() {
        assert_eq!(plain_phrase(" my, my "), Some("my, my"));
        assert_eq!(plain_phrase("<b>hi</b>"), None);
        assert_eq!(plain_phrase("two\nlines"), None);
        assert_eq!(plain_phrase("{name}"), None);
        assert_eq!(as_sentence("My, my"), "My, my.");
        assert_eq!(as_sentence("Yay!"), "Yay!");
        assert_eq!(readable("rainy_days"), "rainy days");
    }

    #[test]
    fn inside_a_sentence_only_an_article_gets_small() {
        for (name, inside) in [
            ("A strawberry shortcake", Some("a strawberry shortcake")),
            ("An hour in a café", Some("an hour in a café")),
            (
                "The moss garden in the rain",
                Some("the moss garden in the rain"),
            ),
            ("Theodora's cake", Some("Theodora's cake")),
            ("Kyoto at dawn", Some("Kyoto at dawn")),
            ("A", Some("A")),
            ("A <b>bold</b> cake", None),
            ("A {like}", None),
        ] {
            assert_eq!(inside_a_sentence(name).as_deref(), inside);
        }
    }
}
