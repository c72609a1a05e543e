//! The rule book and the file that it comes from, so that what is wrong with it is told with its place.

use std::sync::Arc;

use anyhow::Context;
use waifu_app::use_cases::SeedCatalogueError;
use waifu_domain::affection::{RuleBook, RuleBookError, line_of};

use crate::settings::RulesSettings;

#[derive(Debug, Clone)]
pub struct Rules {
    pub book: Arc<RuleBook>,
    /// As an operator knows it.
    file: String,
    text: Arc<str>,
}

impl Rules {
    /// The file of the settings, or the shipped one.
    pub fn load(settings: &RulesSettings) -> anyhow::Result<Self> {
        let file = &settings.file;
        if file.is_empty() {
            return Ok(Self {
                book: Arc::new(RuleBook::shipped()),
                file: "the shipped rule book".to_owned(),
                text: RuleBook::SHIPPED_TEXT.into(),
            });
        }
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("failed to read the rule book {file}"))?;
        let book = RuleBook::from_toml(&text);
        let book = book.map_err(|error| refused(file, error.line, error))?;
        Ok(Self {
            book: Arc::new(book),
            file: file.clone(),
            text: text.into(),
        })
    }

    /// What keeps a catalogue from being used with this rule book, and where that stands in its file.
    pub fn explain(&self, error: SeedCatalogueError) -> anyhow::Error {
        match error {
            SeedCatalogueError::RuleBook(error) => {
                refused(&self.file, line_of(&self.text, &error.path), error)
            }
            SeedCatalogueError::Store(error) => error.into(),
        }
    }
}

fn refused(file: &str, line: Option<usize>, error: RuleBookError) -> anyhow::Error {
    let line = line.map_or_else(String::new, |line| format!(", line {line}"));
    anyhow::Error::new(error).context(format!("failed to accept {file}{line}"))
}
