//! Shapes for snapshots: what differs between two runs of the same scenario is replaced by what it is.

use serde_json::Value;
use uuid::Uuid;

/// Keys whose values are words of somebody's own, what they show, or secrets.
const WORDS: [&str; 7] = [
    "text",
    "emotion",
    "access_token",
    "refresh_token",
    "companion",
    "scene",
    "label",
];

pub(crate) fn shape(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let field = |(key, value): (&String, &Value)| {
                let hidden = WORDS.contains(&key.as_str()) && value.is_string();
                (
                    key.clone(),
                    if hidden {
                        Value::from(format!("[{key}]"))
                    } else {
                        shape(value)
                    },
                )
            };
            fields.iter().map(field).collect()
        }
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::String(text) if text.parse::<Uuid>().is_ok() => Value::from("[id]"),
        Value::String(text) if is_time(text) => Value::from("[time]"),
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => value.clone(),
    }
}

/// RFC 3339 in UTC with microseconds: 2026-01-05T18:00:00.123456Z
fn is_time(text: &str) -> bool {
    let form = "0000-00-00T00:00:00.000000Z";
    let fits = |(c, f): (char, char)| if f == '0' { c.is_ascii_digit() } else { c == f };
    text.len() == form.len() && text.chars().zip(form.chars()).all(fits)
}
