//! How she looks: told to the model, and to whoever draws her.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Appearance {
    pub hair: String,
    pub eyes: String,
    pub outfit: String,
    pub height: String,
    pub distinguishing_features: Vec<String>,
    #[serde(flatten)]
    pub extensions: Map<String, Value>,
}
