//! What happened in each part of a time span.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};
use time::Duration;
use waifu_app::ports::store::{Bucket, TimeSpan};
use waifu_domain::ids::RelationshipId;

use crate::errors::{Corrupt, Fault};
use crate::rows::relationships::{affection, level};
use crate::types::{checked, db};

/// With `max`, SQLite takes the bare columns from the row that holds the maximum: the last one of the part.
const BUCKETS: &str = "
    select (at - ?) / ? as part, count(*) as interactions,
        sum(max(affection_change, 0)) as gained, sum(max(-affection_change, 0)) as lost,
        max(no) as last_no, affection_after, level_after
    from interactions
    where relationship_id = ? and at >= ? and at < ?
    group by part order by part";

#[derive(Debug, QueryableByName)]
struct BucketRow {
    #[diesel(sql_type = BigInt)]
    part: i64,
    #[diesel(sql_type = BigInt)]
    interactions: i64,
    #[diesel(sql_type = BigInt)]
    gained: i64,
    #[diesel(sql_type = BigInt)]
    lost: i64,
    #[diesel(sql_type = BigInt)]
    affection_after: i64,
    #[diesel(sql_type = BigInt)]
    level_after: i64,
}

impl BucketRow {
    fn into_bucket(self) -> Result<Bucket, Corrupt> {
        Ok(Bucket {
            part: checked("interactions.at", self.part)?,
            interactions: checked("interactions", self.interactions)?,
            gained: checked("interactions.affection_change", self.gained)?,
            lost: checked("interactions.affection_change", self.lost)?,
            affection: affection("interactions.affection_after", self.affection_after)?,
            level: level("interactions.level_after", self.level_after)?,
        })
    }
}

pub(crate) fn buckets(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
    span: TimeSpan,
    width: Duration,
) -> Result<Vec<Bucket>, Fault> {
    let width = i64::try_from(width.whole_microseconds()).unwrap_or(i64::MAX);
    if width <= 0 {
        return Err(Fault::Misuse("a part of a time span takes time"));
    }
    let (from, until) = (span.from.unix_micros(), span.until.unix_micros());
    let rows = diesel::sql_query(BUCKETS)
        .bind::<BigInt, _>(from)
        .bind::<BigInt, _>(width)
        .bind::<Binary, _>(db(relationship))
        .bind::<BigInt, _>(from)
        .bind::<BigInt, _>(until)
        .load::<BucketRow>(c)?;
    let buckets: Result<Vec<_>, _> = rows.into_iter().map(BucketRow::into_bucket).collect();
    Ok(buckets?)
}
