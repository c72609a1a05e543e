//! Who may see whom. What a caller may not see is not there.

use waifu_domain::ids::{UserId, WaifuId};
use waifu_domain::relationship::{Pair, Relationship};
use waifu_domain::waifu::{Owner, Waifu};

use crate::ports::store::{StoreError, UnitOfWork};

/// Why a companion can't be shown.
#[derive(Debug, thiserror::Error)]
pub enum Unseen {
    #[error("no such companion")]
    NotFound,
    /// She was there, and has been deleted.
    #[error("the companion is gone")]
    Gone,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Her, if the viewer may see her: she is public, his own, or somebody he already knows; deleted or not.
pub(super) async fn known_waifu(
    work: &mut dyn UnitOfWork,
    viewer: UserId,
    id: WaifuId,
) -> Result<Waifu, Unseen> {
    let waifu = work.waifus().by_id(id).await?.ok_or(Unseen::NotFound)?;
    if waifu.is_visible_to(viewer) {
        return Ok(waifu);
    }
    let pair = Pair {
        user_id: viewer,
        waifu_id: id,
    };
    match work.relationships().find(pair).await? {
        Some(_) => Ok(waifu),
        None => Err(Unseen::NotFound),
    }
}

/// As [`known_waifu`], and she has not been deleted.
pub(super) async fn present_waifu(
    work: &mut dyn UnitOfWork,
    viewer: UserId,
    id: WaifuId,
) -> Result<Waifu, Unseen> {
    let waifu = known_waifu(work, viewer, id).await?;
    if waifu.deleted_at.is_some() {
        Err(Unseen::Gone)
    } else {
        Ok(waifu)
    }
}

/// The viewer's relationship with somebody he may see, deleted or not; `None` when the two have never met.
pub(super) async fn known_relationship(
    work: &mut dyn UnitOfWork,
    viewer: UserId,
    waifu_id: WaifuId,
) -> Result<Option<Relationship>, Unseen> {
    known_waifu(work, viewer, waifu_id).await?;
    let pair = Pair {
        user_id: viewer,
        waifu_id,
    };
    Ok(work.relationships().find(pair).await?)
}

/// Her, for who writes as her owner.
pub(super) async fn owned_waifu(
    work: &mut dyn UnitOfWork,
    owner: Owner,
    id: WaifuId,
) -> Result<Waifu, NotOwned> {
    match owner {
        Owner::User(user) => {
            let waifu = present_waifu(work, user, id).await?;
            if waifu.is_owned_by(user) {
                Ok(waifu)
            } else {
                Err(NotOwned::NotOwner)
            }
        }
        Owner::House => {
            let waifu = work.waifus().by_id(id).await.map_err(Unseen::from)?;
            let waifu = waifu.filter(|waifu| waifu.owner == Owner::House);
            let waifu = waifu.ok_or(Unseen::NotFound)?;
            if waifu.deleted_at.is_some() {
                Err(Unseen::Gone.into())
            } else {
                Ok(waifu)
            }
        }
    }
}

/// Why somebody can't write to a companion.
#[derive(Debug, thiserror::Error)]
pub enum NotOwned {
    #[error(transparent)]
    Unseen(#[from] Unseen),
    #[error("the companion is another user's")]
    NotOwner,
}

impl From<StoreError> for NotOwned {
    fn from(error: StoreError) -> Self {
        Self::Unseen(error.into())
    }
}
