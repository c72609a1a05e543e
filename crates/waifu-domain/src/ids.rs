//! Typed identifiers: a turn's id can't be handed over where a message's is wanted. All are made by the caller
//! (UUIDv7 in production), never by a database default.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

typed_ids! {
    UserId,
    /// One sign-in on one device; its refresh tokens are one family.
    SessionId,
    /// A key with which a program calls in a user's name.
    ApiKeyId,
    WaifuId,
    RelationshipId,
    ConversationId,
    TurnId,
    MessageId,
    InteractionId,
    OccurrenceId,
    /// A gift, a date or an event of the catalogue.
    EntryId,
    /// Chosen by the client, unique per relationship: the key under which a message is sent once.
    ClientMessageId,
    /// One life of one server process; it owns the leases of the runs it streams.
    ProcessId,
    /// Names one history of a relationship's events; renewed when a backup is restored.
    Epoch,
}
