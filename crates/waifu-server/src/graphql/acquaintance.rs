//! How the caller knows companions, asked of all on a page at once.

use std::collections::HashMap;

use dataloader::BatchFn;
use dataloader::non_cached::Loader;
use juniper::{GraphQLObject, ID};
use waifu_app::caller::Caller;
use waifu_app::use_cases::ReadRelationship;
use waifu_domain::ids::WaifuId;
use waifu_domain::relationship::{Relationship, Stage};

use super::Context;
use super::objects::{StageEnum, signed};
use crate::problem::Problem;

/// Where the two of you stood after the last row of the ledger; `relationship` says where you stand now.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "Acquaintance", context = Context)]
pub struct AcquaintanceObject {
    waifu_id: ID,
    /// 0 to 10.
    level: i32,
    stage: StageEnum,
    /// 0 to 1000.
    affection: i32,
    last_interaction: Option<String>,
    version: i32,
}

/// Waits until everybody who is going to ask has asked, and asks the store once.
pub type Acquaintances = Loader<WaifuId, Result<Option<Relationship>, Problem>, Stored>;

/// What the store holds of one caller.
#[derive(Debug, Clone)]
pub struct Stored {
    read: ReadRelationship,
    caller: Caller,
}

pub fn acquaintances(read: &ReadRelationship, caller: Caller) -> Acquaintances {
    let read = read.clone();
    Loader::new(Stored { read, caller })
}

impl BatchFn<WaifuId, Result<Option<Relationship>, Problem>> for Stored {
    async fn load(
        &mut self,
        waifus: &[WaifuId],
    ) -> HashMap<WaifuId, Result<Option<Relationship>, Problem>> {
        let found = match self.read.stored(self.caller, waifus).await {
            Ok(found) => found,
            Err(error) => {
                let problem = Problem::from(error);
                return waifus
                    .iter()
                    .map(|id| (*id, Err(problem.clone())))
                    .collect();
            }
        };
        let mut known: HashMap<_, _> = waifus.iter().map(|id| (*id, Ok(None))).collect();
        known.extend(
            found
                .into_iter()
                .map(|one| (one.pair.waifu_id, Ok(Some(one)))),
        );
        known
    }
}

impl From<Relationship> for AcquaintanceObject {
    fn from(relationship: Relationship) -> Self {
        Self {
            waifu_id: ID::new(relationship.pair.waifu_id.to_string()),
            level: relationship.level.get().into(),
            stage: Stage::of(relationship.level).into(),
            affection: relationship.affection.get(),
            last_interaction: relationship.last_interaction.map(|at| at.to_string()),
            version: signed(relationship.head.version),
        }
    }
}
