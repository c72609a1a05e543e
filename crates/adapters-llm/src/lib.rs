//! Whoever speaks for the companions and whoever weighs what is said to them: an OpenAI-compatible endpoint, the
//! offline companion that needs none, an appraiser that works by a lexicon, and a reader of her expressions.

pub mod expressions;
pub mod lexicon;
pub mod offline;
pub mod openai;
