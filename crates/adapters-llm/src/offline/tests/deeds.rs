//! What she answers to gifts, dates and choices.

use std::collections::BTreeSet;

use waifu_domain::affection::Taste;
use waifu_domain::prompt::{Line, Occasion, Scene};
use waifu_domain::relationship::{Level, Mood};
use waifu_domain::turn::Speaker;
use waifu_domain::waifu::{Personality, Weight};

use super::{Companion, companions, names_a_like, offline, reply, says_a_phrase, scene};
use crate::offline::voices;

const GIFTS: [&str; 6] = [
    "A strawberry shortcake",
    "An old star atlas",
    "Melon bread, still warm",
    "The first half of a story",
    "Twelve red roses",
    "A beetle in a frame",
];
const DATES: [&str; 5] = [
    "An hour in a café",
    "The moss garden in the rain",
    "Cards at the kitchen table",
    "By bicycle to the good bakery",
    "Your usual table",
];
const TITLES: [&str; 4] = [
    "The door at the top of the stairs",
    "A month of it",
    "Look at the time",
    "What she has been meaning to say",
];

fn weight(weight: u8) -> Weight {
    weight.try_into().unwrap()
}

fn tastes() -> [Taste; 4] {
    [
        Taste::Liked(weight(3)),
        Taste::Liked(weight(1)),
        Taste::Neutral,
        Taste::Disliked(weight(2)),
    ]
}

fn gift(name: &str, taste: Taste) -> Occasion {
    Occasion::Gift {
        name: name.to_owned(),
        description: "It came in brown paper.".to_owned(),
        taste,
    }
}

fn date(name: &str, taste: Taste) -> Occasion {
    Occasion::Date {
        name: name.to_owned(),
        description: "It takes an afternoon.".to_owned(),
        taste,
    }
}

fn event(title: &str) -> Occasion {
    Occasion::Event {
        title: title.to_owned(),
        scene: "She has the key still in her hand.".to_owned(),
        choice: "Ask whether there is room for two".to_owned(),
        line: "The person asks to come along.".to_owned(),
    }
}

/// Of every kind, in an order in which they might come.
fn deeds() -> Vec<Occasion> {
    let mut deeds = Vec::new();
    for (round, taste) in tastes().into_iter().cycle().take(8).enumerate() {
        deeds.extend(GIFTS[round % 2..].iter().map(|name| gift(name, taste)));
        deeds.extend(DATES.map(|name| date(name, taste)));
        deeds.push(event(TITLES[round % TITLES.len()]));
    }
    deeds
}

/// One deed after the other, with a mood and a level that move as they would.
async fn life(companion: &Companion, deeds: Vec<Occasion>, seed: u64) -> Vec<(Scene, String)> {
    let moods = [Mood::Calm, Mood::Glad, Mood::Tender, Mood::Hurt];
    let mut turns: Vec<(Scene, String)> = Vec::new();
    for (turn, deed) in deeds.into_iter().enumerate() {
        let mut scene = scene(companion, deed);
        scene.mood = moods[turn / 7 % moods.len()];
        scene.level = Level::try_from(u8::try_from(turn / 9 % 10).unwrap()).unwrap();
        scene.turn_no = u32::try_from(turn).unwrap() + 1;
        scene.history = turns.iter().map(|(_, text)| hers(text)).collect();
        let text = reply(&offline(seed), &scene).await;
        turns.push((scene, text));
    }
    turns
}

fn hers(text: &str) -> Line {
    Line {
        speaker: Speaker::Waifu,
        text: text.to_owned(),
    }
}

#[tokio::test]
async fn each_voice_takes_what_she_loves_otherwise_than_what_she_does_not() {
    let vader = vader_parity::SentimentIntensityAnalyzer::new();
    let tone = |text: &String| vader.polarity_scores(text).compound;
    let companions = companions();
    let voices = companions.iter().map(|companion| {
        let waifu = scene(companion, event("")).waifu;
        voices::of(&waifu).gift_loved
    });
    assert_eq!(voices.collect::<BTreeSet<_>>().len(), 5);
    for companion in &companions {
        for deed in [gift, date] {
            let mut by_taste: Vec<Vec<String>> = Vec::new();
            for taste in tastes() {
                let mut texts = Vec::new();
                for seed in 0..40 {
                    let scene = scene(companion, deed("A sealed box", taste));
                    texts.push(reply(&offline(seed), &scene).await);
                }
                assert!(texts.iter().collect::<BTreeSet<_>>().len() > 20);
                by_taste.push(texts);
            }
            let [loved, _, neutral, disliked] = &by_taste[..] else {
                panic!("as many as tastes");
            };
            for (one, other) in [(loved, neutral), (neutral, disliked), (loved, disliked)] {
                assert!(one.iter().all(|text| !other.contains(text)));
            }
            let mean = |texts: &[String]| texts.iter().map(tone).sum::<f64>() / 40.0;
            let (best, worst) = (mean(loved), mean(disliked));
            println!("{}: loved {best:.2}, disliked {worst:.2}", companion.key);
            assert!(worst + 0.2 < best, "{}: {worst}, {best}", companion.key);
        }
    }
}

