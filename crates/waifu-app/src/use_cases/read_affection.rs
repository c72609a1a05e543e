//! Affection over time, in equal parts that make a plot.

use std::sync::Arc;

use time::Duration;
use waifu_domain::ids::WaifuId;
use waifu_domain::relationship::{Affection, Level};
use waifu_domain::timestamp::Timestamp;

use super::access::{Unseen, known_relationship};
use crate::caller::Caller;
use crate::ports::clock::Clock;
use crate::ports::store::{Bucket, Store, StoreError, TimeSpan, UnitOfWork, finish};

/// Parts of one plot.
pub const MOST_PARTS: u32 = 400;
/// How many are shown unless told.
const USUAL_PARTS: i32 = 30;

#[derive(Debug, Clone)]
pub struct ReadAffection {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
}

/// How long one part is. Parts begin at full hours, days and Mondays, in UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PartWidth {
    Hour,
    #[default]
    Day,
    Week,
}

/// What is asked for; the parts that hold `from` and `until` are shown whole.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plot {
    pub width: PartWidth,
    /// 30 parts before `until` unless told.
    pub from: Option<Timestamp>,
    /// Now unless told.
    pub until: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlotPart {
    pub from: Timestamp,
    pub until: Timestamp,
    pub interactions: u32,
    /// Points that were added, 0 or more.
    pub gained: i32,
    /// Points that were taken, 0 or more.
    pub lost: i32,
    /// At its end.
    pub affection: Affection,
    pub level: Level,
}

#[derive(Debug, thiserror::Error)]
pub enum PlotError {
    #[error("must be before `until`")]
    Backwards,
    #[error("must be at most {MOST_PARTS} parts before `until`")]
    TooManyParts,
    #[error(transparent)]
    Unseen(#[from] Unseen),
}

impl From<StoreError> for PlotError {
    fn from(error: StoreError) -> Self {
        Self::Unseen(error.into())
    }
}

impl PartWidth {
    pub fn span(self) -> Duration {
        match self {
            Self::Hour => Duration::HOUR,
            Self::Day => Duration::DAY,
            Self::Week => Duration::WEEK,
        }
    }

    /// The beginning of the part that holds `moment`.
    fn floor(self, moment: Timestamp) -> Timestamp {
        // 1970 began on a Thursday: three days after a Monday.
        let offset = match self {
            Self::Hour | Self::Day => Duration::ZERO,
            Self::Week => Duration::days(3),
        };
        let width = micros(self.span());
        let past = (moment.unix_micros() + micros(offset)).rem_euclid(width);
        Timestamp::from_unix_micros(moment.unix_micros() - past)
    }
}

impl ReadAffection {
    /// Every part from the first to the last, also those in which nothing happened.
    pub async fn execute(
        &self,
        caller: Caller,
        waifu_id: WaifuId,
        plot: Plot,
    ) -> Result<Vec<PlotPart>, PlotError> {
        let span = self.span(plot)?;
        let mut work = self.store.snapshot().await?;
        let parts = read(&mut *work, caller, waifu_id, span, plot.width).await;
        Ok(finish(work, parts).await?)
    }

    fn span(&self, plot: Plot) -> Result<TimeSpan, PlotError> {
        let width = plot.width.span();
        let now = self.clock.now();
        let last = plot
            .until
            .map_or(now, |until| until.minus(Duration::MICROSECOND));
        let until = plot.width.floor(last).plus(width);
        let from = plot.from.map_or(until.minus(width * USUAL_PARTS), |from| {
            plot.width.floor(from)
        });
        if from >= until {
            return Err(PlotError::Backwards);
        }
        if until.since(from) > width * MOST_PARTS {
            return Err(PlotError::TooManyParts);
        }
        Ok(TimeSpan { from, until })
    }
}

async fn read(
    work: &mut dyn UnitOfWork,
    caller: Caller,
    waifu_id: WaifuId,
    span: TimeSpan,
    width: PartWidth,
) -> Result<Vec<PlotPart>, Unseen> {
    let mut affection = Affection::NONE;
    let mut level = Level::STRANGER;
    let mut buckets = Vec::new();
    if let Some(known) = known_relationship(work, caller.user_id, waifu_id).await? {
        let mut relationships = work.relationships();
        if let Some(row) = relationships.row_before(known.id, span.from).await? {
            (affection, level) = (row.affection_after, row.level_after);
        }
        buckets = relationships.buckets(known.id, span, width.span()).await?;
    }
    let width = width.span();
    let mut buckets = buckets.into_iter().peekable();
    let mut parts = Vec::new();
    let mut from = span.from;
    for part in 0.. {
        if from >= span.until {
            break;
        }
        let filled = buckets.next_if(|bucket| bucket.part == part);
        let happened = filled.unwrap_or(Bucket {
            part,
            interactions: 0,
            gained: 0,
            lost: 0,
            affection,
            level,
        });
        (affection, level) = (happened.affection, happened.level);
        let until = from.plus(width);
        parts.push(PlotPart {
            from,
            until,
            interactions: happened.interactions,
            gained: happened.gained,
            lost: happened.lost,
            affection,
            level,
        });
        from = until;
    }
    Ok(parts)
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.whole_microseconds()).expect("a week at most")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_begin_at_full_hours_days_and_mondays() {
        // Wednesday, 2026-11-25T14:13:53Z.
        let moment = Timestamp::from_unix_micros(1_795_616_033_000_000);
        let begins = |width: PartWidth| width.floor(moment).to_string();
        assert_eq!(begins(PartWidth::Hour), "2026-11-25T14:00:00.000000Z");
        assert_eq!(begins(PartWidth::Day), "2026-11-25T00:00:00.000000Z");
        assert_eq!(begins(PartWidth::Week), "2026-11-23T00:00:00.000000Z");
    }
}
