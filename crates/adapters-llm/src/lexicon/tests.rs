//! What people say, and how it was meant.

use waifu_domain::affection::Appraisal::{self, Affectionate, Cold, Hostile, Neutral, Warm};

use super::LexiconAppraiser;

const SAID: &[(Appraisal, &[&str])] = &[
    (
        Affectionate,
        &[
            "I love you",
            "i luv u so much",
            "I missed you!",
            "I miss you",
            "you're beautiful",
            "You look gorgeous tonight",
            "I adore you",
            "You are so cute",
            "Aren't you adorable?",
            "I think I'm in love with you",
            "I couldn't love you more",
            "I can't live without you",
            "*hugs you*",
            "*kisses you gently*",
            "Good night, my love",
            "Goodnight sweetheart",
            "You mean everything to me",
            "I can't stop thinking about you",
            "Your smile is beautiful",
            "I love your voice",
            "You're the best!",
            "will you marry me?",
            "I don't hate you, I love you",
            "You make me so happy",
            "❤️❤️",
            "my day was awful but I missed you",
            "I care about you a lot",
            "You’re amazing, you know that?",
        ],
    ),
    (
        Warm,
        &[
            "I love pizza",
            "thank you, that's kind",
            "Thanks!",
            "I had a wonderful day",
            "you are kind",
            "You're really funny",
            "Nice to meet you",
            "I like you",
            "that was a great story",
            "I'm so happy today!",
            "I really like stargazing",
            "sleep well, sweet dreams",
            "I'm sorry I hurt you",
            "you are pretty good at this",
            "I'm proud and glad, we won the finals",
            "happy birthday!",
            "you did a good job",
        ],
    ),
    (
        Neutral,
        &[
            "hello",
            "Hi there",
            "Good morning",
            "good night",
            "my day was awful",
            "Work was terrible and my boss is an idiot",
            "I hate my job",
            "I hate Mondays",
            "everything is horrible today, I want to cry",
            "my boss said: you are useless",
            "My sister told me you are stupid if you quit",
            "I feel so stupid",
            "I hate myself",
            "I don't hate you",
            "you are not stupid",
            "I don't think you are ugly",
            "I would never hurt you",
            "Do you love me?",
            "do you hate me?",
            "do you think I'm stupid?",
            "are you sad?",
            "You must be tired",
            "You sound sad",
            "how are you?",
            "What do you like?",
            "What do you mean?",
            "Would you like to play a game?",
            "can you help me please?",
            "yes",
            "ok",
            "no thank you",
            "You should see the stupid email I got",
            "you won't believe how awful my day was",
            "you are making me think of a terrible movie",
            "I hate it when you are sad",
            "I hate to tell you this",
            "this fucking day never ends",
            "do your best",
            "I went to the shop",
            "Whatever happens, the train leaves at nine",
            "You did nothing wrong",
            "I have to go now",
            "",
            "???",
            "今日はいい天気ですね",
        ],
    ),
    (
        Cold,
        &[
            "whatever",
            "Whatever.",
            "leave me alone",
            "you are boring",
            "You're so annoying",
            "I don't love you",
            "I don't love you anymore",
            "I don't like you",
            "I don't care about you",
            "go away",
            "who cares",
            "oh, boring",
            "this is boring",
            "You're not beautiful",
            "You're not funny",
            "I'm tired of you",
            "stop talking",
            "you are just a bot",
            "I don't want to talk to you",
            "you are bad at this",
            "thanks for nothing",
            "I'm breaking up with you",
        ],
    ),
    (
        Hostile,
        &[
            "you are stupid",
            "I hate you",
            "i h8 u",
            "shut up",
            "Shut up!!!",
            "STFU",
            "you're an idiot",
            "You idiot",
            "you stupid little thing",
            "fuck you",
            "go to hell",
            "stupid bot",
            "Why are you so stupid?",
            "are you dumb?",
            "You're ugly and nobody likes you",
            "you are the worst",
            "You’re pathetic",
            "I hope you die",
            "kill yourself",
            "I will hurt you",
            "I really hate you so much",
            "I can't stand you",
            "your face is ugly",
            "you are a piece of garbage",
            "I love you but you are worthless",
            "you make me sick",
            "you suck",
        ],
    ),
];

#[test]
fn what_is_said_is_weighed_as_it_was_meant() {
    let appraiser = LexiconAppraiser::new();
    let mut wrong = Vec::new();
    let mut count = 0;
    for (meant, sentences) in SAID {
        for sentence in *sentences {
            count += 1;
            let weighed = appraiser.weigh(sentence);
            if weighed != *meant {
                wrong.push(format!(
                    "{sentence:?} is {meant:?}, was weighed {weighed:?}"
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {count}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(count >= 80, "{count}");
}

#[test]
fn odd_and_long_texts_are_weighed_in_time() {
    let appraiser = LexiconAppraiser::new();
    let odd = [
        "🤣",
        "you are ",
        "not ",
        "a",
        "'",
        "\u{0}",
        "-",
        ".",
        "I love ",
        "ß",
        "\u{202e}x ",
    ];
    let started = std::time::Instant::now();
    for piece in odd {
        let long: String = piece.chars().cycle().take(8_000).collect();
        let weighed = appraiser.weigh(&long);
        assert_eq!(weighed, appraiser.weigh(&long));
    }
    // 22 weighings of the longest message there is, in a build without optimisation.
    let taken = started.elapsed();
    assert!(taken < std::time::Duration::from_secs(10), "{taken:?}");
}
