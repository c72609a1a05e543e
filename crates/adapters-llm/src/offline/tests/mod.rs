//! The shipped companions, spoken for by rules.

mod chats;
mod deeds;

use std::path::Path;
use std::sync::Arc;

use super::{OfflineCompanion, OfflineOptions};
use futures_util::StreamExt;
use serde::Deserialize;
use waifu_app::ports::language_model::{
    Finish, LanguageModel, ReplyPart, ReplyRequest, ReplyStream,
};
use waifu_domain::prompt::{Occasion, Prompt, Scene};
use waifu_domain::relationship::{Level, Mood};
use waifu_domain::slug::Slug;
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

fn scene(companion: &Companion, occasion: Occasion) -> Scene {
    Scene {
        waifu: WaifuProfile {
            name: companion.name.clone(),
            personality: companion.personality.clone(),
            appearance: companion.appearance.clone(),
            stats: companion.stats.clone(),
        },
        user: DisplayName::try_from("Ada".to_owned()).unwrap().into(),
        level: Level::STRANGER,
        mood: Mood::Calm,
        history: Vec::new(),
        occasion,
        turn_id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
        turn_no: 1,
        run: 1,
    }
}

fn saying(said: &str) -> Occasion {
    Occasion::Chat {
        said: said.to_owned(),
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
        scene: Arc::new(scene.clone()),
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

fn names_a_like(waifu: &WaifuProfile, reply: &str) -> bool {
    let reply = reply.to_lowercase();
    let mut tags = waifu.personality.likes.keys();
    tags.any(|tag| reply.contains(&tag.as_str().replace('_', " ")))
}

fn says_a_phrase(waifu: &WaifuProfile, reply: &str) -> bool {
    let mut phrases = waifu.personality.speech_style.phrases.iter();
    phrases.any(|phrase| reply.contains(phrase))
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
        let profile = scene(&companion, saying("")).waifu;
        profile.check_documents().unwrap();
    }
}
