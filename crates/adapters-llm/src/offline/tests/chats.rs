//! What she answers to what is said.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::StreamExt;
use tokio::time::Instant;
use waifu_app::ports::language_model::{LanguageModel, ModelKind, ReplyPart};
use waifu_domain::prompt::{Line, Scene};
use waifu_domain::relationship::{Level, Mood};
use waifu_domain::turn::Speaker;
use waifu_domain::waifu::Personality;

use super::{
    Companion, companions, names_a_like, offline, reply, saying, says_a_phrase, scene, start,
};
use crate::offline::{OfflineCompanion, OfflineOptions};

const MESSAGES: &[&str] = &[
    "Hello!",
    "How are you?",
    "I went to the mountains with my brother",
    "What do you like?",
    "I love you",
    "you are stupid",
    "thank you for yesterday",
    "Do you ever dream of travelling?",
    "my day was awful",
    "whatever",
    "I cooked dumplings for the first time",
    "are you a bot?",
    "good night, sleep well",
    "tell me a secret about your childhood",
    "I think the garden needs water",
    "You're beautiful",
    "hm",
    "what's your name?",
    "do you like tea, chess or the sea?",
    "I'm sorry I hurt you",
];

/// A hundred turns, with a mood and a level that move as they would.
async fn conversation(model: &OfflineCompanion, companion: &Companion) -> Vec<(Scene, String)> {
    let moods = [Mood::Calm, Mood::Glad, Mood::Tender, Mood::Hurt, Mood::Calm];
    let mut history: Vec<Line> = Vec::new();
    let mut turns = Vec::new();
    for turn in 0..100_u8 {
        let said = MESSAGES[usize::from(turn) % MESSAGES.len()];
        let mut scene = scene(companion, saying(said));
        scene.mood = moods[usize::from(turn / 7) % moods.len()];
        scene.level = Level::try_from(turn / 10).unwrap();
        scene.turn_no = u32::from(turn) + 1;
        scene.history = history.clone();
        let text = reply(model, &scene).await;
        for (speaker, text) in [(Speaker::User, said), (Speaker::Waifu, &text)] {
            history.push(Line {
                speaker,
                text: text.to_owned(),
            });
        }
        turns.push((scene, text));
    }
    turns
}

fn echoes(said: &str, reply: &str) -> bool {
    let reply = reply.to_lowercase();
    let words = said.to_lowercase();
    let mut words = words.split(|c: char| !c.is_alphanumeric());
    words.any(|word| word.len() > 3 && reply.contains(word))
}

#[tokio::test]
async fn every_reply_is_coloured_by_who_she_is_or_what_was_said() {
    let model = offline(1);
    for companion in companions() {
        let turns = conversation(&model, &companion).await;
        let mut her_own = 0;
        for (scene, text) in &turns {
            let own = names_a_like(&scene.waifu, text) || says_a_phrase(&scene.waifu, text);
            assert!(
                own || echoes(scene.occasion.said(), text),
                "{:?}: {text}",
                scene.occasion.said()
            );
            her_own += usize::from(own);
        }
        println!(
            "{}: {her_own} of 100 replies hold her own phrase or like",
            companion.key
        );
        assert!(her_own >= 90, "{}: {her_own}", companion.key);
    }
}

#[tokio::test]
async fn no_reply_comes_twice_within_ten_turns() {
    let model = offline(2);
    for companion in companions() {
        let turns = conversation(&model, &companion).await;
        for window in turns.windows(11) {
            let (last, before) = window.split_last().unwrap();
            assert!(before.iter().all(|(_, text)| *text != last.1), "{}", last.1);
        }
        let same = conversation(&model, &companion).await;
        assert_eq!(turns, same);
    }
}

