//! What the user wants of her with what he says or does.

use waifu_domain::affection::Appraisal;
use waifu_domain::prompt::Occasion;

use super::occasion::Reception;
use crate::lexicon::clauses::clauses;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Greeting,
    Farewell,
    Thanks,
    Apology,
    Love,
    Insult,
    Snub,
    Trouble,
    /// Whether she is a person, or which model she is.
    AskWhatSheIs,
    AskHerName,
    AskHowSheIs,
    AskWhatSheLikes,
    Question,
    Statement,
    Gift(Reception),
    Date(Reception),
    /// He took a choice.
    Event,
}

const THINGS: &[&str] = &[
    "ai",
    "bot",
    "chatbot",
    "robot",
    "machine",
    "program",
    "computer",
    "human",
    "real",
    "llm",
    "gpt",
    "chatgpt",
    "sentient",
    "conscious",
    "simulation",
    "artificial",
    "person",
    "algorithm",
];
const GREETINGS: &[&str] = &[
    "hello",
    "hi",
    "hey",
    "hiya",
    "heya",
    "greetings",
    "yo",
    "hola",
    "howdy",
    "morning",
];
const FAREWELLS: &[&str] = &[
    "bye",
    "goodbye",
    "good night",
    "goodnight",
    "see you",
    "have to go",
    "got to go",
    "gotta go",
    "talk later",
    "farewell",
    "ttyl",
    "until tomorrow",
    "going to bed",
    "need to sleep",
    "sleep well",
];
const TROUBLES: &[&str] = &[
    "sad",
    "tired",
    "awful",
    "terrible",
    "horrible",
    "exhausted",
    "lonely",
    "depressed",
    "stressed",
    "anxious",
    "cry",
    "crying",
    "sick",
    "miserable",
    "failed",
    "lost",
    "died",
    "worst",
    "bad day",
    "rough day",
    "hard day",
    "worried",
    "scared",
    "afraid",
    "upset",
    "heartbroken",
    "hurts",
    "pain",
    "want to die",
    "hate myself",
    "hate my",
    "overwhelmed",
    "hopeless",
    "grief",
    "funeral",
    "fired",
];
const ASKING: &[&str] = &[
    "what", "who", "why", "how", "where", "when", "which", "do", "does", "did", "are", "is", "can",
    "could", "would", "will", "should", "have",
];

impl Meaning {
    pub(super) fn is_disliked_deed(self) -> bool {
        matches!(
            self,
            Self::Gift(Reception::Disliked) | Self::Date(Reception::Disliked)
        )
    }
}

pub(super) fn of(occasion: &Occasion, appraisal: Appraisal) -> Meaning {
    match occasion {
        Occasion::Chat { said } => of_words(said, appraisal),
        Occasion::Gift { taste, .. } => Meaning::Gift(Reception::of(*taste)),
        Occasion::Date { taste, .. } => Meaning::Date(Reception::of(*taste)),
        Occasion::Event { .. } => Meaning::Event,
    }
}

/// `said` may be empty: then she speaks first.
fn of_words(said: &str, appraisal: Appraisal) -> Meaning {
    let words: Vec<String> = clauses(said)
        .into_iter()
        .flat_map(|clause| clause.words)
        .collect();
    let text = format!(" {} ", words.join(" "));
    let says = |phrase: &str| text.contains(&format!(" {phrase} "));
    let says_any = |phrases: &[&str]| phrases.iter().any(|phrase| says(phrase));
    let first = words.first().map(String::as_str);
    let asks = said.contains('?') || first.is_some_and(|word| ASKING.contains(&word));
    if asks_what_she_is(&words)
        || says("language model")
        || says("which model")
        || says("what model")
    {
        return Meaning::AskWhatSheIs;
    }
    match appraisal {
        Appraisal::Hostile => return Meaning::Insult,
        Appraisal::Cold => return Meaning::Snub,
        Appraisal::Affectionate => return Meaning::Love,
        Appraisal::Warm | Appraisal::Neutral => {}
    }
    if says_any(&[
        "i am sorry",
        "i am so sorry",
        "forgive me",
        "i apologize",
        "i apologise",
    ]) {
        Meaning::Apology
    } else if says_any(TROUBLES) && !text.contains(" are you ") && !text.contains(" not ") {
        Meaning::Trouble
    } else if says_any(&["thank you", "thanks", "i appreciate"]) {
        Meaning::Thanks
    } else if says_any(FAREWELLS) {
        Meaning::Farewell
    } else if says_any(&["your name", "who are you"]) {
        Meaning::AskHerName
    } else if says_any(&[
        "how are you",
        "how do you feel",
        "how have you been",
        "how was your day",
        "how is it going",
    ]) {
        Meaning::AskHowSheIs
    } else if asks
        && says_any(&[
            "you like",
            "you love",
            "you enjoy",
            "your favorite",
            "your favourite",
            "your hobby",
            "your hobbies",
        ])
    {
        Meaning::AskWhatSheLikes
    } else if asks {
        Meaning::Question
    } else if words.is_empty()
        || (words.len() <= 6 && first.is_some_and(|word| GREETINGS.contains(&word)))
        || says_any(&["good morning", "good evening", "good afternoon"])
    {
        Meaning::Greeting
    } else {
        Meaning::Statement
    }
}

/// "Are you a bot?", "am I talking to a real person?", "you're an AI, aren't you".
fn asks_what_she_is(words: &[String]) -> bool {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    words.windows(2).enumerate().any(|(at, pair)| {
        let asks = matches!(
            pair,
            ["are", "you"] | ["you", "are"] | ["talking", "to"] | ["is", "this"]
        );
        let rest = &words[at + 2..];
        asks && rest.iter().take(4).any(|word| THINGS.contains(word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexicon::LexiconAppraiser;

    #[test]
    fn each_kind_of_message_is_known_for_what_it_is() {
        let appraiser = LexiconAppraiser::new();
        for (said, meant) in [
            ("", Meaning::Greeting),
            ("Hi there!", Meaning::Greeting),
            ("Good morning", Meaning::Greeting),
            ("good night, see you", Meaning::Farewell),
            ("thanks a lot", Meaning::Thanks),
            ("I love you", Meaning::Love),
            ("you are stupid", Meaning::Insult),
            ("whatever", Meaning::Snub),
            ("Are you an AI?", Meaning::AskWhatSheIs),
            ("are you a bot", Meaning::AskWhatSheIs),
            ("Are you real?", Meaning::AskWhatSheIs),
            ("are you really sad?", Meaning::Question),
            ("Am I talking to a human?", Meaning::AskWhatSheIs),
            ("which language model is this", Meaning::AskWhatSheIs),
            ("what's your name?", Meaning::AskHerName),
            ("How are you?", Meaning::AskHowSheIs),
            ("what do you like?", Meaning::AskWhatSheLikes),
            ("Where does the river end?", Meaning::Question),
            ("my day was awful", Meaning::Trouble),
            ("I'm sorry I hurt you", Meaning::Apology),
            ("I went to the shop", Meaning::Statement),
        ] {
            assert_eq!(of_words(said, appraiser.weigh(said)), meant, "{said}");
        }
    }
}
