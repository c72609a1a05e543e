//! What was measured, as a table for people and as JSON.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::rc::Rc;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use crate::latency::{Latencies, Spread, added, milliseconds};
use crate::pace::Load;
use crate::processes::Memory;
use crate::rounds::Phase;
use crate::say;
use crate::target::Target;

#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    loads: Vec<UnderLoad>,
}

#[derive(Debug, Serialize)]
struct UnderLoad {
    load: String,
    targets: Vec<OfTarget>,
}

/// The undisturbed rounds of a target taken together, or all of them if there is none.
#[derive(Debug, Serialize)]
struct OfTarget {
    name: String,
    turns: usize,
    documents: usize,
    turns_per_second: f64,
    first_word: Spread,
    whole: Spread,
    /// Microseconds a turn.
    cpu: BTreeMap<String, u64>,
    errors: BTreeMap<String, u64>,
    /// Proportional shares in KiB, at the end of the last round.
    memory: BTreeMap<String, u64>,
    elsewhere_percent: u64,
    is_disturbed: bool,
    rounds: Vec<Phase>,
}

impl Report {
    /// Takes in the rounds of each target under a load, and says what they come to.
    pub(crate) fn add(&mut self, load: Load, targets: &[Rc<Target>], phases: Vec<Vec<Phase>>) {
        let targets = targets
            .iter()
            .zip(phases)
            .map(|(target, rounds)| OfTarget::of(&target.name, rounds))
            .collect();
        let under_load = UnderLoad {
            load: load.to_string(),
            targets,
        };
        under_load.say();
        self.loads.push(under_load);
    }

    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).context("failed to write down the report")?;
        fs::write(path, text).with_context(|| format!("failed to write {}", path.display()))
    }

    /// Turns that were lost, or that nobody asked for, are no measurement.
    pub(crate) fn hold_against_the_store(&self) -> Result<()> {
        let mut faults = Vec::new();
        for under_load in &self.loads {
            for target in &under_load.targets {
                for stored in target.rounds.iter().filter_map(|round| round.stored) {
                    if !stored.agrees() {
                        faults.push(format!(
                            "{} at {}: {} turns were seen done, {} failed, and {} are stored",
                            target.name, under_load.load, stored.seen, stored.failed, stored.stored
                        ));
                    }
                }
            }
        }
        if !faults.is_empty() {
            bail!(
                "the store does not hold what clients were told:\n  {}",
                faults.join("\n  ")
            );
        }
        Ok(())
    }
}

impl UnderLoad {
    fn say(&self) {
        say::line(&format!("\n{} (times in ms)", self.load));
        say::line(&format!(
            "  {:<14} {:>8} {:>9} | {:>9} {:>9} | {:>9} {:>9} {:>9} | {:>5} | CPU µs a turn",
            "target", "turns", "turns/s", "first p50", "p99", "whole p50", "p99", "max", "else%"
        ));
        for target in &self.targets {
            target.say();
        }
        if let Some((base, others)) = self.targets.split_first() {
            for other in others {
                other.say_what_it_adds_to(base);
                other.say_memory();
            }
        }
    }
}

impl OfTarget {
    fn of(name: &str, rounds: Vec<Phase>) -> Self {
        let is_disturbed = rounds.iter().all(Phase::is_disturbed);
        let counted = || {
            rounds
                .iter()
                .filter(|round| is_disturbed || !round.is_disturbed())
        };
        let (mut first_words, mut wholes) = (Latencies::default(), Latencies::default());
        let (mut cpu, mut errors) = (BTreeMap::<_, u64>::new(), BTreeMap::<_, u64>::new());
        for round in counted() {
            first_words.extend(&round.first_words);
            wholes.extend(&round.wholes);
            for (group, microseconds) in &round.cpu {
                *cpu.entry(group.clone()).or_default() += microseconds;
            }
            for (kind, times) in &round.errors {
                *errors.entry(kind.clone()).or_default() += times;
            }
        }
        let turns = wholes.len();
        let seconds: f64 = counted().map(|round| round.seconds).sum();
        for microseconds in cpu.values_mut() {
            *microseconds /= u64::try_from(turns).unwrap_or(u64::MAX).max(1);
        }
        Self {
            name: name.to_owned(),
            turns,
            documents: counted().map(|round| round.documents).sum(),
            turns_per_second: f64::from(u32::try_from(turns).unwrap_or(u32::MAX)) / seconds,
            first_word: first_words.spread(),
            whole: wholes.spread(),
            cpu,
            errors,
            memory: rounds.last().map(shares).unwrap_or_default(),
            elsewhere_percent: counted()
                .map(|round| round.elsewhere_percent)
                .max()
                .unwrap_or(0),
            is_disturbed,
            rounds,
        }
    }

