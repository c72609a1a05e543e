//! The ports that the machine itself fulfils: the time, fresh ids, random secrets.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;
use waifu_app::ports::clock::Clock;
use waifu_app::ports::ids::IdSource;
use waifu_app::ports::secrets::SecretSource;
use waifu_domain::timestamp::Timestamp;

#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one home of the machine's clock"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::from_datetime(time::OffsetDateTime::now_utc())
    }
}

/// UUIDv7: random, and rising with time.
#[derive(Debug, Clone, Copy)]
pub struct TimeOrderedIds;

impl IdSource for TimeOrderedIds {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one home of fresh ids"
    )]
    fn new_id(&self) -> Uuid {
        Uuid::now_v7()
    }
}

#[derive(Debug, Clone, Copy)]
pub struct RandomSecrets;

impl SecretSource for RandomSecrets {
    fn new_secret(&self) -> String {
        URL_SAFE_NO_PAD.encode(random_bits())
    }
}

/// 256 bits from the operating system, without which a server can't be secure and doesn't run.
pub fn random_bits() -> [u8; 32] {
    let mut bits = [0; 32];
    getrandom::fill(&mut bits).expect("the operating system gives random bits");
    bits
}
