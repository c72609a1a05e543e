//! Who calls: made by the doors from a verified credential, asked by every use case.

use waifu_domain::ids::{SessionId, UserId};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    pub user_id: UserId,
    pub session_id: SessionId,
}
