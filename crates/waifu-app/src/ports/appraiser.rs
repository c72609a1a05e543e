//! How a message was meant, on the closed scale.

use async_trait::async_trait;
use waifu_domain::affection::Appraisal;

#[async_trait]
pub trait Appraiser: std::fmt::Debug + Send + Sync {
    /// Always answers: an appraiser that can't tell says `Neutral`.
    async fn appraise(&self, text: &str) -> Appraisal;
}