    fn say(&self) {
        let Spread { p50, p99, max } = self.whole;
        let cpu: Vec<String> = self
            .cpu
            .iter()
            .map(|(name, time)| format!("{name} {time}"))
            .collect();
        say::line(&format!(
            "  {:<14} {:>8} {:>9.1} | {:>9} {:>9} | {:>9} {:>9} {:>9} | {:>4}{} | {}",
            self.name,
            self.turns,
            self.turns_per_second,
            milliseconds(self.first_word.p50),
            milliseconds(self.first_word.p99),
            milliseconds(p50),
            milliseconds(p99),
            milliseconds(max),
            self.elsewhere_percent,
            if self.is_disturbed { "!" } else { " " },
            cpu.join(", "),
        ));
        if self.documents > 0 {
            say::line(&format!(
                "  {:<14} answers in one document: its first word is the whole turn",
                ""
            ));
        }
        for (kind, times) in &self.errors {
            say::line(&format!("  {:<14} {times} errors: {kind}", ""));
        }
    }

    fn say_what_it_adds_to(&self, base: &Self) {
        say::line(&format!(
            "  {} adds to {}: first word {} ms (p50), {} ms (p99); whole turn {} ms (p50), {} ms (p99)",
            self.name,
            base.name,
            added(self.first_word.p50, base.first_word.p50),
            added(self.first_word.p99, base.first_word.p99),
            added(self.whole.p50, base.whole.p50),
            added(self.whole.p99, base.whole.p99),
        ));
    }

    fn say_memory(&self) {
        if self.memory.is_empty() {
            return;
        }
        let memory: Vec<String> = self
            .memory
            .iter()
            .map(|(name, kib)| format!("{name} {} MiB", kib / 1_024))
            .collect();
        say::line(&format!(
            "  {} has in memory: {}",
            self.name,
            memory.join(", ")
        ));
    }
}

fn shares(round: &Phase) -> BTreeMap<String, u64> {
    let share = |(name, memory): (&String, &Memory)| (name.clone(), memory.pss);
    round.memory.iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::{Latencies, OfTarget, Phase, Report, Spread, UnderLoad};
    use crate::processes::Memory;
    use crate::rounds::StoredCheck;

    fn phase(microseconds: u64, elsewhere_percent: u64, stored: u64) -> Phase {
        let mut latencies = Latencies::default();
        latencies.push(Duration::from_micros(microseconds));
        Phase {
            first_words: latencies.clone(),
            wholes: latencies,
            turns: 1,
            documents: 0,
            seconds: 0.5,
            first_word: Spread::default(),
            whole: Spread::default(),
            errors: BTreeMap::new(),
            cpu: BTreeMap::from([("server".to_owned(), 30)]),
            memory: BTreeMap::from([("server".to_owned(), Memory { rss: 9, pss: 7 })]),
            elsewhere_percent,
            stored: Some(StoredCheck {
                seen: 1,
                stored,
                failed: 0,
            }),
        }
    }

    #[test]
    fn disturbed_rounds_do_not_count_unless_all_are() {
        let of = OfTarget::of(
            "server",
            vec![phase(10, 0, 1), phase(99, 50, 1), phase(20, 3, 1)],
        );
        assert_eq!((of.turns, of.whole.max, of.elsewhere_percent), (2, 20, 3));
        assert_eq!((of.cpu["server"], of.is_disturbed), (30, false));
        assert_eq!(of.memory["server"], 7);
        assert!((of.turns_per_second - 2.0).abs() < 1e-9);
        let of = OfTarget::of("server", vec![phase(99, 50, 1)]);
        assert_eq!((of.whole.max, of.is_disturbed), (99, true));
    }

    #[test]
    fn a_lost_turn_fails_the_run_in_whatever_round_it_was() {
        let report = |stored| Report {
            loads: vec![UnderLoad {
                load: "16 in flight".to_owned(),
                targets: vec![OfTarget::of(
                    "server",
                    vec![phase(1, 0, 1), phase(1, 99, stored)],
                )],
            }],
        };
        report(1).hold_against_the_store().unwrap();
        let fault = report(0).hold_against_the_store().unwrap_err().to_string();
        assert!(
            fault.contains("server at 16 in flight: 1 turns were seen done"),
            "{fault}"
        );
    }
}
