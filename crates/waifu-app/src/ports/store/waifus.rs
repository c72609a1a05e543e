//! Companions and the versions of them.

use async_trait::async_trait;
use waifu_domain::ids::{UserId, WaifuId};
use waifu_domain::slug::Slug;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::waifu::{Visibility, Waifu, WaifuProfile};

use super::{StoreError, Taken};

#[async_trait]
pub trait Waifus: Send {
    /// With her first version. `Err(Taken)` when another has her key; nothing is written then.
    async fn insert(&mut self, waifu: &Waifu) -> Result<Result<(), Taken>, StoreError>;

    /// Deleted ones too.
    async fn by_id(&mut self, id: WaifuId) -> Result<Option<Waifu>, StoreError>;

    async fn by_key(&mut self, key: &Slug) -> Result<Option<Waifu>, StoreError>;

    /// Those that `viewer` may see and that are not deleted: public ones, his own, and those he has a
    /// relationship with. Oldest first, after `after`, at most `limit`.
    async fn visible_to(
        &mut self,
        viewer: UserId,
        after: Option<WaifuPlace>,
        limit: u32,
    ) -> Result<Vec<Waifu>, StoreError>;

    /// The house's that are not deleted. Oldest first, after `after`, at most `limit`.
    async fn of_house(
        &mut self,
        after: Option<WaifuPlace>,
        limit: u32,
    ) -> Result<Vec<Waifu>, StoreError>;

    /// Changes her if she is still at `edit.expected_version`, and keeps the new version.
    async fn edit(&mut self, edit: WaifuEdit) -> Result<Edited, StoreError>;

    /// Marks her as deleted, if she is not yet.
    async fn delete(&mut self, id: WaifuId, at: Timestamp) -> Result<(), StoreError>;

    /// Those of them who are deleted.
    async fn deleted(&mut self, ids: &[WaifuId]) -> Result<Vec<WaifuId>, StoreError>;

    /// Whether there is any companion at all, deleted ones included.
    async fn is_empty(&mut self) -> Result<bool, StoreError>;
}

/// Where a page of companions ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaifuPlace {
    pub created_at: Timestamp,
    pub id: WaifuId,
}

/// Who edits: a seed's version is remembered as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Editor {
    Person,
    Seed,
}

#[derive(Debug, Clone)]
pub struct WaifuEdit {
    pub id: WaifuId,
    pub expected_version: u32,
    pub editor: Editor,
    pub profile: WaifuProfile,
    pub visibility: Visibility,
    pub at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edited {
    Done,
    /// Somebody else edited or deleted her in between.
    Stale,
}
