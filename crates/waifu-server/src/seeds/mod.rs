//! What operators bring into the store from files: the house's companions, and gifts, dates and events. Shipped in the
//! program, or read from a folder of an operator's own.

mod catalogue;
mod companions;
pub mod demo;
mod files;

use std::path::Path;

use anyhow::{Context, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use waifu_app::use_cases::{SeedCatalogue, SeedEntry, SeedReport, SeedWaifu, SeedWaifus};

use crate::rules::Rules;
use crate::say;

/// All that was read, and is valid by itself.
#[derive(Debug)]
pub struct Seeds {
    companions: Vec<SeedWaifu>,
    catalogue: Vec<SeedEntry>,
}

/// What brings seeds into one store.
#[derive(Debug, Clone)]
pub struct Planter {
    pub waifus: SeedWaifus,
    pub catalogue: SeedCatalogue,
    pub rules: Rules,
}

impl Seeds {
    pub fn shipped() -> anyhow::Result<Self> {
        Self::parse(&files::Files::shipped())
    }

    /// From the folders `companions`, `gifts`, `dates` and `events` in `folder`; any of them may be missing, but not
    /// all. Refused as a whole when one file is wrong.
    pub fn from_folder(folder: &Path) -> anyhow::Result<Self> {
        let files = files::Files::read(folder)?;
        ensure!(
            !files.is_empty(),
            "there is no .toml file in the folders companions, gifts, dates or events of {}",
            folder.display()
        );
        Self::parse(&files)
    }

    fn parse(files: &files::Files) -> anyhow::Result<Self> {
        Ok(Self {
            companions: companions::parse(&files.companions)?,
            catalogue: catalogue::parse(files)?,
        })
    }
}

impl Planter {
    /// Brings all of it in, and says what became of each kind.
    pub async fn plant(&self, seeds: Seeds) -> anyhow::Result<()> {
        if !seeds.catalogue.is_empty() {
            self.plant_catalogue(seeds.catalogue).await?;
        }
        if !seeds.companions.is_empty() {
            self.plant_companions(seeds.companions).await?;
        }
        Ok(())
    }

    /// Brings the shipped seeds in, as far as the store has none of their kind.
    pub async fn plant_missing(&self) -> anyhow::Result<()> {
        let wants_companions = self.waifus.is_wanted().await?;
        let wants_catalogue = self.catalogue.is_wanted().await?;
        if !wants_companions && !wants_catalogue {
            return Ok(());
        }
        let seeds = Seeds::shipped()?;
        if wants_catalogue {
            self.plant_catalogue(seeds.catalogue).await?;
        }
        if wants_companions {
            self.plant_companions(seeds.companions).await?;
        }
        Ok(())
    }

    /// Whether the rule book fits what is stored.
    pub async fn check(&self) -> anyhow::Result<()> {
        let fits = self.catalogue.check().await;
        fits.map_err(|error| self.rules.explain(error))
            .context("failed to start with the stored catalogue")
    }

    async fn plant_companions(&self, companions: Vec<SeedWaifu>) -> anyhow::Result<()> {
        let bar = progress("companions", companions.len() as u64)?;
        let mut tally = Tally::default();
        for companion in companions {
            let key = companion.key.to_string();
            let report = self.waifus.execute(companion).await;
            tally.count(
                report.with_context(|| format!("failed to seed {key}"))?,
                key,
            );
            bar.inc(1);
        }
        bar.finish_and_clear();
        tally.say("companions");
        Ok(())
    }

    async fn plant_catalogue(&self, entries: Vec<SeedEntry>) -> anyhow::Result<()> {
        let places: Vec<_> = entries
            .iter()
            .map(|entry| (catalogue::kind(&entry.definition), entry.key.to_string()))
            .collect();
        let reports = self.catalogue.execute(entries).await;
        let reports = reports
            .map_err(|error| self.rules.explain(error))
            .context("failed to seed the catalogue")?;
        for kind in ["gifts", "dates", "events"] {
            let mut tally = Tally::default();
            let of_kind = places.iter().zip(&reports).filter(|((k, _), _)| *k == kind);
            for ((_, key), report) in of_kind {
                tally.count(*report, key.clone());
            }
            tally.say(kind);
        }
        Ok(())
    }
}

/// A bar on a terminal, nothing elsewhere.
pub fn progress(message: &'static str, length: u64) -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len}")?;
    Ok(ProgressBar::new(length)
        .with_style(style)
        .with_message(message))
}

#[derive(Debug, Default)]
struct Tally {
    added: usize,
    updated: usize,
    unchanged: usize,
    kept: Vec<String>,
}

impl Tally {
    fn count(&mut self, report: SeedReport, key: String) {
        match report {
            SeedReport::Added => self.added += 1,
            SeedReport::Updated => self.updated += 1,
            SeedReport::Unchanged => self.unchanged += 1,
            SeedReport::Kept => self.kept.push(key),
        }
    }

    fn say(&self, kind: &str) {
        let Self {
            added,
            updated,
            unchanged,
            kept,
        } = self;
        if added + updated + unchanged + kept.len() == 0 {
            return;
        }
        say::line(&format!(
            "{kind}: {added} added, {updated} updated, {unchanged} unchanged, {} kept as edited",
            kept.len()
        ));
        if !kept.is_empty() {
            say::line(&format!("  kept: {}", kept.join(", ")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_seeds_are_valid_and_fit_the_shipped_rule_book() {
        let seeds = Seeds::shipped().unwrap();
        let count = |kind| {
            let kinds = seeds
                .catalogue
                .iter()
                .map(|entry| catalogue::kind(&entry.definition));
            kinds.filter(|other| *other == kind).count()
        };
        assert!(seeds.companions.len() >= 4);
        assert!(count("gifts") >= 24, "there are {}", count("gifts"));
        assert!(count("dates") >= 10, "there are {}", count("dates"));
        assert!(count("events") >= 12, "there are {}", count("events"));
        let catalogue = catalogue::whole(&seeds.catalogue);
        waifu_domain::affection::RuleBook::shipped()
            .check_against(&catalogue)
            .unwrap();
    }

    #[test]
    fn whatever_is_asked_for_can_be_unlocked() {
        let catalogue = catalogue::whole(&Seeds::shipped().unwrap().catalogue);
        let events = catalogue.events.values();
        let granted: std::collections::BTreeSet<_> = events
            .clone()
            .flat_map(|event| {
                let chosen = event.choices.iter().flat_map(|choice| &choice.unlocks);
                chosen.chain(&event.on_expiry.unlocks)
            })
            .collect();
        let asked = catalogue.gifts.values().flat_map(|gift| &gift.requires);
        let asked = asked.chain(catalogue.dates.values().flat_map(|date| &date.requires));
        let mut asked = asked.chain(events.flat_map(|event| &event.requires.unlocked));
        assert!(asked.all(|name| granted.contains(name)));
    }

    fn refused(file: &str, text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        format!("{:#}", Seeds::from_folder(folder.path()).unwrap_err())
    }

    #[test]
    fn a_wrong_file_is_refused_with_its_name_line_key_and_why() {
        let companion = "key = \"iris\"\nname = \"Iris\"\n[personality]\n[stats]\nwarmth = 130\n";
        let error = refused("companions/iris.toml", companion);
        for part in ["iris.toml", "line 5", "warmth", "0 to 100"] {
            assert!(error.contains(part), "{error}");
        }
        let gift = "[rock]\nname = \"A rock\"\ndescription = \"Grey.\"\ntags = []\nbase = 11\n";
        let error = refused("gifts/stones.toml", gift);
        for part in ["stones.toml", "line 5", "base", "must be 1 to 10, is 11"] {
            assert!(error.contains(part), "{error}");
        }
        let event = "[rain]\ntitle = \"Rain\"\nscene = \"It rains.\"\ntrigger = { on = \"level\", level = 1 }\n\
                     repeat = { cooldown_days = 2 }\n[[rain.choices]]\nkey = \"stay\"\nlabel = \"Stay\"\neffect = 1\nline = \"Dry.\"\n";
        let error = refused("events/rain.toml", event);
        for part in ["rain.toml", "line 1", "rain", "repeat", "at least 7 days"] {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_key_that_two_files_have_is_refused_with_both_names() {
        let folder = tempfile::tempdir().unwrap();
        let gifts = folder.path().join("gifts");
        std::fs::create_dir(&gifts).unwrap();
        let gift = "[rock]\nname = \"A rock\"\ndescription = \"Grey.\"\ntags = []\nbase = 1\n";
        for name in ["a.toml", "b.toml"] {
            std::fs::write(gifts.join(name), gift).unwrap();
        }
        let error = format!("{:#}", Seeds::from_folder(folder.path()).unwrap_err());
        assert!(error.contains("a.toml") && error.contains("b.toml") && error.contains("rock"));
    }

    #[test]
    fn a_folder_without_seeds_is_refused_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let error = Seeds::from_folder(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains(&folder.path().display().to_string()),
            "{error}"
        );
    }
}
