//! What a caller can ask for, one file each. A use case gets the ports that it needs and no more; every door
//! comes through these.

mod access;
mod create_waifu;
mod delete_waifu;
mod demo_user;
mod get_waifu;
mod list_waifus;
mod open_session;
pub mod page;
mod read_history;
mod read_ledger;
mod read_profile;
mod read_relationship;
mod refresh;
mod register;
mod seed_waifus;
mod send_message;
mod sign_in;
mod update_waifu;

pub use access::Unseen;
pub use create_waifu::{CreateWaifu, CreateWaifuError, WaifuDraft};
pub use delete_waifu::DeleteWaifu;
pub use demo_user::DemoUser;
pub use get_waifu::GetWaifu;
pub use list_waifus::ListWaifus;
pub use open_session::{OpenSession, SignedIn};
pub use read_history::ReadHistory;
pub use read_ledger::ReadLedger;
pub use read_profile::ReadProfile;
pub use read_relationship::{ReadRelationship, RelationshipView};
pub use refresh::{Refresh, RefreshError};
pub use register::{Register, RegisterError, Registration};
pub use seed_waifus::{SeedError, SeedReport, SeedWaifu, SeedWaifus};
pub use send_message::{Answer, AnswerError, OutgoingMessage, SendMessage};
pub use sign_in::{SignIn, SignInError};
pub use update_waifu::{UpdateWaifu, UpdateWaifuError, WaifuChange};
