//! What her words show of how she feels, told by words and rules, without a model.
//!
//! Each cue that is not denied counts for its emotion, VADER's compound (see [`crate::lexicon`]) for good or bad cheer,
//! and the emotion with the most points is shown, if it has enough of them. English alone; all else is neutral, but for
//! hearts and marks.

mod cues;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use waifu_app::ports::expressions::Expressions;
use waifu_domain::turn::Emotion;

use crate::lexicon::VADER;
use cues::{CUES, DENIALS, MARKS};

/// No more than the beginning of a long reply is looked at: she shows what she feels at once.
const LOOKED_AT: usize = 2_000;
/// One cue is enough, and faint cheer alone is not.
const ENOUGH: u32 = 2;
const OF_A_CUE: u32 = 2;
/// A denial reaches so many words ahead.
const REACH: usize = 2;
const CHEER: f64 = 0.3;
const HIGH_CHEER: f64 = 0.65;

/// By cues and a lexicon.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadExpressions;

#[async_trait]
impl Expressions for ReadExpressions {
    async fn read(&self, words: &str) -> Emotion {
        emotion(beginning(words))
    }
}

/// The same words always show the same.
fn emotion(words: &str) -> Emotion {
    let text = words.to_lowercase().replace('\u{2019}', "'");
    let mut best = (ENOUGH - 1, Emotion::Neutral);
    // In the order of what is noticed first.
    for (emotion, cues) in CUES {
        let mut points = 0;
        for cue in *cues {
            points += OF_A_CUE * u32::from(has(&text, cue));
        }
        for (of, marks) in MARKS {
            let is_marked = *of == *emotion && marks.iter().any(|mark| text.contains(mark));
            points += OF_A_CUE * u32::from(is_marked);
        }
        points += by_cheer(*emotion, &text);
        if points > best.0 {
            best = (points, *emotion);
        }
    }
    best.1
}

fn by_cheer(emotion: Emotion, text: &str) -> u32 {
    let compound = || VADER.polarity_scores(text).compound;
    match emotion {
        Emotion::Happy => {
            let compound = compound();
            u32::from(compound >= CHEER) + u32::from(compound >= HIGH_CHEER)
        }
        Emotion::Sad => {
            let compound = compound();
            u32::from(compound <= -CHEER) + u32::from(compound <= -HIGH_CHEER)
        }
        Emotion::Neutral | Emotion::Angry | Emotion::Surprised | Emotion::Shy | Emotion::Loving => {
            0
        }
    }
}

/// Whether a cue stands at the start of a word, and is not denied.
fn has(text: &str, cue: &str) -> bool {
    text.match_indices(cue).any(|(at, _)| {
        let before = &text[..at];
        let starts_a_word = !before.ends_with(char::is_alphanumeric);
        let mut last = before.split_whitespace().rev().take(REACH);
        let is_denied = last.any(|word| {
            DENIALS.contains(&word.trim_matches(|c: char| !c.is_alphanumeric() && c != '\''))
        });
        starts_a_word && !is_denied
    })
}

fn beginning(words: &str) -> &str {
    let mut end = LOOKED_AT.min(words.len());
    while !words.is_char_boundary(end) {
        end -= 1;
    }
    &words[..end]
}
