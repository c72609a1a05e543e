//! The catalogue.

use async_trait::async_trait;
use waifu_app::ports::store::{
    CatalogueEdit, CatalogueEntries, CatalogueEntry, Edited, StoreError, Taken,
};

use super::Repository;
use crate::rows::catalogue_entries;

#[async_trait]
impl CatalogueEntries for Repository<'_> {
    async fn all(&mut self) -> Result<Vec<CatalogueEntry>, StoreError> {
        self.0.run(catalogue_entries::all).await
    }

    async fn insert(&mut self, entry: &CatalogueEntry) -> Result<Result<(), Taken>, StoreError> {
        let entry = entry.clone();
        self.0
            .run(move |c| catalogue_entries::insert(c, &entry))
            .await
    }

    async fn edit(&mut self, edit: CatalogueEdit) -> Result<Edited, StoreError> {
        self.0.run(move |c| catalogue_entries::edit(c, &edit)).await
    }
}
