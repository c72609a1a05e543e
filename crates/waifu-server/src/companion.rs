//! Who speaks for the companions, as clients and operators are told.

use serde::Serialize;
use utoipa::ToSchema;
use waifu_app::ports::language_model::ModelKind;

/// `model`: a language model. `offline`: the built-in companion, which works by rules and is no model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Companion {
    Model,
    Offline,
}

impl From<ModelKind> for Companion {
    fn from(kind: ModelKind) -> Self {
        match kind {
            ModelKind::Model => Self::Model,
            ModelKind::Offline => Self::Offline,
        }
    }
}
