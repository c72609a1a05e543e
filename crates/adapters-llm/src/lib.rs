//! Whoever speaks for the companions and whoever weighs what is said to them: an OpenAI-compatible endpoint, the
//! offline companion that needs none, and an appraiser that works by a lexicon.

pub mod lexicon;
pub mod offline;
pub mod openai;
