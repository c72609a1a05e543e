//! Latencies in microseconds, and what a reader wants to know of them.

use std::time::Duration;

use serde::Serialize;

#[derive(Debug, Clone, Default)]
pub(crate) struct Latencies(Vec<u32>);

/// In microseconds; zero when nothing was measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Spread {
    pub(crate) p50: u32,
    pub(crate) p99: u32,
    pub(crate) max: u32,
}

impl Latencies {
    pub(crate) fn push(&mut self, latency: Duration) {
        self.0
            .push(u32::try_from(latency.as_micros()).unwrap_or(u32::MAX));
    }

    pub(crate) fn extend(&mut self, others: &Self) {
        self.0.extend_from_slice(&others.0);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn spread(&self) -> Spread {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        // The smallest latency that so many in a hundred do not exceed.
        let percentile = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100);
            sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0)
        };
        Spread {
            p50: percentile(50),
            p99: percentile(99),
            max: percentile(100),
        }
    }
}

/// As milliseconds, for people.
pub(crate) fn milliseconds(microseconds: u32) -> String {
    format!("{:.2}", f64::from(microseconds) / 1_000.0)
}

/// By how much the one is longer, in milliseconds.
pub(crate) fn added(longer: u32, shorter: u32) -> String {
    format!("{:+.2}", (f64::from(longer) - f64::from(shorter)) / 1_000.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Latencies, Spread, added, milliseconds};

    fn spread(microseconds: impl Iterator<Item = u64>) -> Spread {
        let mut latencies = Latencies::default();
        microseconds.for_each(|each| latencies.push(Duration::from_micros(each)));
        latencies.spread()
    }

    #[test]
    fn percentiles_are_latencies_that_were_measured() {
        let of_a_thousand = Spread {
            p50: 500,
            p99: 990,
            max: 1_000,
        };
        assert_eq!(spread((1..=1_000).rev()), of_a_thousand);
        assert_eq!(
            spread([7].into_iter()),
            Spread {
                p50: 7,
                p99: 7,
                max: 7
            }
        );
        assert_eq!(
            spread([1, 9].into_iter()),
            Spread {
                p50: 1,
                p99: 9,
                max: 9
            }
        );
        assert_eq!(spread([].into_iter()), Spread::default());
    }

    #[test]
    fn a_hundredth_of_slow_turns_is_not_in_the_99th_percentile_and_more_is() {
        let with_slow =
            |slow: usize| (0..1_000).map(move |number| if number < slow { 9_999 } else { 1 });
        assert_eq!(spread(with_slow(10)).p99, 1);
        assert_eq!(spread(with_slow(11)).p99, 9_999);
    }

    #[test]
    fn people_read_milliseconds() {
        assert_eq!(milliseconds(1_234), "1.23");
        assert_eq!(added(1_500, 1_000), "+0.50");
        assert_eq!(added(1_000, 1_500), "-0.50");
    }
}