#[tokio::test]
async fn what_she_is_given_is_named_in_most_replies() {
    for companion in companions() {
        let (mut named, mut all) = (0, 0);
        for (scene, text) in life(&companion, deeds(), 4).await {
            if let Occasion::Gift { name, .. } = &scene.occasion {
                named += usize::from(text.to_lowercase().contains(&name.to_lowercase()));
                all += 1;
            }
        }
        println!("{}: {named} of {all} gifts are named", companion.key);
        assert!(named * 3 >= all * 2, "{}: {named}", companion.key);
    }
}

#[tokio::test]
async fn over_many_deeds_no_reply_comes_twice_within_ten_and_most_are_her_own() {
    for companion in companions() {
        let turns = life(&companion, deeds(), 2).await;
        assert!(turns.len() > 40);
        for window in turns.windows(11) {
            let (last, before) = window.split_last().unwrap();
            assert!(before.iter().all(|(_, text)| *text != last.1), "{}", last.1);
        }
        let own = |(scene, text): &&(Scene, String)| {
            names_a_like(&scene.waifu, text) || says_a_phrase(&scene.waifu, text)
        };
        let own = turns.iter().filter(own).count();
        println!("{}: {own} of {} are her own", companion.key, turns.len());
        assert!(own * 10 >= turns.len() * 9, "{}: {own}", companion.key);
        assert_eq!(turns, life(&companion, deeds(), 2).await);
    }
}

#[tokio::test]
async fn the_same_gift_again_and_again_gets_ever_other_replies() {
    for companion in companions() {
        for taste in tastes() {
            let mut bare = scene(&companion, gift("A <b>nameless</b> {thing}", taste));
            // The voice alone must be enough, and the name can't be said.
            let archetype = bare.waifu.personality.archetype;
            bare.waifu.personality = Personality {
                archetype,
                ..Personality::default()
            };
            for _ in 0..45 {
                let text = reply(&offline(3), &bare).await;
                let mut recent = bare.history.iter().rev().take(10);
                assert!(recent.all(|line| line.text != text), "{text}");
                bare.history.push(hers(&text));
            }
        }
    }
}

#[tokio::test]
async fn no_slot_and_no_markup_ever_leaks() {
    for companion in companions() {
        for name in [
            "A {thing}",
            "{word}{",
            "<b>A cake</b>",
            "A `cake`",
            "An }{ end",
            "{title}",
        ] {
            for seed in 0..20 {
                let mut deeds = tastes().map(|taste| gift(name, taste)).to_vec();
                deeds.extend(tastes().map(|taste| date(name, taste)));
                deeds.extend([event(name), gift("A cake", Taste::Neutral)]);
                for (_, text) in life(&companion, deeds, seed).await {
                    let leaks = |c: char| matches!(c, '{' | '}' | '<' | '>' | '`');
                    assert!(!text.contains(leaks), "{text}");
                    assert!(!text.contains("“”"), "nothing was said: {text}");
                }
            }
        }
    }
}

#[tokio::test]
async fn an_article_is_small_inside_a_sentence() {
    for companion in companions() {
        for seed in 0..40 {
            let scene = scene(&companion, gift("A jar of sugar stars", Taste::Neutral));
            let text = reply(&offline(seed), &scene).await;
            for (at, _) in text.match_indices("A jar of sugar stars") {
                let before = text[..at].trim_end();
                let begins = before.is_empty() || before.ends_with(['.', '!', '?', '~', '…']);
                assert!(begins, "{text}");
            }
        }
    }
}

#[tokio::test]
async fn all_of_the_deed_decides_and_nothing_else() {
    let (mut differing, mut all) = (0, 0);
    for companion in companions() {
        for deed in deeds() {
            let one = scene(&companion, deed);
            let text = reply(&offline(7), &one).await;
            assert_eq!(text, reply(&offline(7), &one).await);
            let mut elsewhere = one.clone();
            elsewhere.turn_id = "01890a5d-ac96-774b-bcce-b302099a8058".parse().unwrap();
            assert_eq!(text, reply(&offline(7), &elsewhere).await);
            let mut other = one;
            match &mut other.occasion {
                Occasion::Gift { description, .. } | Occasion::Date { description, .. } => {
                    description.push_str(" Or two.");
                }
                Occasion::Event { choice, .. } => choice.push('?'),
                Occasion::Chat { .. } => panic!("a deed"),
            }
            differing += usize::from(text != reply(&offline(7), &other).await);
            all += 1;
        }
    }
    assert!(differing * 10 > all * 8, "{differing} of {all}");
}

#[tokio::test]
async fn hurt_shows_in_what_she_says_to_a_gift() {
    for companion in companions() {
        let mut scene = scene(&companion, gift("A cake", Taste::Liked(weight(3))));
        scene.mood = Mood::Hurt;
        let voice = voices::of(&scene.waifu);
        for seed in 0..20 {
            let text = reply(&offline(seed), &scene).await;
            assert!(voice.hurt.iter().any(|line| text.contains(line)), "{text}");
        }
    }
}
