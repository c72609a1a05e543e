//! A card's book and ours.
//!
//! The `extensions` of a book and of an entry hold each key that a card has beside those that we know, and under
//! `extensions` the card's own object of that name. What a card couldn't give back as it is goes into that object as
//! `{"waifu": {"extensions": …}}`.

use serde_json::{Map, Value, json};

use super::home;
use super::lenient::{flag, object, take, text, texts, whole};
use super::{CardRefused, Limit, MOST_LORE_ENTRIES};
use crate::lore::{LoreEntry, LorePosition, LoreSettings, Lorebook};

const OWN: &str = "extensions";
const BOOK_FIELDS: [&str; 6] = [
    "name",
    "description",
    "scan_depth",
    "token_budget",
    "recursive_scanning",
    "entries",
];
const ENTRY_FIELDS: [&str; 13] = [
    "name",
    "comment",
    "keys",
    "secondary_keys",
    "selective",
    "use_regex",
    "case_sensitive",
    "constant",
    "enabled",
    "content",
    "insertion_order",
    "priority",
    "position",
];
const MOST_SCANNED: i64 = 100;
const LARGEST_BUDGET: i64 = 32_768;

/// A list stands for its entries; null and what can be no book are none.
pub(super) fn read(book: Option<Value>) -> Result<Option<Lorebook>, CardRefused> {
    let mut fields = match book {
        Some(Value::Object(fields)) => fields,
        Some(Value::Array(entries)) => Map::from_iter([("entries".to_owned(), entries.into())]),
        _ => return Ok(None),
    };
    let entries = listed(fields.remove("entries"));
    if entries.len() > MOST_LORE_ENTRIES {
        return Err(Limit::LoreEntries.into());
    }
    Ok(Some(Lorebook {
        settings: settings(fields),
        entries: entries.into_iter().map(entry).collect(),
    }))
}

/// Entries by their numbers are as good as a list of them.
fn listed(entries: Option<Value>) -> Vec<Map<String, Value>> {
    let values: Vec<Value> = match entries {
        Some(Value::Array(values)) => values,
        Some(Value::Object(by_number)) => {
            let mut pairs: Vec<_> = by_number.into_iter().collect();
            pairs.sort_by_cached_key(|(key, _)| (key.parse::<u64>().ok(), key.clone()));
            pairs.into_iter().map(|(_, value)| value).collect()
        }
        _ => Vec::new(),
    };
    values.into_iter().filter_map(object).collect()
}

fn settings(mut fields: Map<String, Value>) -> LoreSettings {
    let unsaid = LoreSettings::default();
    let mut bounded = |key, most: i64| {
        let number = whole(&take(&mut fields, key)?)?;
        u32::try_from(number.clamp(0, most)).ok()
    };
    let scan_depth = bounded("scan_depth", MOST_SCANNED);
    let token_budget = bounded("token_budget", LARGEST_BUDGET);
    LoreSettings {
        name: said(&mut fields, "name"),
        description: said(&mut fields, "description"),
        scan_depth: scan_depth.unwrap_or(unsaid.scan_depth),
        token_budget: token_budget.unwrap_or(unsaid.token_budget),
        recursive_scanning: is_set(&mut fields, "recursive_scanning", unsaid.recursive_scanning),
        extensions: kept(fields, &BOOK_FIELDS),
    }
}

fn entry(mut fields: Map<String, Value>) -> LoreEntry {
    let unsaid = LoreEntry::default();
    let listed = |fields: &mut _, key| take(fields, key).map(|value| texts(&value));
    let number = |fields: &mut _, key| take(fields, key).and_then(|value| whole(&value));
    LoreEntry {
        name: said(&mut fields, "name"),
        comment: said(&mut fields, "comment"),
        keys: listed(&mut fields, "keys").unwrap_or_default(),
        secondary_keys: listed(&mut fields, "secondary_keys").unwrap_or_default(),
        selective: is_set(&mut fields, "selective", unsaid.selective),
        use_regex: is_set(&mut fields, "use_regex", unsaid.use_regex),
        case_sensitive: is_set(&mut fields, "case_sensitive", unsaid.case_sensitive),
        constant: is_set(&mut fields, "constant", unsaid.constant),
        enabled: is_set(&mut fields, "enabled", unsaid.enabled),
        content: said(&mut fields, "content"),
        insertion_order: number(&mut fields, "insertion_order").unwrap_or(unsaid.insertion_order),
        priority: number(&mut fields, "priority").unwrap_or(unsaid.priority),
        position: take(&mut fields, "position").map_or(unsaid.position, |value| position(&value)),
        extensions: kept(fields, &ENTRY_FIELDS),
    }
}