#[tokio::test]
async fn the_same_message_again_and_again_gets_ever_other_replies() {
    let model = offline(3);
    let mut bare = scene(&companions()[0], saying("ok"));
    // Nobody has told this one anything: the voice alone must be enough.
    bare.waifu.personality = Personality::default();
    for _ in 0..40 {
        let text = reply(&model, &bare).await;
        let recent = bare.history.iter().rev().take(10);
        assert!(recent.into_iter().all(|line| line.text != text), "{text}");
        bare.history.push(Line {
            speaker: Speaker::Waifu,
            text,
        });
    }
}

#[tokio::test]
async fn each_answer_to_a_turn_is_another_and_none_was_given_in_the_last_ten() {
    let model = offline(5);
    for companion in companions() {
        let mut turns = conversation(&model, &companion).await;
        let (mut scene, first) = turns.pop().unwrap();
        let recent: Vec<String> = turns
            .into_iter()
            .rev()
            .take(10)
            .map(|(_, text)| text)
            .collect();
        for said in [MESSAGES, &["ok"]].concat() {
            scene.occasion = saying(said);
            let mut answers = BTreeSet::new();
            for run in 1..=16 {
                scene.run = run;
                let text = reply(&model, &scene).await;
                assert_eq!(text, reply(&model, &scene).await, "run {run}");
                assert!(!recent.contains(&text), "run {run}: {text}");
                assert!(answers.insert(text), "run {run} of {said:?}");
            }
            scene.run = u32::MAX;
            assert!(answers.contains(&reply(&model, &scene).await));
            if said == MESSAGES[99 % MESSAGES.len()] {
                assert!(answers.contains(&first));
            }
        }
    }
}

#[tokio::test]
async fn another_answer_keeps_her_voice_and_what_makes_her_herself() {
    let model = offline(6);
    for companion in companions() {
        let (mut own, mut all) = (0, 0);
        for said in MESSAGES {
            let mut scene = scene(&companion, saying(said));
            for run in 1..=8 {
                scene.run = run;
                let text = reply(&model, &scene).await;
                let is_own =
                    names_a_like(&scene.waifu, &text) || says_a_phrase(&scene.waifu, &text);
                assert!(is_own || echoes(said, &text), "{said:?}: {text}");
                own += usize::from(is_own);
                all += 1;
            }
        }
        assert!(own * 10 >= all * 9, "{}: {own} of {all}", companion.key);
    }
}

#[tokio::test]
async fn the_seed_and_the_scene_decide_and_nothing_else() {
    let scenes: Vec<Scene> = companions()
        .iter()
        .flat_map(|companion| MESSAGES.iter().map(|said| scene(companion, saying(said))))
        .collect();
    let mut differing = 0;
    for scene in &scenes {
        let one = reply(&offline(7), scene).await;
        assert_eq!(one, reply(&offline(7), scene).await);
        let mut elsewhere = scene.clone();
        elsewhere.turn_id = "01890a5d-ac96-774b-bcce-b302099a8058".parse().unwrap();
        assert_eq!(one, reply(&offline(7), &elsewhere).await);
        differing += usize::from(one != reply(&offline(8), scene).await);
    }
    assert!(
        differing * 10 > scenes.len() * 8,
        "{differing} of {}",
        scenes.len()
    );
}

#[tokio::test]
async fn unkind_and_loving_words_and_moods_read_differently() {
    let vader = vader_parity::SentimentIntensityAnalyzer::new();
    let tone = |text: &str| vader.polarity_scores(text).compound;
    for companion in companions() {
        let mut tones: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for seed in 0..40 {
            let model = offline(seed);
            let mood = |name, mood, said: &str| {
                let mut scene = scene(&companion, saying(said));
                scene.mood = mood;
                scene.level = Level::try_from(7).unwrap();
                (name, scene)
            };
            for (name, scene) in [
                mood("insulted", Mood::Calm, "you are stupid and I hate you"),
                mood("loved", Mood::Calm, "I love you"),
                mood("hurt", Mood::Hurt, "I went to the market"),
                mood("tender", Mood::Tender, "I went to the market"),
            ] {
                tones
                    .entry(name)
                    .or_default()
                    .push(tone(&reply(&model, &scene).await));
            }
        }
        let mean = |name: &str| tones[name].iter().sum::<f64>() / 40.0;
        println!(
            "{}: insulted {:.2}, loved {:.2}; hurt {:.2}, tender {:.2}",
            companion.key,
            mean("insulted"),
            mean("loved"),
            mean("hurt"),
            mean("tender")
        );
        assert!(mean("insulted") + 0.3 < mean("loved"));
        assert!(mean("hurt") + 0.3 < mean("tender"));
    }
}

