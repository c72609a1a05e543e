//! The time, as an argument of the program.

use waifu_domain::timestamp::Timestamp;

pub trait Clock: std::fmt::Debug + Send + Sync {
    fn now(&self) -> Timestamp;
}
