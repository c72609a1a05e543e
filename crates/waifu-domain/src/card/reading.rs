//! From the JSON of a card to a companion.

use serde_json::{Map, Value};

use super::home::Home;
use super::lenient::{self, depth, take, text, texts, without_nul};
use super::passengers::{self, Passengers, TYPED};
use super::{CardRefused, DEEPEST, LARGEST_TEXT, Limit, ReadCard};
use super::{assets, dialogues, lore, writing};
use crate::lore::Lorebook;
use crate::user::DisplayName;
use crate::waifu::{Personality, WaifuProfile};

const LONGEST_NAME: usize = 80;

#[derive(Debug)]
pub(super) struct Reading {
    profile: WaifuProfile,
    lorebook: Option<Lorebook>,
    /// Where an archive may have her picture.
    pub(super) icons: Vec<String>,
}

impl Reading {
    pub(super) fn with_picture(self, picture: Option<Vec<u8>>) -> ReadCard {
        ReadCard {
            profile: self.profile,
            lorebook: self.lorebook,
            picture,
        }
    }
}

pub(super) fn card(json: &[u8]) -> Result<Reading, CardRefused> {
    let mut root = object(json)?;
    let (mut data, name_at) = match root.remove("data") {
        Some(Value::Object(data)) => (data, "/data/name"),
        _ => (passengers::out_of_flat(&mut root), "/name"),
    };
    // Some programs write the fields of the first version beside `data`; they count where `data` is silent.
    for key in TYPED {
        if data.get(key).is_none_or(Value::is_null)
            && let Some(value) = take(&mut root, key)
        {
            data.insert(key.to_owned(), value);
        }
    }
    let icons = assets::main_icons(&data);
    let lorebook = lore::read(data.remove("character_book"))?;
    let name = name(&mut data).ok_or(CardRefused::NoName { pointer: name_at })?;
    let profile = profile(name, data, root);
    check_limits(&profile, lorebook.as_ref())?;
    Ok(Reading {
        profile,
        lorebook,
        icons,
    })
}

fn object(json: &[u8]) -> Result<Map<String, Value>, CardRefused> {
    if json.len() > LARGEST_TEXT {
        return Err(Limit::Text.into());
    }
    let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
    let value: Value = serde_json::from_slice(json).map_err(|error| CardRefused::NotJson {
        line: error.line(),
        column: error.column(),
    })?;
    lenient::object(without_nul(value)).ok_or(CardRefused::NotAnObject)
}

/// Cut to what a name may be.
fn name(data: &mut Map<String, Value>) -> Option<DisplayName> {
    let text = said(data, "name");
    let line = text.replace(char::is_control, " ");
    let cut: String = line.trim().chars().take(LONGEST_NAME).collect();
    cut.try_into().ok()
}

fn profile(
    name: DisplayName,
    mut data: Map<String, Value>,
    root: Map<String, Value>,
) -> WaifuProfile {
    let mut personality = Personality {
        description: said(&mut data, "description"),
        background: said(&mut data, "personality"),
        scenario: said(&mut data, "scenario"),
        system_prompt: said(&mut data, "system_prompt"),
        post_history_instructions: said(&mut data, "post_history_instructions"),
        ..Personality::default()
    };
    let first = said(&mut data, "first_mes");
    let others = take(&mut data, "alternate_greetings");
    let others = others.map(|value| texts(&value)).unwrap_or_default();
    let examples = said(&mut data, "mes_example");
    let (mut passengers, home) = Passengers::of_card(data, root);
    personality.greetings = greetings(first, others, home.greetings.as_deref());
    let written = home.example_dialogues.as_ref();
    if let Some(written) = written.filter(|dialogues| dialogues::join(dialogues) == examples) {
        personality.example_dialogues.clone_from(written);
    } else {
        personality.example_dialogues = dialogues::split(&examples);
        if dialogues::join(&personality.example_dialogues) != examples {
            passengers.mes_example = Some(examples);
        }
    }
    with_home(name, personality, home, &passengers)
}

/// An empty first greeting with others behind it stays, so that each keeps its place.
fn greetings(first: String, others: Vec<String>, written: Option<&[String]>) -> Vec<String> {
    let silent = first.is_empty() && others.is_empty();
    match written {
        Some(written) if writing::greetings(written) == (first.as_str(), &others[..]) => {
            written.to_vec()
        }
        _ if silent => Vec::new(),
        _ => std::iter::once(first).chain(others).collect(),
    }
}

fn with_home(
    name: DisplayName,
    mut personality: Personality,
    home: Home,
    passengers: &Passengers,
) -> WaifuProfile {
    personality.archetype = home.archetype;
    personality.traits = home.traits;
    personality.likes = home.likes;
    personality.dislikes = home.dislikes;
    personality.speech_style = home.speech_style;
    personality.birthday = home.birthday;
    personality.extensions = home.extensions;
    if !passengers.is_empty() {
        let card = passengers.to_value();
        personality
            .extensions
            .insert(passengers::KEY.to_owned(), card);
    }
    WaifuProfile {
        name,
        personality,
        appearance: home.appearance,
        stats: home.stats,
    }
}

fn said(data: &mut Map<String, Value>, key: &str) -> String {
    take(data, key)
        .map(|value| text(&value))
        .unwrap_or_default()
}

/// A card that would be too large or too deep once it is written is refused at once, so that what was read can be read
/// again.
fn check_limits(profile: &WaifuProfile, lorebook: Option<&Lorebook>) -> Result<(), CardRefused> {
    let card = writing::largest(profile, lorebook);
    if depth(&card) > DEEPEST {
        return Err(Limit::Depth.into());
    }
    if card.to_string().len() > LARGEST_TEXT {
        return Err(Limit::WrittenText.into());
    }
    Ok(())
}
