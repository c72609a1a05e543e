//! The measurement itself: every load in rounds, and in every round every target, one after another, so that whatever
//! else the machine does falls on all of them.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde::Serialize;

use crate::latency::{Latencies, Spread};
use crate::pace::{Load, drive};
use crate::processes::{CpuTimes, Memory};
use crate::report::Report;
use crate::target::Target;

/// Turns that nobody counts, before the first round of a load.
const WARM_UP: Duration = Duration::from_secs(1);
/// Who else uses more than so much of one core, in hundredths, disturbs a round.
const DISTURBED_ABOVE: u64 = 25;

/// The name under which the client's own CPU time is told.
const CLIENT: &str = "client";

#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) seconds: u32,
    pub(crate) rounds: u32,
    /// A disturbed round is measured again so often.
    pub(crate) retries: u32,
}

/// One target under one load for one time.
#[derive(Debug, Serialize)]
pub(crate) struct Phase {
    #[serde(skip)]
    pub(crate) first_words: Latencies,
    #[serde(skip)]
    pub(crate) wholes: Latencies,
    /// Turns that ended well.
    pub(crate) turns: usize,
    /// Those of them that were answered by one document instead of a stream.
    pub(crate) documents: usize,
    pub(crate) seconds: f64,
    pub(crate) first_word: Spread,
    pub(crate) whole: Spread,
    pub(crate) errors: BTreeMap<String, u64>,
    /// Microseconds that each group of processes used in this phase.
    pub(crate) cpu: BTreeMap<String, u64>,
    /// What each group of processes has at the end of it.
    pub(crate) memory: BTreeMap<String, Memory>,
    /// What everything else on the machine used, in hundredths of one core.
    pub(crate) elsewhere_percent: u64,
    pub(crate) stored: Option<StoredCheck>,
}

/// Turns that clients saw done, and those that the store has more than before.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct StoredCheck {
    pub(crate) seen: u64,
    pub(crate) stored: u64,
    pub(crate) failed: u64,
}

impl StoredCheck {
    /// A turn that a client gave up on may be stored or not; any other is stored once.
    pub(crate) fn agrees(self) -> bool {
        (self.seen..=self.seen + self.failed).contains(&self.stored)
    }
}

impl Phase {
    pub(crate) fn is_disturbed(&self) -> bool {
        self.elsewhere_percent > DISTURBED_ABOVE
    }
}

/// Measures everything, says what came of each load, and returns all of it.
pub(crate) async fn run(targets: &[Rc<Target>], loads: &[Load], plan: Plan) -> Result<Report> {
    ensure!(!targets.is_empty(), "there is no target");
    let mut processes = BTreeMap::from([(CLIENT.to_owned(), std::process::id())]);
    processes.extend(targets.iter().flat_map(|target| target.processes.clone()));
    let mut report = Report::default();
    for &load in loads {
        for target in targets {
            drive(target, load, WARM_UP).await;
        }
        let mut phases: Vec<Vec<Phase>> = targets.iter().map(|_| Vec::new()).collect();
        for _ in 0..plan.rounds {
            for (target, phases) in targets.iter().zip(&mut phases) {
                let mut phase = measure(target, load, plan, &processes).await?;
                for _ in 0..plan.retries {
                    if phase.is_disturbed() {
                        phase = measure(target, load, plan, &processes).await?;
                    }
                }
                phases.push(phase);
            }
        }
        report.add(load, targets, phases);
    }
    Ok(report)
}

async fn measure(
    target: &Rc<Target>,
    load: Load,
    plan: Plan,
    processes: &BTreeMap<String, u32>,
) -> Result<Phase> {
    let stored_before = count(target).await?;
    let before = CpuTimes::read(processes)?;
    let outcome = drive(target, load, Duration::from_secs(plan.seconds.into())).await;
    let used = CpuTimes::read(processes)?.since(&before);
    let stored_after = count(target).await?;
    let microseconds = u64::try_from(outcome.took.as_micros())
        .unwrap_or(u64::MAX)
        .max(1);
    let failed = outcome.errors.values().sum();
    let stored = stored_before
        .zip(stored_after)
        .map(|(before, after)| StoredCheck {
            seen: u64::try_from(outcome.whole.len()).unwrap_or(u64::MAX),
            stored: after.saturating_sub(before),
            failed,
        });
    Ok(Phase {
        turns: outcome.whole.len(),
        documents: outcome.documents,
        seconds: outcome.took.as_secs_f64(),
        first_word: outcome.first_word.spread(),
        whole: outcome.whole.spread(),
        first_words: outcome.first_word,
        wholes: outcome.whole,
        errors: outcome.errors,
        elsewhere_percent: used.elsewhere * 100 / microseconds,
        cpu: used
            .groups
            .into_iter()
            .filter(|(name, _)| name == CLIENT || target.processes.contains_key(name))
            .collect(),
        memory: target
            .processes
            .iter()
            .map(|(name, process)| (name.clone(), Memory::of(*process)))
            .collect(),
        stored,
    })
}

async fn count(target: &Target) -> Result<Option<u64>> {
    match &target.stored {
        Some(stored) => Ok(Some(stored.count(target.cast.as_ref()).await?)),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::StoredCheck;

    #[test]
    fn every_turn_that_was_seen_done_must_be_stored_and_no_other_unless_it_was_given_up_on() {
        let agrees = |seen, stored, failed| {
            StoredCheck {
                seen,
                stored,
                failed,
            }
            .agrees()
        };
        assert!(agrees(10, 10, 0) && agrees(10, 11, 2));
        assert!(!agrees(10, 9, 5) && !agrees(10, 11, 0));
    }
}
