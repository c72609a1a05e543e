//! An OpenAI-compatible endpoint as a [`LanguageModel`](waifu_app::ports::language_model::LanguageModel).
//!
//! Requests are written with async-openai's types, but sent and read here. async-openai 0.43's own client pumps
//! events into an unbounded channel as fast as the provider sends, collects a line or an error's body of any length,
//! retries by itself, logs the bodies of 5xx answers, and loses the status of a 4xx whose body isn't OpenAI's. Here a
//! reply is read only as fast as it is asked for, a line and a body have limits, and every answer keeps its status.

mod chunk;
mod client;
mod errors;
mod request;
mod sse;
mod stream;
#[cfg(test)]
mod tests;

pub use client::{OpenAiModel, OpenAiOptions, OpenAiOptionsError, Timeouts};
