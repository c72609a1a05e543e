//! The GraphQL door: the same acts in other words.

mod account;
mod acts;
mod answers;
mod cost;
mod doors;
pub(crate) mod frames;
mod listening;
mod lists;
mod operating;
mod pace;
mod sockets;
mod subscriptions;
mod talk;

use serde_json::{Value, json};

fn nodes(connection: &Value) -> Vec<Value> {
    let edges = connection["edges"]
        .as_array()
        .unwrap_or_else(|| panic!("{connection}"));
    edges.iter().map(|edge| edge["node"].clone()).collect()
}

/// Fields whose words are one of a few.
const ENUMS: [&str; 9] = [
    "kind", "state", "stage", "mood", "role", "status", "reason", "type", "emotion",
];

/// What REST tells in the words of GraphQL, as far as `asked` names it.
fn in_graphql(rest: &Value, asked: &Value) -> Value {
    match (rest, asked) {
        (Value::Array(rest), Value::Array(asked)) if rest.len() == asked.len() => {
            let items = rest.iter().zip(asked);
            items.map(|(rest, asked)| in_graphql(rest, asked)).collect()
        }
        (Value::Object(fields), Value::Object(asked)) => {
            let field = |(name, asked): (&String, &Value)| {
                let told = fields.get(&in_snake_case(name)).unwrap_or(&Value::Null);
                let is_one_of_a_few = ENUMS.contains(&name.as_str());
                let told = match told.as_str() {
                    Some(word) if is_one_of_a_few => Value::from(word.to_uppercase()),
                    // What REST leaves out.
                    None if told.is_null() && asked.is_array() => json!([]),
                    None if told.is_null() && asked.is_boolean() => json!(false),
                    _ => in_graphql(told, asked),
                };
                (name.clone(), told)
            };
            asked.iter().map(field).collect()
        }
        _ => rest.clone(),
    }
}

fn in_snake_case(name: &str) -> String {
    let letters = name.chars().flat_map(|letter| {
        let new_word = letter.is_uppercase().then_some('_');
        new_word.into_iter().chain(letter.to_lowercase())
    });
    letters.collect()
}
