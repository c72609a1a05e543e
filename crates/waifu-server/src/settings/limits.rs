//! How much one caller may do.

use std::num::NonZeroU64;

use anyhow::ensure;
use serde::Deserialize;
use waifu_app::ports::rate_limits::RequestClass;

/// More is no limit any more.
const MOST: u32 = 1_000_000;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitSettings {
    pub auth: ClassSettings,
    pub read: ClassSettings,
    pub write: ClassSettings,
    pub chat: ClassSettings,
    pub admin: ClassSettings,
    pub address_factor: u32,
    pub tokens_per_user_and_day: u64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassSettings {
    /// 0: no limit.
    pub per_minute: u32,
    pub burst: u32,
}

impl LimitSettings {
    pub fn of(&self, class: RequestClass) -> ClassSettings {
        match class {
            RequestClass::Auth => self.auth,
            RequestClass::Read => self.read,
            RequestClass::Write => self.write,
            RequestClass::Chat => self.chat,
            RequestClass::Admin => self.admin,
        }
    }

    pub fn budget(&self) -> Option<NonZeroU64> {
        NonZeroU64::new(self.tokens_per_user_and_day)
    }

    pub(super) fn check(&self) -> anyhow::Result<()> {
        for (name, class) in [
            ("auth", self.auth),
            ("read", self.read),
            ("write", self.write),
            ("chat", self.chat),
            ("admin", self.admin),
        ] {
            let ClassSettings { per_minute, burst } = class;
            ensure!(
                per_minute <= MOST,
                "limits.{name}.per_minute must be at most {MOST}, is {per_minute}"
            );
            ensure!(
                (1..=MOST).contains(&burst),
                "limits.{name}.burst must be 1 to {MOST}, is {burst}"
            );
        }
        ensure!(
            (1..=1_000).contains(&self.address_factor),
            "limits.address_factor must be 1 to 1000, is {}",
            self.address_factor
        );
        Ok(())
    }
}
