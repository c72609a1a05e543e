//! How much is measured: what was asked for on the command line, or what is usual.

use super::Options;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scale {
    pub(super) users: u32,
    pub(super) companions: u32,
    /// Turns that each relationship has behind it.
    pub(super) history: u32,
    pub(super) seconds: u32,
    pub(super) rounds: u32,
    pub(super) retries: u32,
    pub(super) in_flight: Vec<u32>,
    pub(super) per_second: Vec<u32>,
    pub(super) sockets: u32,
    pub(super) streams: u32,
}

const WHOLE: Scale = Scale {
    users: 1_000,
    companions: 2,
    history: 20,
    seconds: 5,
    rounds: 3,
    retries: 2,
    in_flight: Vec::new(),
    per_second: Vec::new(),
    sockets: 1_000,
    streams: 500,
};

/// Shows that everything works; its figures are good for nothing else.
const QUICK: Scale = Scale {
    users: 100,
    companions: 2,
    history: 3,
    seconds: 1,
    rounds: 1,
    retries: 0,
    in_flight: Vec::new(),
    per_second: Vec::new(),
    sockets: 100,
    streams: 50,
};

/// As `turn-load hold` does.
const WARM_UP_STREAMS: u32 = 32;

impl Scale {
    pub(super) fn of(options: &Options) -> Self {
        let (usual, in_flight, per_second): (_, &[u32], &[u32]) = if options.quick {
            (QUICK, &[16], &[10, 100])
        } else {
            (WHOLE, &[16, 64], &[10, 100, 1_000])
        };
        let list = |asked: &Option<Vec<u32>>, usual: &[u32]| {
            asked.clone().unwrap_or_else(|| usual.to_vec())
        };
        let users = options.users.unwrap_or(usual.users);
        let companions = options.companions.unwrap_or(usual.companions);
        // One reply a relationship, and the client warms up with some.
        let most_streams = (users * companions).saturating_sub(WARM_UP_STREAMS);
        Self {
            users,
            companions,
            history: options.history.unwrap_or(usual.history),
            seconds: options.seconds.unwrap_or(usual.seconds),
            rounds: options.rounds.unwrap_or(usual.rounds),
            in_flight: list(&options.in_flight, in_flight),
            per_second: list(&options.per_second, per_second),
            sockets: options.sockets.unwrap_or(usual.sockets),
            streams: options.streams.unwrap_or(usual.streams.min(most_streams)),
            ..usual
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{Options, Scale};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn scale(line: &[&str]) -> Scale {
        Scale::of(&Line::parse_from([&["bench"], line].concat()).options)
    }

    #[test]
    fn the_quick_slice_is_smaller_in_everything() {
        let (whole, quick) = (scale(&[]), scale(&["--quick"]));
        assert_eq!(whole.per_second, [10, 100, 1_000]);
        assert_eq!(whole.in_flight, [16, 64]);
        assert!(quick.users < whole.users && quick.seconds < whole.seconds);
    }

    #[test]
    fn what_was_asked_for_goes_before_what_is_usual() {
        let scale = scale(&["--quick", "--in-flight", "1,2", "--seconds", "9"]);
        assert_eq!((scale.in_flight, scale.seconds), (vec![1, 2], 9));
        assert_eq!(self::scale(&["--users", "20"]).streams, 8);
    }
}
