//! In which language, and as where, a user wants to be spoken to.

use std::fmt;

use icu_locale_core::LanguageIdentifier;
use serde::{Deserialize, Serialize};

/// A BCP 47 tag of a language, and perhaps a script, a region and variants, as they are written by convention: `pt-BR`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Locale(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a BCP 47 language tag, such as en or pt-BR")]
pub struct NotALocale;

/// In characters, as RFC 5646 advises.
const LONGEST: usize = 35;

impl Locale {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Locale {
    type Error = NotALocale;

    fn try_from(text: String) -> Result<Self, NotALocale> {
        let tag = LanguageIdentifier::try_from_str(&text).map_err(|_| NotALocale)?;
        if text.len() > LONGEST || tag.language.is_unknown() {
            return Err(NotALocale);
        }
        Ok(Self(tag.to_string()))
    }
}

impl From<Locale> for String {
    fn from(locale: Locale) -> Self {
        locale.0
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_written_by_convention_and_nothing_else_is_one() {
        let read = |text: &str| Locale::try_from(text.to_owned()).map(String::from);
        assert_eq!(read("EN"), Ok("en".to_owned()));
        assert_eq!(read("pt-br"), Ok("pt-BR".to_owned()));
        assert_eq!(read("zh-hant-tw"), Ok("zh-Hant-TW".to_owned()));
        let long = format!("de{}", "-1996".repeat(9));
        for text in ["", "e", "english please", "en-", "und", "e\u{301}n", &long] {
            assert_eq!(read(text), Err(NotALocale), "{text}");
        }
    }
}