#[tokio::test]
async fn she_says_that_she_is_an_ai_and_that_no_model_speaks() {
    for companion in companions() {
        for asked in [
            "Are you an AI?",
            "are you a bot",
            "are you real?",
            "Are you human?",
        ] {
            for seed in 0..10 {
                let text = reply(&offline(seed), &scene(&companion, saying(asked))).await;
                assert!(text.contains("AI"), "{text}");
                assert!(text.contains("model") && text.contains("rule"), "{text}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_echoed_is_harmless() {
    let companion = &companions()[0];
    for said in [
        "<script>alert(1)</script>",
        "look at javascript:alert('x') and <b>boldness</b>",
        "\u{202e}reversed\u{1b}[31mred\u{7}",
        "{word} {like} {name} {",
        "`code` **bold** [link](http://evil.example)",
    ] {
        for seed in 0..20 {
            let mut scene = scene(companion, saying(said));
            scene.user.name = "<i>Eve</i>".to_owned().try_into().unwrap();
            let text = reply(&offline(seed), &scene).await;
            let is_harmless = |c: char| {
                !c.is_control()
                    && !matches!(c, '<' | '>' | '`' | '{' | '}' | '[' | '*' | '\u{202e}')
            };
            assert!(text.chars().all(is_harmless), "{text}");
        }
    }
}

#[tokio::test]
async fn each_companion_can_be_told_by_how_she_talks() {
    let companions = companions();
    let grams = |text: &str| -> Vec<String> {
        let letters: Vec<char> = text.to_lowercase().chars().collect();
        letters
            .windows(3)
            .map(|gram| gram.iter().collect())
            .collect()
    };
    let mut counts: Vec<BTreeMap<String, f64>> = Vec::new();
    for companion in &companions {
        let mut count = BTreeMap::new();
        for (_, text) in conversation(&offline(100), companion).await {
            for gram in grams(&text) {
                *count.entry(gram).or_default() += 1.0;
            }
        }
        counts.push(count);
    }
    let mut right = 0;
    for (who, companion) in companions.iter().enumerate() {
        for (_, text) in conversation(&offline(200), companion).await {
            let likelihood = |count: &BTreeMap<String, f64>| {
                let total: f64 = count.values().sum();
                let of = |gram: String| (count.get(&gram).unwrap_or(&0.1) / total).ln();
                grams(&text).into_iter().map(of).sum::<f64>()
            };
            let scores: Vec<f64> = counts.iter().map(likelihood).collect();
            let best = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            right += usize::from((scores[who] - best).abs() < f64::EPSILON);
        }
    }
    println!("{right} of {} told apart", 100 * companions.len());
    assert!(right * 100 >= 95 * 100 * companions.len(), "{right}");
}

#[tokio::test]
async fn words_come_at_the_rate_that_is_asked_for() {
    let model = OfflineCompanion::new(OfflineOptions {
        words_per_second: 50,
        seed: 1,
    });
    assert_eq!(model.kind(), ModelKind::Offline);
    let mut stream = start(&model, &scene(&companions()[0], saying("Hello!"))).await;
    let started = Instant::now();
    let mut words = 0;
    while let Some(Ok(ReplyPart::Text(word))) = stream.next().await {
        assert_eq!(word.split_whitespace().count(), 1, "{word:?}");
        let due = Duration::from_millis(20) * words;
        assert!(started.elapsed() >= due);
        assert!(started.elapsed() < due + Duration::from_millis(500));
        words += 1;
    }
    assert!(words > 3);
}
