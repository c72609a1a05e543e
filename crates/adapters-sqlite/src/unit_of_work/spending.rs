//! What users have spent.

use async_trait::async_trait;
use waifu_app::ports::store::{Day, DayUsage, Spending, StoreError};
use waifu_domain::ids::UserId;

use super::Repository;
use crate::rows::spending;

#[async_trait]
impl Spending for Repository<'_> {
    async fn of_day(&mut self, user: UserId, day: Day) -> Result<u64, StoreError> {
        self.0.run(move |c| spending::of_day(c, user, day)).await
    }

    async fn of_user(&mut self, user: UserId) -> Result<Vec<(Day, u64)>, StoreError> {
        self.0.run(move |c| spending::of_user(c, user)).await
    }

    async fn usage(&mut self, from: Day, to: Day) -> Result<Vec<DayUsage>, StoreError> {
        self.0.run(move |c| spending::usage(c, from, to)).await
    }

    async fn forget_before(&mut self, day: Day, limit: u32) -> Result<u64, StoreError> {
        self.0
            .run(move |c| spending::forget_before(c, day, limit))
            .await
    }
}
