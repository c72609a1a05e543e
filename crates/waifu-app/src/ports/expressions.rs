//! What her words show of how she feels.

use async_trait::async_trait;
use waifu_domain::turn::Emotion;

#[async_trait]
pub trait Expressions: std::fmt::Debug + Send + Sync {
    /// Of a whole reply. Always answers: one that shows nothing is `Neutral`.
    async fn read(&self, words: &str) -> Emotion;
}
