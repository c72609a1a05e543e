//! What can be given and done together, and what comes up.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use waifu_app::ports::store::{CatalogueEntry, Definition};
use waifu_domain::catalogue::{DatePlan, Gift};
use waifu_domain::events::{EventDefinition, Trigger};

use super::{fresh, moment, slug};

/// As a person wrote it, in its first version.
pub fn entry(key: &str, definition: Definition) -> CatalogueEntry {
    CatalogueEntry {
        id: fresh(),
        key: slug(key),
        definition,
        version: 1,
        seeded_version: None,
        created_at: moment(0),
        updated_at: moment(0),
        retired_at: None,
    }
}

/// Four points, for strangers too; [`super::profile`] neither likes nor dislikes it.
pub fn gift() -> Gift {
    catalogue_document(json!({
        "name": "A paper crane",
        "description": "Folded on the way here.",
        "tags": ["paper"],
        "base": 4,
    }))
}

/// Five points, once a day, for strangers too; [`super::profile`] neither likes nor dislikes it.
pub fn date_plan() -> DatePlan {
    catalogue_document(json!({
        "name": "A walk",
        "description": "Along the river, as far as the second bridge.",
        "tags": ["outdoors"],
        "base": 5,
        "cooldown_hours": 24,
    }))
}

/// Waits for so many days, and comes up again a week after it is over. `yes` gives 3 points and unlocks `said_yes`,
/// `no` takes 2; when nobody answers, `let_go` is unlocked.
pub fn event(trigger: &Trigger, lifetime_days: u16) -> EventDefinition {
    catalogue_document(json!({
        "title": "A letter",
        "scene": "She has found a letter under the door.",
        "trigger": trigger,
        "repeat": {"cooldown_days": 7},
        "lifetime_days": lifetime_days,
        "choices": [
            {
                "key": "yes",
                "label": "Read it aloud",
                "effect": 3,
                "unlocks": ["said_yes"],
                "line": "He reads it to her.",
            },
            {"key": "no", "label": "Throw it away", "effect": -2, "line": "He throws it away."},
        ],
        "on_expiry": {"words": "The letter is gone.", "unlocks": ["let_go"]},
    }))
}

/// What `yes` passes and `no` does not; it waits for as long as it takes.
pub fn gate() -> EventDefinition {
    catalogue_document(json!({
        "title": "A confession",
        "scene": "She has something to say.",
        "trigger": Trigger::Gate,
        "choices": [
            {
                "key": "yes",
                "label": "Say yes",
                "effect": 10,
                "passes_gate": true,
                "line": "He says yes.",
            },
            {"key": "no", "label": "Say no", "effect": 0, "line": "He says no."},
        ],
    }))
}

/// A gift, a date or an event, as operators write them.
pub fn catalogue_document<T: DeserializeOwned>(document: Value) -> T {
    serde_json::from_value(document).expect("the definition is valid")
}
