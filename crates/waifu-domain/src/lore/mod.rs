//! Lore: what there is to know of her world, told to the model when talk comes to it.

mod activate;
mod compiled;
mod decorators;
mod finder;
mod literals;
mod marked;
mod pattern;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use activate::{Activation, Cut, Fired, Place, Scan, Why, activate};
pub use compiled::{BrokenPattern, CompiledLorebook};
pub use pattern::KeyFault;

/// What a companion's author has written down of her world.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lorebook {
    pub settings: LoreSettings,
    pub entries: Vec<LoreEntry>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LoreSettings {
    pub name: String,
    pub description: String,
    /// How many of the newest messages are looked through for keys, 0 to 100.
    pub scan_depth: u32,
    /// Tokens that lore may take of a prompt, 0 to 32,768.
    pub token_budget: u32,
    /// Whether what entries say is looked through for keys as well.
    pub recursive_scanning: bool,
    /// Keys that nobody here knows: kept, and given back unchanged.
    pub extensions: Map<String, Value>,
}

impl Default for LoreSettings {
    fn default() -> Self {
        Self {
            name: String::new(),
            description: String::new(),
            scan_depth: 4,
            token_budget: 1024,
            recursive_scanning: false,
            extensions: Map::new(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a field of a card, and any may be set with any"
)]
pub struct LoreEntry {
    pub name: String,
    /// For authors; no model sees it.
    pub comment: String,
    /// Any of them brings the entry up.
    pub keys: Vec<String>,
    /// When `selective`, one of these has to be there too.
    pub secondary_keys: Vec<String>,
    pub selective: bool,
    /// Whether keys are regular expressions.
    pub use_regex: bool,
    pub case_sensitive: bool,
    /// It is always there, without any key.
    pub constant: bool,
    pub enabled: bool,
    /// What the model is told. Lines at its start that begin with `@@` are decorators.
    pub content: String,
    /// Smaller numbers stand earlier in the prompt.
    pub insertion_order: i64,
    /// Where the budget is too small, smaller numbers go first.
    pub priority: i64,
    pub position: LorePosition,
    /// Keys that nobody here knows: kept, and given back unchanged.
    pub extensions: Map<String, Value>,
}

/// Where in a prompt an entry stands, unless its decorators say otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LorePosition {
    #[default]
    BeforeChar,
    AfterChar,
}

impl Default for LoreEntry {
    fn default() -> Self {
        Self {
            name: String::new(),
            comment: String::new(),
            keys: Vec::new(),
            secondary_keys: Vec::new(),
            selective: false,
            use_regex: false,
            case_sensitive: false,
            constant: false,
            enabled: true,
            content: String::new(),
            insertion_order: 100,
            priority: 10,
            position: LorePosition::default(),
            extensions: Map::new(),
        }
    }
}
