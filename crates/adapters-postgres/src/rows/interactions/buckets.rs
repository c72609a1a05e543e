//! What happened in each part of a time span.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Interval, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::Duration;
use waifu_app::ports::store::{Bucket, TimeSpan};
use waifu_domain::ids::RelationshipId;

use crate::columns::{Moment, valid};
use crate::errors::Fault;
use crate::rows::relationships::level;
use crate::rows::runs::interval;

const BUCKETS: &str = "
    select parts.opens, parts.interactions, parts.gained, parts.lost,
        last.affection_after, last.level_after
    from (
        select date_bin($2, at, $3) as opens, count(*) as interactions,
            sum(greatest(affection_change, 0)) as gained,
            sum(greatest(-affection_change, 0)) as lost,
            max(no) as last_no
        from interactions
        where relationship_id = $1 and at >= $3 and at < $4
        group by opens
    ) parts
    join interactions last on last.relationship_id = $1 and last.no = parts.last_no
    order by parts.opens";

#[derive(Debug, QueryableByName)]
struct BucketRow {
    #[diesel(sql_type = Timestamptz)]
    opens: Moment,
    #[diesel(sql_type = BigInt)]
    interactions: i64,
    #[diesel(sql_type = BigInt)]
    gained: i64,
    #[diesel(sql_type = BigInt)]
    lost: i64,
    #[diesel(sql_type = Integer)]
    affection_after: i32,
    #[diesel(sql_type = Integer)]
    level_after: i32,
}

impl BucketRow {
    fn read(self, span: TimeSpan, width: i64) -> Result<Bucket, Fault> {
        let since = self.opens.0.unix_micros() - span.from.unix_micros();
        Ok(Bucket {
            part: valid("interactions.at", (since / width).try_into())?,
            interactions: valid("interactions", self.interactions.try_into())?,
            gained: valid("interactions.affection_change", self.gained.try_into())?,
            lost: valid("interactions.affection_change", self.lost.try_into())?,
            affection: valid(
                "interactions.affection_after",
                self.affection_after.try_into(),
            )?,
            level: level("interactions.level_after", self.level_after)?,
        })
    }
}

pub(crate) async fn buckets(
    connection: &mut AsyncPgConnection,
    relationship: RelationshipId,
    span: TimeSpan,
    width: Duration,
) -> Result<Vec<Bucket>, Fault> {
    let micros = i64::try_from(width.whole_microseconds()).unwrap_or(i64::MAX);
    if micros <= 0 {
        return Err(Fault::Misuse("a part of a time span takes time"));
    }
    let rows: Vec<BucketRow> = diesel::sql_query(BUCKETS)
        .bind::<SqlUuid, _>(relationship.as_uuid())
        .bind::<Interval, _>(interval(width))
        .bind::<Timestamptz, _>(Moment(span.from))
        .bind::<Timestamptz, _>(Moment(span.until))
        .load(connection)
        .await?;
    rows.into_iter().map(|row| row.read(span, micros)).collect()
}
