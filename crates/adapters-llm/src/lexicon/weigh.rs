//! The rules: each clause is weighed for itself, and the message is what its clauses come to.

use vader_parity::SentimentIntensityAnalyzer;
use waifu_domain::affection::Appraisal;

use super::clauses::{Clause, clauses};
use super::cues::{
    ADORED, AFFECTIONATE_PHRASES, BEING, BETWEEN, CALLED_OUT, CALLING, COLD_ALONE, COLD_PHRASES,
    COLD_TRAITS, ENDEARMENTS, FELT, HEARTS, HOSTILE_PHRASES, HOSTILE_VERBS, INSULTS, INTENTIONS,
    NEGATIONS, NO_THANKS, PARTS_OF_HER, SEEMING, STRONG_INSULTS, THREATS, TIMES_OF_DAY, TURNS,
    WARM_PHRASES, WEAK,
};

/// From here on VADER's compound is good cheer: one clearly kind word, such as "nice".
const CHEER: f64 = 0.42;
/// From here down it is a reproach, if it is said of her.
const REPROACH: f64 = -0.3;
/// A negation reaches so many words ahead.
const REACH: usize = 4;

pub(super) fn message(text: &str, vader: &SentimentIntensityAnalyzer) -> Appraisal {
    let mut weighed = [false; Appraisal::ALL.len()];
    for clause in clauses(text) {
        weighed[self::clause(&clause, vader) as usize] = true;
    }
    let has = |appraisal: Appraisal| weighed[appraisal as usize];
    // Kind words don't undo unkind ones in the same breath.
    if has(Appraisal::Hostile) {
        Appraisal::Hostile
    } else if has(Appraisal::Affectionate) && has(Appraisal::Cold) {
        Appraisal::Neutral
    } else if has(Appraisal::Cold) {
        Appraisal::Cold
    } else if has(Appraisal::Affectionate) {
        Appraisal::Affectionate
    } else if has(Appraisal::Warm) {
        Appraisal::Warm
    } else {
        Appraisal::Neutral
    }
}

fn clause(clause: &Clause, vader: &SentimentIntensityAnalyzer) -> Appraisal {
    let words: Vec<&str> = clause.words.iter().map(String::as_str).collect();
    if clause.is_reported {
        return Appraisal::Neutral;
    }
    let said = Said {
        words: &words,
        is_question: clause.is_question,
    };
    said.hostile()
        .or_else(|| said.cold())
        .or_else(|| said.affectionate())
        .or_else(|| said.unkindness_denied())
        .or_else(|| said.warm())
        .unwrap_or_else(|| said.by_sentiment(vader))
}

/// How something is said of her.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Is,
    Seems,
}

struct Said<'a> {
    words: &'a [&'a str],
    is_question: bool,
}

