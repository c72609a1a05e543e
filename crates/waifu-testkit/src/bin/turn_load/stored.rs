//! How many turns a store holds: what clients saw done is held against it.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;
use tokio_postgres::NoTls;

use crate::ask::Asker;
use crate::cast::Cast;

/// Where finished turns can be counted.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stored {
    /// By a query for one number.
    Postgres { url: String, query: String },
    /// By the numbers of the turns that the cast's histories end with, from a server of ours.
    Api { server: String },
}

impl Stored {
    pub(crate) async fn count(&self, cast: Option<&Cast>) -> Result<u64> {
        match self {
            Self::Postgres { url, query } => in_postgres(url, query).await,
            Self::Api { server } => {
                let cast = cast.context("a count through the API needs a cast")?;
                through_the_api(server, cast).await
            }
        }
        .context("failed to count the stored turns")
    }
}

async fn in_postgres(url: &str, query: &str) -> Result<u64> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let connection = tokio::spawn(connection);
    let row = client.query_one(query, &[]).await?;
    let count: i64 = row.try_get(0)?;
    drop(client);
    connection.await??;
    Ok(u64::try_from(count)?)
}

async fn through_the_api(server: &str, cast: &Cast) -> Result<u64> {
    let mut asker = Asker::of(server)?;
    let mut turns = 0;
    for member in &cast.members {
        let path = format!("/waifus/{}/messages?limit=2", member["waifu_id"]);
        let page = asker.get(&path, &member["token"]).await?;
        turns += newest_completed_turn(&page);
    }
    Ok(turns)
}

/// Turns of a relationship are numbered from 1 without holes.
fn newest_completed_turn(newest_first: &Value) -> u64 {
    newest_first["items"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|message| message["role"] == "waifu" && message["status"] == "completed")
        .and_then(|message| message["turn_no"].as_u64())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::newest_completed_turn;

    #[test]
    fn a_history_tells_how_many_turns_it_has() {
        let message = |role: &str, turn: u32, status: &str| json!({"role": role, "turn_no": turn, "status": status});
        let page = |items: &[serde_json::Value]| json!({"items": items});
        let whole = [
            message("waifu", 7, "completed"),
            message("user", 7, "completed"),
        ];
        assert_eq!(newest_completed_turn(&page(&whole)), 7);
        let unanswered = [
            message("user", 8, "completed"),
            message("waifu", 7, "completed"),
        ];
        assert_eq!(newest_completed_turn(&page(&unanswered)), 7);
        assert_eq!(
            newest_completed_turn(&page(&[message("waifu", 8, "failed")])),
            0
        );
        assert_eq!(newest_completed_turn(&page(&[])), 0);
    }
}