fn said(fields: &mut Map<String, Value>, key: &str) -> String {
    take(fields, key)
        .map(|value| text(&value))
        .unwrap_or_default()
}

fn is_set(fields: &mut Map<String, Value>, key: &str, unsaid: bool) -> bool {
    take(fields, key)
        .and_then(|value| flag(&value))
        .unwrap_or(unsaid)
}

/// Some programs write the position as a number.
fn position(value: &Value) -> LorePosition {
    match text(value).trim() {
        "after_char" | "1" => LorePosition::AfterChar,
        _ => LorePosition::BeforeChar,
    }
}

/// The extensions of a book or an entry with these other fields.
fn kept(mut fields: Map<String, Value>, known: &[&str]) -> Map<String, Value> {
    fields.retain(|key, value| {
        let is_empty = value.as_object().is_none_or(Map::is_empty);
        let says_nothing = (key == OWN && is_empty) || (key == "id" && value.is_null());
        !known.contains(&key.as_str()) && !says_nothing
    });
    match only_ours(&fields) {
        Some(ours) if !is_exact(ours, known) => ours.clone(),
        _ => fields,
    }
}

/// What stands alone under the key where a card keeps what it has no field for.
fn only_ours(fields: &Map<String, Value>) -> Option<&Map<String, Value>> {
    let own = sole(fields, OWN)?.as_object()?;
    let home = sole(own, home::KEY)?.as_object()?;
    sole(home, OWN)?.as_object()
}

fn sole<'a>(fields: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    fields.get(key).filter(|_| fields.len() == 1)
}

/// Whether a card with these fields gives these extensions.
fn is_exact(extensions: &Map<String, Value>, known: &[&str]) -> bool {
    kept(extensions.clone(), known) == *extensions
}

pub(super) fn write_v2(book: &Lorebook) -> Value {
    write(book, |entry, fields| {
        // This version doesn't know the field, so it is only there where it says something.
        if entry.use_regex {
            fields.insert("use_regex".to_owned(), true.into());
        }
    })
}

pub(super) fn write_v3(book: &Lorebook) -> Value {
    write(book, |entry, fields| {
        fields.insert("use_regex".to_owned(), entry.use_regex.into());
    })
}

fn write(book: &Lorebook, add: impl Fn(&LoreEntry, &mut Map<String, Value>)) -> Value {
    let settings = &book.settings;
    let entries: Vec<Value> = book
        .entries
        .iter()
        .map(|entry| {
            let mut fields = fields(&entry.extensions, &ENTRY_FIELDS, written(entry));
            add(entry, &mut fields);
            fields.into()
        })
        .collect();
    let known = json!({
        "name": settings.name,
        "description": settings.description,
        "scan_depth": settings.scan_depth,
        "token_budget": settings.token_budget,
        "recursive_scanning": settings.recursive_scanning,
        "entries": entries,
    });
    fields(&settings.extensions, &BOOK_FIELDS, known).into()
}

fn written(entry: &LoreEntry) -> Value {
    json!({
        "name": entry.name,
        "comment": entry.comment,
        "keys": entry.keys,
        "secondary_keys": entry.secondary_keys,
        "selective": entry.selective,
        "case_sensitive": entry.case_sensitive,
        "constant": entry.constant,
        "enabled": entry.enabled,
        "content": entry.content,
        "insertion_order": entry.insertion_order,
        "priority": entry.priority,
        "position": match entry.position {
            LorePosition::BeforeChar => "before_char",
            LorePosition::AfterChar => "after_char",
        },
    })
}

/// The fields of a book or an entry: those that we know, and what its extensions keep.
fn fields(extensions: &Map<String, Value>, known: &[&str], values: Value) -> Map<String, Value> {
    let mut fields = if is_exact(extensions, known) {
        extensions.clone()
    } else {
        let own = json!({ home::KEY: { OWN: extensions } });
        Map::from_iter([(OWN.to_owned(), own)])
    };
    fields.entry(OWN).or_insert_with(|| Map::new().into());
    if let Value::Object(values) = values {
        fields.extend(values);
    }
    fields
}
