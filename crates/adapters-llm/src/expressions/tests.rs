use waifu_domain::turn::Emotion;

use super::{LOOKED_AT, beginning, emotion};

#[test]
fn words_show_what_they_say() {
    for (expected, words) in [
        (
            Emotion::Happy,
            "I'm so happy that you came! Today was wonderful.",
        ),
        (Emotion::Happy, "Haha, you should have seen the cat's face."),
        (Emotion::Happy, "Good morning :) What shall we do?"),
        (
            Emotion::Sad,
            "I waited the whole evening. It hurts, a little.",
        ),
        (
            Emotion::Sad,
            "She sighs. \u{201c}I had hoped that you would remember.\u{201d}",
        ),
        (Emotion::Sad, "I'm sorry that your grandmother died."),
        (Emotion::Angry, "How dare you say that? Take that back."),
        (Emotion::Angry, "Hmph. Do what you want."),
        (Emotion::Surprised, "Wait, what? You came all this way?"),
        (Emotion::Surprised, "Oh! I didn't expect you before noon."),
        (
            Emotion::Shy,
            "I-I only came because it was on my way. Don't look at me.",
        ),
        (Emotion::Shy, "She blushes and says nothing."),
        (Emotion::Loving, "I missed you. Come here and hold my hand."),
        (Emotion::Loving, "Good night, my love \u{2764}"),
        (
            Emotion::Neutral,
            "The market opens at eight and closes at six.",
        ),
        (
            Emotion::Neutral,
            "Which of the two books did you read first?",
        ),
        (Emotion::Neutral, "今日は市場へ行きました。"),
        (Emotion::Loving, "今日も会えたね\u{2665}"),
        (Emotion::Neutral, ""),
    ] {
        assert_eq!(emotion(words), expected, "{words}");
    }
}

#[test]
fn what_is_denied_is_not_shown() {
    for words in [
        "I am not angry.",
        "I'm never sad here.",
        "She doesn't blush.",
    ] {
        assert_eq!(emotion(words), Emotion::Neutral, "{words}");
    }
}

#[test]
fn a_cue_within_another_word_is_none() {
    // Outrage holds rage, and thugs hold a hug.
    for words in ["The thugs of the harbour left.", "He outraged the town."] {
        assert_ne!(emotion(words), Emotion::Loving, "{words}");
        assert_ne!(emotion(words), Emotion::Angry, "{words}");
    }
}

#[test]
fn a_long_reply_is_cut_between_characters() {
    let words = "é".repeat(LOOKED_AT);
    assert_eq!(beginning(&words).len(), LOOKED_AT);
    let odd = format!("a{words}");
    assert_eq!(beginning(&odd).len(), LOOKED_AT - 1);
}
