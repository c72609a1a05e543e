//! From a message to clauses of plain words: small letters, contractions written out, one spelling of "you".

/// What stands between two marks of punctuation or conjunctions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clause {
    pub(crate) words: Vec<String>,
    /// Its sentence ends with a question mark.
    pub(crate) is_question: bool,
    /// Its sentence tells what somebody else said.
    pub(crate) is_reported: bool,
}

/// In words. Nobody means one that is longer, and the rules look at some words more than once.
const LONGEST: usize = 64;
const ASKING: &[&str] = &[
    "are", "do", "does", "did", "is", "am", "was", "were", "can", "could", "will", "would", "have",
    "has", "should", "what", "who", "why", "how", "where", "when", "which",
];
const CONJUNCTIONS: &[&str] = &["but", "and", "because", "though", "although", "cuz", "yet"];
const REPORTS: &[&str] = &[
    "said", "says", "told", "called", "yelled", "screamed", "shouted", "texted", "wrote", "goes",
];

pub(crate) fn clauses(text: &str) -> Vec<Clause> {
    let mut clauses = Vec::new();
    for (sentence, is_question) in sentences(text) {
        let parts: Vec<Vec<String>> = sentence
            .split([',', ';', ':', '(', ')', '—', '–'])
            .map(words)
            .collect();
        let is_reported = parts.iter().any(|words| reports(words));
        let last = parts.len() - 1;
        for (nth, part) in parts.iter().enumerate() {
            let pieces = part.split(|word| CONJUNCTIONS.contains(&word.as_str()));
            for words in pieces.flat_map(|words| words.chunks(LONGEST)) {
                let asks = nth == last || ASKING.contains(&words[0].as_str());
                clauses.push(Clause {
                    words: words.to_vec(),
                    is_question: is_question && asks,
                    is_reported,
                });
            }
        }
    }
    clauses
}

/// Each sentence, and whether it asks.
fn sentences(text: &str) -> impl Iterator<Item = (&str, bool)> {
    text.split_inclusive(['.', '!', '?', '…', '\n'])
        .scan("", |_, piece| {
            let ends = |c: char| matches!(c, '.' | '!' | '?' | '…' | '\n');
            Some((piece.trim_end_matches(ends), piece.ends_with('?')))
        })
}

/// "My boss said …", but neither "I said …" nor "you said …".
fn reports(words: &[String]) -> bool {
    words.iter().enumerate().any(|(at, word)| {
        let somebody = at.checked_sub(1).map(|before| words[before].as_str());
        REPORTS.contains(&word.as_str())
            && !matches!(somebody, None | Some("i" | "you" | "have" | "just" | "not"))
    })
}

fn words(part: &str) -> Vec<String> {
    let mut words = Vec::new();
    for token in part.split_whitespace() {
        if token.starts_with("<3") {
            words.push("<3".to_owned());
            continue;
        }
        let mut word = String::new();
        for c in token.chars() {
            match c {
                '\'' | '’' | '‘' | '`' => word.push('\''),
                '-' if !word.is_empty() => word.push('-'),
                _ if c.is_alphanumeric() => word.extend(c.to_lowercase()),
                // Skin tones and variants of an emoji say nothing.
                '\u{fe0f}' | '\u{200d}' | '\u{1f3fb}'..='\u{1f3ff}' => {}
                _ if c.is_ascii() => write_out(&mut word, &mut words),
                // Emoji are words of their own.
                _ => {
                    write_out(&mut word, &mut words);
                    let emoji = c.to_string();
                    if words.last() != Some(&emoji) {
                        words.push(emoji);
                    }
                }
            }
        }
        write_out(&mut word, &mut words);
    }
    words
}

/// Moves a word over in its long form.
fn write_out(word: &mut String, words: &mut Vec<String>) {
    let taken = std::mem::take(word);
    let plain = taken.trim_matches(['\'', '-']);
    if plain.is_empty() {
        return;
    }
    let long = long_form(plain);
    if long.is_empty() {
        words.extend(by_suffix(plain));
    } else {
        words.extend(long.iter().map(|word| (*word).to_owned()));
    }
}

fn long_form(word: &str) -> &'static [&'static str] {
    match word {
        "u" | "ya" | "yu" | "thee" => &["you"],
        "ur" => &["your"],
        "youre" => &["you", "are"],
        "im" => &["i", "am"],
        "ill" | "i'll" => &["i", "will"],
        "ive" => &["i", "have"],
        "id" => &["i", "would"],
        "dont" => &["do", "not"],
        "doesnt" => &["does", "not"],
        "didnt" => &["did", "not"],
        "cant" | "can't" | "cannot" => &["can", "not"],
        "wont" | "won't" => &["will", "not"],
        "isnt" | "aint" | "ain't" => &["is", "not"],
        "arent" => &["are", "not"],
        "couldnt" => &["could", "not"],
        "wouldnt" => &["would", "not"],
        "thats" => &["that", "is"],
        "its" => &["it", "is"],
        "gonna" => &["going", "to"],
        "wanna" => &["want", "to"],
        "luv" | "wuv" => &["love"],
        "h8" => &["hate"],
        "ily" => &["i", "love", "you"],
        "ty" | "thx" | "thnx" | "tysm" => &["thanks"],
        "stfu" => &["shut", "up"],
        "kys" => &["kill", "yourself"],
        _ => &[],
    }
}

fn by_suffix(word: &str) -> Vec<String> {
    let (stem, rest) = if let Some(stem) = word.strip_suffix("n't") {
        (stem, "not")
    } else if let Some(stem) = word.strip_suffix("'re") {
        (stem, "are")
    } else if let Some(stem) = word.strip_suffix("'m") {
        (stem, "am")
    } else if let Some(stem) = word.strip_suffix("'ll") {
        (stem, "will")
    } else if let Some(stem) = word.strip_suffix("'ve") {
        (stem, "have")
    } else if let Some(stem) = word.strip_suffix("'d") {
        (stem, "would")
    } else if let Some(stem) = word.strip_suffix("'s") {
        (stem, "is")
    } else {
        return vec![word.to_owned()];
    };
    let stem = if stem == "u" { "you" } else { stem };
    vec![stem.to_owned(), rest.to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        clauses(text)
            .into_iter()
            .map(|clause| clause.words.join(" "))
            .collect()
    }

    #[test]
    fn contractions_and_short_hands_are_written_out() {
        assert_eq!(said("You’re kind"), ["you are kind"]);
        assert_eq!(said("I don't h8 u"), ["i do not hate you"]);
        assert_eq!(said("*hugs you*"), ["hugs you"]);
        assert_eq!(said("hello❤️"), ["hello ❤"]);
    }

    #[test]
    fn clauses_end_at_punctuation_and_conjunctions() {
        assert_eq!(
            said("I love you, but my day was awful! Why?"),
            ["i love you", "my day was awful", "why"]
        );
        let all = clauses("Fine. How are you?");
        assert_eq!(
            all.iter()
                .map(|clause| clause.is_question)
                .collect::<Vec<_>>(),
            [false, true]
        );
    }

    #[test]
    fn what_others_said_is_marked() {
        assert!(clauses("my boss said: you are useless")[1].is_reported);
        assert!(!clauses("I said you are useless")[0].is_reported);
    }
}
