//! What processes use, as the kernel tells it: CPU time and memory, each with all its descendants.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};
use serde::Serialize;

/// The kernel counts hundredths of a second for programs, whatever its own ticks are.
const TICK_IN_MICROSECONDS: u64 = 10_000;

/// Counted since the machine or the processes started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CpuTimes {
    /// Microseconds of each group of processes, by its name.
    groups: BTreeMap<String, u64>,
    /// Of everything on this machine, with what the hypervisor took from it.
    machine: u64,
}

/// Between two readings, in microseconds.
#[derive(Debug, Default, Serialize)]
pub(crate) struct CpuUse {
    pub(crate) groups: BTreeMap<String, u64>,
    /// What none of the groups used.
    pub(crate) elsewhere: u64,
}

impl CpuTimes {
    /// Reads the times of these processes, by name.
    pub(crate) fn read(processes: &BTreeMap<String, u32>) -> Result<Self> {
        let all = stats();
        let groups = processes.iter().map(|(name, root)| {
            let ticks: u64 = tree(*root, &all).iter().map(|id| all[id].ticks).sum();
            (name.clone(), ticks * TICK_IN_MICROSECONDS)
        });
        let machine = fs::read_to_string("/proc/stat").context("failed to read /proc/stat")?;
        Ok(Self {
            groups: groups.collect(),
            machine: machine_ticks(&machine) * TICK_IN_MICROSECONDS,
        })
    }

    pub(crate) fn since(&self, earlier: &Self) -> CpuUse {
        let groups: BTreeMap<String, u64> = self
            .groups
            .iter()
            .map(|(name, time)| {
                let before = earlier.groups.get(name).copied().unwrap_or_default();
                (name.clone(), time.saturating_sub(before))
            })
            .collect();
        let ours: u64 = groups.values().sum();
        CpuUse {
            elsewhere: (self.machine - earlier.machine).saturating_sub(ours),
            groups,
        }
    }
}

/// In KiB.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Memory {
    /// Resident, with what is shared counted for each process that shares it.
    pub(crate) rss: u64,
    /// Resident, with what is shared divided among those that share it.
    pub(crate) pss: u64,
}

impl Memory {
    /// Of a process and its descendants.
    pub(crate) fn of(root: u32) -> Self {
        let all = stats();
        tree(root, &all)
            .iter()
            .filter_map(|id| fs::read_to_string(format!("/proc/{id}/smaps_rollup")).ok())
            .map(|text| Self::in_rollup(&text))
            .fold(Self::default(), |sum, each| Self {
                rss: sum.rss + each.rss,
                pss: sum.pss + each.pss,
            })
    }

    fn in_rollup(text: &str) -> Self {
        let field = |name: &str| {
            text.lines()
                .find_map(|line| {
                    line.strip_prefix(name)?
                        .split_whitespace()
                        .next()?
                        .parse()
                        .ok()
                })
                .unwrap_or(0)
        };
        Self {
            rss: field("Rss:"),
            pss: field("Pss:"),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Stat {
    parent: u32,
    /// User and system time of the process and of those of its children that have ended.
    ticks: u64,
}

fn stats() -> BTreeMap<u32, Stat> {
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|id: u32| {
            // One that ended meanwhile is counted by its parent.
            let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
            Some((id, stat_in(&text)?))
        })
        .collect()
}

fn stat_in(text: &str) -> Option<Stat> {
    // The name before may hold spaces and brackets of its own.
    let (_, after_name) = text.rsplit_once(") ")?;
    let fields: Vec<&str> = after_name.split(' ').collect();
    let ticks = fields
        .get(11..15)?
        .iter()
        .map(|field| field.parse::<u64>().ok());
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        ticks: ticks.sum::<Option<u64>>()?,
    })
}

fn tree(root: u32, all: &BTreeMap<u32, Stat>) -> Vec<u32> {
    let mut found: Vec<u32> = all
        .contains_key(&root)
        .then_some(root)
        .into_iter()
        .collect();
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(
            all.iter()
                .filter(|(_, stat)| stat.parent == parent)
                .map(|(id, _)| *id),
        );
        next += 1;
    }
    found
}

/// User, nice, system and stolen time. What interrupts take belongs to nobody, so it is nobody's disturbance.
fn machine_ticks(text: &str) -> u64 {
    let fields: Vec<u64> = text
        .lines()
        .next()
        .into_iter()
        .flat_map(|line| line.split_whitespace().skip(1))
        .filter_map(|field| field.parse().ok())
        .collect();
    [0, 1, 2, 7]
        .iter()
        .filter_map(|place| fields.get(*place))
        .sum()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{CpuTimes, Memory, Stat, machine_ticks, stat_in, tree};

    #[test]
    fn a_process_is_read_whatever_its_name_is() {
        let text = "42 (a) b (c) S 7 42 42 0 -1 4194304 0 0 0 0 10 20 3 4 20 0 9 0 100 0 0";
        assert_eq!(
            stat_in(text),
            Some(Stat {
                parent: 7,
                ticks: 37
            })
        );
        assert_eq!(stat_in("42 (a) S 7"), None);
    }

    #[test]
    fn a_tree_has_all_descendants_and_nobody_else() {
        let parents = [(1, 0), (5, 1), (6, 1), (9, 5), (10, 9), (11, 6)];
        let all = parents
            .map(|(id, parent)| (id, Stat { parent, ticks: 1 }))
            .into();
        assert_eq!(tree(5, &all), [5, 9, 10]);
        assert!(tree(77, &all).is_empty());
    }

    #[test]
    fn interrupts_and_idleness_are_nobodys() {
        assert_eq!(
            machine_ticks("cpu  100 2 30 9999 50 6 7 4 0 0\ncpu0 1 1 1 1\n"),
            136
        );
    }

    #[test]
    fn what_no_group_used_was_used_elsewhere() {
        let times = |server: u64, machine: u64| CpuTimes {
            groups: BTreeMap::from([("server".to_owned(), server)]),
            machine,
        };
        let used = times(50, 200).since(&times(20, 100));
        assert_eq!((used.groups["server"], used.elsewhere), (30, 70));
    }

    #[test]
    fn memory_is_read_from_a_rollup() {
        let text =
            "55e0-7fff ---p 0 00:00 0 [rollup]\nRss:   1234 kB\nPss:    567 kB\nPss_Dirty: 1 kB\n";
        assert_eq!(
            Memory::in_rollup(text),
            Memory {
                rss: 1_234,
                pss: 567
            }
        );
    }
}
