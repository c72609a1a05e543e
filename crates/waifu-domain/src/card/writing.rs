//! From a companion to the JSON of a card.

use serde_json::{Map, Value, json};

use super::home::{self, Home};
use super::passengers::{self, Passengers};
use super::{LARGEST_TEXT, Limit, assets, dialogues, lore};
use crate::lore::Lorebook;
use crate::waifu::{Personality, WaifuProfile};

/// A card of the second version.
pub fn to_v2(profile: &WaifuProfile, lorebook: Option<&Lorebook>) -> Value {
    let (mut data, root) = fields(profile);
    if let Some(book) = lorebook {
        data.insert("character_book".to_owned(), lore::write_v2(book));
    }
    card("chara_card_v2", "2.0", data, root)
}

/// A card of the third version.
pub fn to_v3(profile: &WaifuProfile, lorebook: Option<&Lorebook>) -> Value {
    let (mut data, root) = fields(profile);
    let nobody = Vec::<Value>::new();
    data.entry("group_only_greetings").or_insert(nobody.into());
    if let Some(book) = lorebook {
        data.insert("character_book".to_owned(), lore::write_v3(book));
    }
    card("chara_card_v3", "3.0", data, root)
}

/// The longest that any writer makes of a companion.
pub(super) fn largest(profile: &WaifuProfile, lorebook: Option<&Lorebook>) -> Value {
    let mut card = to_v3(profile, lorebook);
    assets::add_own(&mut card, assets::Format::Jpeg);
    card
}

/// The text of a card that goes into a file.
pub(super) fn json_text(card: &Value) -> Result<String, Limit> {
    let json = card.to_string();
    if json.len() > LARGEST_TEXT {
        return Err(Limit::Text);
    }
    Ok(json)
}

fn card(
    spec: &str,
    version: &str,
    data: Map<String, Value>,
    mut root: Map<String, Value>,
) -> Value {
    root.insert("spec".to_owned(), spec.into());
    root.insert("spec_version".to_owned(), version.into());
    root.insert("data".to_owned(), data.into());
    root.into()
}

/// The fields of `data` that both versions have, and those beside it.
fn fields(profile: &WaifuProfile) -> (Map<String, Value>, Map<String, Value>) {
    let personality = &profile.personality;
    let mut passengers = passengers(personality);
    let (first, others) = greetings(&personality.greetings);
    let examples = passengers
        .as_mut()
        .and_then(|passengers| passengers.mes_example.take())
        .unwrap_or_else(|| dialogues::join(&personality.example_dialogues));
    let mut home = home(profile);
    if dialogues::split(&examples) != personality.example_dialogues {
        home.example_dialogues = Some(personality.example_dialogues.clone());
    }
    if passengers.is_some() {
        home.extensions.remove(passengers::KEY);
    }
    let Passengers { mut data, root, .. } = passengers.unwrap_or_default();
    add_home(&mut data, home);
    let told = json!({
        "name": profile.name.as_str(),
        "description": personality.description,
        "personality": personality.background,
        "scenario": personality.scenario,
        "first_mes": first,
        "alternate_greetings": others,
        "mes_example": examples,
        "system_prompt": personality.system_prompt,
        "post_history_instructions": personality.post_history_instructions,
    });
    if let Value::Object(told) = told {
        data.extend(told);
    }
    for key in ["creator", "creator_notes", "character_version"] {
        data.entry(key).or_insert_with(|| "".into());
    }
    data.entry("tags").or_insert_with(|| json!([]));
    (data, root)
}

/// `None` where somebody else's value stands under our key. The text of example dialogues that were edited since is
/// of no more use.
fn passengers(personality: &Personality) -> Option<Passengers> {
    let value = personality.extensions.get(passengers::KEY)?;
    let mut passengers = Passengers::from_value(value)?;
    passengers.mes_example.take_if(|text| {
        let dialogues = dialogues::split(text);
        dialogues != personality.example_dialogues || dialogues::join(&dialogues) == *text
    });
    Some(passengers)
}

/// The first and the others.
pub(super) fn greetings(greetings: &[String]) -> (&str, &[String]) {
    greetings
        .split_first()
        .map_or(("", &[]), |(first, others)| (first, others))
}

fn home(profile: &WaifuProfile) -> Home {
    let personality = &profile.personality;
    // The one list that a card's two fields can't tell from none.
    let is_one_silence = personality.greetings == [""];
    Home {
        archetype: personality.archetype.clone(),
        traits: personality.traits.clone(),
        likes: personality.likes.clone(),
        dislikes: personality.dislikes.clone(),
        speech_style: personality.speech_style.clone(),
        birthday: personality.birthday,
        appearance: profile.appearance.clone(),
        stats: profile.stats.clone(),
        greetings: is_one_silence.then(|| personality.greetings.clone()),
        example_dialogues: None,
        extensions: personality.extensions.clone(),
        kept: None,
    }
}

fn add_home(data: &mut Map<String, Value>, mut home: Home) {
    let extensions = data
        .entry("extensions")
        .or_insert_with(|| Map::new().into());
    if let Value::Object(extensions) = extensions
        && !home.is_empty()
    {
        home.kept = extensions.remove(home::KEY);
        let home = serde_json::to_value(home).expect("documents have string keys");
        extensions.insert(home::KEY.to_owned(), home);
    }
}