impl Said<'_> {
    fn hostile(&self) -> Option<Appraisal> {
        let phrase = HOSTILE_PHRASES
            .iter()
            .any(|phrase| self.says_unnegated(phrase));
        let verb = self
            .objects()
            .any(|at| HOSTILE_VERBS.contains(&self.words[at - 1]) && !self.is_negated(at - 1));
        let threat = self.objects().any(|at| {
            THREATS.contains(&self.words[at - 1])
                && !self.is_negated(at - 1)
                && self.words[..at].contains(&"i")
                && self
                    .before(at - 1)
                    .iter()
                    .any(|word| INTENTIONS.contains(word))
        });
        let insulted = self.said_of_her().into_iter().any(|(at, how)| {
            let word = &self.words[at];
            let insults =
                STRONG_INSULTS.contains(word) || (how == How::Is && INSULTS.contains(word));
            insults && !self.is_negated(at)
        });
        let called_out = self.words.iter().any(|word| CALLED_OUT.contains(word))
            && self
                .words
                .iter()
                .all(|word| CALLED_OUT.contains(word) || CALLING.contains(word));
        (phrase || verb || threat || insulted || called_out).then_some(Appraisal::Hostile)
    }

    fn cold(&self) -> Option<Appraisal> {
        let phrase = COLD_PHRASES.iter().any(|phrase| self.says(phrase));
        let alone = COLD_ALONE.iter().any(|phrase| self.is_just(phrase));
        let asks = self.is_question && self.words.starts_with(&["are", "you"]);
        let trait_of_hers = !asks
            && self
                .said_of_her()
                .into_iter()
                .any(|(at, _)| COLD_TRAITS.contains(&self.words[at]) && !self.is_negated(at));
        let love_denied = !self.is_question
            && AFFECTIONATE_PHRASES.iter().any(|phrase| {
                self.find(phrase)
                    .any(|at| self.is_negated(at) && !self.is_more_than_words_say(at))
            });
        let praise_denied = !self.is_question
            && self
                .said_of_her()
                .into_iter()
                .any(|(at, _)| self.is_adored(at) && self.is_negated(at));
        (phrase || alone || trait_of_hers || love_denied || praise_denied)
            .then_some(Appraisal::Cold)
    }

    fn affectionate(&self) -> Option<Appraisal> {
        let asks_her = self.is_question && !self.words.starts_with(&["will", "you", "marry"]);
        let asks_in_praise = self.words.starts_with(&["are", "not"])
            || self.words.starts_with(&["why", "are", "you", "so"])
            || self.words.starts_with(&["how", "are", "you", "so"]);
        let phrase = (!asks_her || self.words.first() == Some(&"i"))
            && AFFECTIONATE_PHRASES.iter().any(|phrase| {
                self.find(phrase)
                    .any(|at| !self.is_negated(at) || self.is_more_than_words_say(at))
            });
        let praised = (!asks_her || asks_in_praise)
            && self
                .said_of_her()
                .into_iter()
                .any(|(at, _)| self.is_adored(at) && (asks_in_praise || !self.is_negated(at)));
        let endeared = self.words.len() <= 5
            && !self
                .words
                .iter()
                .any(|word| matches!(*word, "is" | "was" | "he" | "she" | "it"))
            && ENDEARMENTS.iter().any(|name| {
                self.find(name).any(|at| {
                    at + name.split(' ').count() == self.words.len() && !self.is_negated(at)
                })
            });
        let hearts = self.words.iter().any(|word| HEARTS.contains(word))
            && self.words.iter().all(|word| {
                HEARTS.contains(word)
                    || TIMES_OF_DAY.contains(word)
                    || WEAK.contains(word)
                    || *word == "good"
            });
        (phrase || praised || endeared || hearts).then_some(Appraisal::Affectionate)
    }

    /// "I don't hate you": not unkind, and not yet kind.
    fn unkindness_denied(&self) -> Option<Appraisal> {
        let verb = self
            .objects()
            .any(|at| HOSTILE_VERBS.contains(&self.words[at - 1]));
        let insult = self
            .said_of_her()
            .into_iter()
            .any(|(at, _)| STRONG_INSULTS.contains(&self.words[at]));
        (verb || insult).then_some(Appraisal::Neutral)
    }

    fn warm(&self) -> Option<Appraisal> {
        let thanks_no = NO_THANKS.iter().any(|phrase| self.says(phrase));
        let phrase = !self.is_question
            && WARM_PHRASES
                .iter()
                .any(|phrase| self.says_unnegated(phrase));
        let heart = self.words.iter().any(|word| HEARTS.contains(word));
        if thanks_no {
            Some(Appraisal::Neutral)
        } else {
            (phrase || heart).then_some(Appraisal::Warm)
        }
    }

    /// No rule has spoken. Cheer is warm whoever it is about; gloom counts only if it is about her.
    fn by_sentiment(&self, vader: &SentimentIntensityAnalyzer) -> Appraisal {
        if self.is_question {
            return Appraisal::Neutral;
        }
        let mut telling = Vec::with_capacity(self.words.len());
        for (at, word) in self.words.iter().enumerate() {
            let next = self.words.get(at + 1).copied().unwrap_or_default();
            let greets = *word == "good" && TIMES_OF_DAY.contains(&next);
            if !greets && !WEAK.contains(word) {
                telling.push(*word);
            }
        }
        let compound = vader.polarity_scores(&telling.join(" ")).compound;
        let of_her = !self.said_of_her().is_empty();
        let names_a_feeling = self.words.iter().any(|word| FELT.contains(word));
        if compound >= CHEER {
            Appraisal::Warm
        } else if compound <= REPROACH && of_her && !names_a_feeling {
            Appraisal::Cold
        } else {
            Appraisal::Neutral
        }
    }

    /// Places of "you" and "your" with a word before them.
    fn objects(&self) -> impl Iterator<Item = usize> {
        let places = self.words.iter().enumerate().skip(1);
        places.filter_map(|(at, word)| matches!(*word, "you" | "your").then_some(at))
    }

    /// Places of the words that "you are …", "you look …", "you …" and "your … is …" say of her.
    fn said_of_her(&self) -> Vec<(usize, How)> {
        let mut found = Vec::new();
        for (at, word) in self.words.iter().enumerate() {
            match *word {
                "you" => self.said_after_you(at + 1, &mut found),
                "your" => self.said_after_your(at + 1, &mut found),
                _ => {}
            }
        }
        found
    }

    fn said_after_you(&self, from: usize, found: &mut Vec<(usize, How)>) {
        let asked = from >= 2 && matches!(self.words[from - 2], "are" | "were" | "not");
        let rest = &self.words[from..];
        let skipped = rest
            .iter()
            .take_while(|word| BETWEEN.contains(word))
            .count();
        let verb = rest.get(skipped).copied().unwrap_or_default();
        let has_been = rest[..skipped].contains(&"have");
        if SEEMING.contains(&verb) {
            self.predicate(from + skipped + 1, How::Seems, found);
        } else if BEING.contains(&verb) {
            self.predicate(from + skipped + 1, How::Is, found);
        } else if asked || has_been {
            self.predicate(from + skipped, How::Is, found);
        } else {
            // "You idiot", "you stupid little thing".
            let called = rest
                .iter()
                .enumerate()
                .take_while(|(_, word)| STRONG_INSULTS.contains(word) || CALLING.contains(word));
            found.extend(called.map(|(nth, _)| (from + nth, How::Is)));
        }
    }

    fn said_after_your(&self, from: usize, found: &mut Vec<(usize, How)>) {
        let rest = &self.words[from..];
        if rest.get(1).is_some_and(|word| PARTS_OF_HER.contains(word)) {
            found.push((from, How::Seems));
        }
        let is = |word: &str| matches!(word, "is" | "are" | "looks" | "look" | "sounds");
        if let Some(verb) = rest.iter().take(REACH).position(|word| is(word)) {
            self.predicate(from + verb + 1, How::Seems, found);
        }
    }

    /// The words from there on, until the clause turns to something else: "you are making a …".
    fn predicate(&self, from: usize, how: How, found: &mut Vec<(usize, How)>) {
        let goes_on = |word: &str| {
            let is_known = [INSULTS, STRONG_INSULTS, COLD_TRAITS, ADORED]
                .iter()
                .any(|list| list.contains(&word));
            let does = word.ends_with("ing") && !is_known && word != "fucking";
            !TURNS.contains(&word) && !does
        };
        let words = self.words.iter().enumerate().skip(from).take(2 * REACH);
        let said = words.take_while(|(_, word)| goes_on(word));
        found.extend(said.map(|(at, _)| (at, how)));
    }

    /// "Pretty" is often no more than "rather", and only "the best" is praise.
    fn is_adored(&self, at: usize) -> bool {
        let next = self.words.get(at + 1).copied();
        match self.words[at] {
            "pretty" => next.is_none_or(|next| {
                matches!(next, "today" | "tonight" | "girl" | "woman" | "lady")
                    || TURNS.contains(&next)
                    || PARTS_OF_HER.contains(&next)
            }),
            "best" => at > 0 && self.words[at - 1] == "the",
            word => ADORED.contains(&word),
        }
    }

    fn find(&self, phrase: &str) -> impl Iterator<Item = usize> {
        let wanted: Vec<&str> = phrase.split(' ').collect();
        let places = 0..(self.words.len() + 1).saturating_sub(wanted.len());
        places.filter(move |at| self.words[*at..].starts_with(&wanted))
    }

    fn says(&self, phrase: &str) -> bool {
        self.find(phrase).next().is_some()
    }

    fn says_unnegated(&self, phrase: &str) -> bool {
        self.find(phrase).any(|at| !self.is_negated(at))
    }

    /// The clause is the phrase, give or take a filler.
    fn is_just(&self, phrase: &str) -> bool {
        let fillers = [
            "oh", "well", "ugh", "yeah", "ok", "okay", "just", "man", "then", "lol", "really",
        ];
        let bare = self.words.iter().filter(|word| !fillers.contains(word));
        bare.copied().eq(phrase.split(' '))
    }

    fn before(&self, at: usize) -> &[&str] {
        &self.words[at.saturating_sub(REACH)..at]
    }

    fn is_negated(&self, at: usize) -> bool {
        let before = self.before(at);
        before.iter().enumerate().any(|(nth, word)| {
            let next = before.get(nth + 1).copied().unwrap_or_default();
            NEGATIONS.contains(word) && !matches!(next, "only" | "just" | "stop")
        })
    }

    /// "I couldn't love you more", "I can't live without you".
    fn is_more_than_words_say(&self, at: usize) -> bool {
        self.words[at..]
            .iter()
            .take(REACH)
            .any(|word| matches!(*word, "more" | "without"))
            && self
                .before(at)
                .iter()
                .any(|word| matches!(*word, "can" | "could"))
    }
}
