//! The shipped companions, spoken for by rules.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::{OfflineCompanion, OfflineOptions};
use futures_util::StreamExt;
use serde::Deserialize;
use tokio::time::Instant;
use waifu_app::ports::language_model::{
    Finish, LanguageModel, ModelKind, ReplyPart, ReplyRequest, ReplyStream,
};
use waifu_domain::prompt::{Line, Prompt, Scene};
use waifu_domain::relationship::{Level, Mood};
use waifu_domain::slug::Slug;
use waifu_domain::turn::Speaker;
use waifu_domain::user::DisplayName;
use waifu_domain::waifu::{Appearance, Personality, Stats, WaifuProfile};

/// What a seed file holds, and nothing that it doesn't.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Companion {
    key: Slug,
    name: DisplayName,
    personality: Personality,
    appearance: Appearance,
    stats: Stats,
}

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

fn companions() -> Vec<Companion> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/seed/companions");
    let mut companions: Vec<Companion> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let companion: Companion =
                toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert_eq!(
                path.file_stem().unwrap().to_str(),
                Some(companion.key.as_str())
            );
            companion
        })
        .collect();
    companions.sort_by(|one, other| one.key.cmp(&other.key));
    companions
}

fn scene(companion: &Companion, said: &str) -> Scene {
    Scene {
        waifu: WaifuProfile {
            name: companion.name.clone(),
            personality: companion.personality.clone(),
            appearance: companion.appearance.clone(),
            stats: companion.stats.clone(),
        },
        user_name: "Ada".to_owned().try_into().unwrap(),
        level: Level::STRANGER,
        mood: Mood::Calm,
        history: Vec::new(),
        said: said.to_owned(),
        turn_id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
        turn_no: 1,
    }
}

fn offline(seed: u64) -> OfflineCompanion {
    OfflineCompanion::new(OfflineOptions {
        words_per_second: 0,
        seed,
    })
}

async fn start(model: &OfflineCompanion, scene: &Scene) -> ReplyStream {
    let request = ReplyRequest {
        prompt: Prompt {
            messages: Vec::new(),
        },
        scene: scene.clone(),
    };
    model.reply(request).await.unwrap()
}

async fn reply(model: &OfflineCompanion, scene: &Scene) -> String {
    let parts: Vec<ReplyPart> = start(model, scene)
        .await
        .map(|part| part.unwrap())
        .collect()
        .await;
    let (last, words) = parts.split_last().unwrap();
    let done = ReplyPart::Done {
        finish: Finish::Stop,
        usage: None,
    };
    assert_eq!(*last, done);
    let mut text = String::new();
    for part in words {
        let ReplyPart::Text(word) = part else {
            panic!("{part:?}");
        };
        assert!(!word.is_empty());
        text.push_str(word);
    }
    text
}

/// A hundred turns, with a mood and a level that move as they would.
async fn conversation(model: &OfflineCompanion, companion: &Companion) -> Vec<(Scene, String)> {
    let moods = [Mood::Calm, Mood::Glad, Mood::Tender, Mood::Hurt, Mood::Calm];
    let mut history: Vec<Line> = Vec::new();
    let mut turns = Vec::new();
    for turn in 0..100_u8 {
        let said = MESSAGES[usize::from(turn) % MESSAGES.len()];
        let mut scene = scene(companion, said);
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

fn names_a_like(waifu: &WaifuProfile, reply: &str) -> bool {
    let reply = reply.to_lowercase();
    let mut tags = waifu.personality.likes.keys();
    tags.any(|tag| reply.contains(&tag.as_str().replace('_', " ")))
}

fn says_a_phrase(waifu: &WaifuProfile, reply: &str) -> bool {
    let mut phrases = waifu.personality.speech_style.phrases.iter();
    phrases.any(|phrase| reply.contains(phrase))
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
            assert!(own || echoes(&scene.said, text), "{:?}: {text}", scene.said);
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
    let mut bare = scene(&companions()[0], "ok");
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
async fn the_seed_and_the_scene_decide_and_nothing_else() {
    let scenes: Vec<Scene> = companions()
        .iter()
        .flat_map(|companion| MESSAGES.iter().map(|said| scene(companion, said)))
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
                let mut scene = scene(&companion, said);
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
                let text = reply(&offline(seed), &scene(&companion, asked)).await;
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
            let mut scene = scene(companion, said);
            scene.user_name = "<i>Eve</i>".to_owned().try_into().unwrap();
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
    let mut stream = start(&model, &scene(&companions()[0], "Hello!")).await;
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

#[test]
fn the_shipped_companions_are_whole() {
    let companions = companions();
    assert!(companions.len() >= 5);
    for companion in companions {
        let personality = &companion.personality;
        assert!(
            personality.extensions.is_empty(),
            "{:?}",
            personality.extensions
        );
        assert!(companion.appearance.extensions.is_empty());
        assert!(companion.stats.more.is_empty());
        assert!(personality.speech_style.extensions.is_empty());
        assert!(personality.birthday.is_some());
        assert!(personality.likes.len() >= 5 && personality.dislikes.len() >= 2);
        assert!(personality.speech_style.phrases.len() >= 3);
        assert!(!personality.greetings.is_empty() && !personality.example_dialogues.is_empty());
        let is_adult = (20..40).any(|age| personality.description.contains(&format!(" is {age}")));
        assert!(is_adult, "{}", companion.key);
        let profile = scene(&companion, "").waifu;
        profile.check_documents().unwrap();
    }
}
