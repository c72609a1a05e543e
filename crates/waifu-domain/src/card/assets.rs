//! The pictures that a card names, of which the main icon is hers.

use serde_json::{Map, Value, json};

use super::LARGEST_ICON;
use super::lenient;

/// Where an archive has its own files; the first is how the standard spells it.
const EMBEDDED: [&str; 2] = ["embeded://", "embedded://"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Png,
    Jpeg,
    WebP,
}

impl Format {
    const ALL: [Self; 3] = [Self::Png, Self::Jpeg, Self::WebP];

    /// By its first bytes; `None` for anything that is kept as no icon.
    pub(super) fn of_icon(bytes: &[u8]) -> Option<Self> {
        let format = if bytes.starts_with(&super::png::SIGNATURE) {
            Self::Png
        } else if bytes.starts_with(b"\xff\xd8\xff") {
            Self::Jpeg
        } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            Self::WebP
        } else {
            return None;
        };
        (bytes.len() <= LARGEST_ICON).then_some(format)
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::WebP => "webp",
        }
    }

    /// Where the writer puts an icon for which the card has no place.
    pub(super) fn own_path(self) -> String {
        format!("assets/icon/images/main.{}", self.extension())
    }

    /// How the writer names such an icon. The reader leaves it out again, so that a card read from an archive has the
    /// assets that it had.
    pub(super) fn own_asset(self) -> Value {
        json!({
            "type": "icon",
            "uri": format!("{}{}", EMBEDDED[0], self.own_path()),
            "name": "main",
            "ext": self.extension(),
        })
    }
}

/// The assets of a card, each field in its type, without the writer's own.
pub(super) fn listed(value: Value) -> Vec<Value> {
    let own = Format::ALL.map(Format::own_asset);
    let mut assets = typed(value);
    assets.retain(|asset| !own.contains(asset));
    assets
}

fn typed(value: Value) -> Vec<Value> {
    let items = match value {
        Value::Array(items) => items,
        Value::Object(_) => vec![value],
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    items.into_iter().filter_map(asset).collect()
}

fn asset(value: Value) -> Option<Value> {
    let Value::Object(mut asset) = value else {
        return None;
    };
    for key in ["type", "uri", "name", "ext"] {
        let text = asset.get(key).map(lenient::text).unwrap_or_default();
        asset.insert(key.to_owned(), text.into());
    }
    Some(asset.into())
}

/// The archive paths of main icons, first the one to look at first. An address of any other kind is only text.
pub(super) fn main_icons(data: &Map<String, Value>) -> Vec<String> {
    let assets = data.get("assets").cloned().map(typed).unwrap_or_default();
    assets
        .iter()
        .filter(|asset| asset["type"] == "icon" && asset["name"] == "main")
        .filter_map(|asset| {
            let uri = asset["uri"].as_str()?;
            let path = EMBEDDED
                .iter()
                .find_map(|scheme| uri.strip_prefix(scheme))?;
            Some(path.to_owned())
        })
        .collect()
}

/// Puts the writer's own icon before the others of a card: who looks for one finds it first.
pub(super) fn add_own(card: &mut Value, format: Format) {
    if let Some(Value::Object(data)) = card.get_mut("data") {
        let assets = data.entry("assets").or_insert_with(|| json!([]));
        if let Value::Array(assets) = assets {
            assets.insert(0, format.own_asset());
        }
    }
}
