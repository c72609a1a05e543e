//! Cursors: where a page ended, as text that clients hand back and need not understand.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use waifu_app::ports::store::{MessagePlace, OccurrencePlace, WaifuPlace};
use waifu_domain::ids::{ApiKeyId, UserId};
use waifu_domain::slug::Slug;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::Speaker;

pub trait Cursor: Sized {
    fn encode(&self) -> String;

    /// `None` for what no page of this list has ended with.
    fn decode(text: &str) -> Option<Self>;
}

impl Cursor for WaifuPlace {
    fn encode(&self) -> String {
        pack(&format!("{}.{}", self.created_at.unix_micros(), self.id))
    }

    fn decode(text: &str) -> Option<Self> {
        let text = unpack(text)?;
        let (created_at, id) = text.split_once('.')?;
        Some(Self {
            created_at: Timestamp::from_unix_micros(created_at.parse().ok()?),
            id: id.parse().ok()?,
        })
    }
}

impl Cursor for MessagePlace {
    fn encode(&self) -> String {
        let speaker = match self.speaker {
            Speaker::User => "u",
            Speaker::Waifu => "w",
        };
        pack(&format!("{}.{speaker}", self.turn_no))
    }

    fn decode(text: &str) -> Option<Self> {
        let text = unpack(text)?;
        let (turn_no, speaker) = text.split_once('.')?;
        let speaker = match speaker {
            "u" => Speaker::User,
            "w" => Speaker::Waifu,
            _ => return None,
        };
        Some(Self {
            turn_no: turn_no.parse().ok()?,
            speaker,
        })
    }
}

impl Cursor for OccurrencePlace {
    fn encode(&self) -> String {
        pack(&format!("{}.{}", self.opened_at.unix_micros(), self.id))
    }

    fn decode(text: &str) -> Option<Self> {
        let text = unpack(text)?;
        let (opened_at, id) = text.split_once('.')?;
        Some(Self {
            opened_at: Timestamp::from_unix_micros(opened_at.parse().ok()?),
            id: id.parse().ok()?,
        })
    }
}

/// The key of a catalogue's entry.
impl Cursor for Slug {
    fn encode(&self) -> String {
        pack(self.as_str())
    }

    fn decode(text: &str) -> Option<Self> {
        unpack(text)?.parse().ok()
    }
}

macro_rules! cursors_of_ids {
    ($($id:ty),*) => {$(
        impl Cursor for $id {
            fn encode(&self) -> String {
                pack(&self.to_string())
            }

            fn decode(text: &str) -> Option<Self> {
                unpack(text)?.parse().ok()
            }
        }
    )*};
}

cursors_of_ids!(ApiKeyId, UserId);

/// A row's number in a ledger.
impl Cursor for u32 {
    fn encode(&self) -> String {
        pack(&self.to_string())
    }

    fn decode(text: &str) -> Option<Self> {
        unpack(text)?.parse().ok()
    }
}

fn pack(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

fn unpack(text: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn cursors_come_back_as_they_went_out_and_nothing_else_is_one() {
        let place = WaifuPlace {
            created_at: Timestamp::from_unix_micros(1_767_636_000_123_456),
            id: Uuid::from_u128(7).into(),
        };
        assert_eq!(WaifuPlace::decode(&place.encode()), Some(place));
        let place = MessagePlace {
            turn_no: 12,
            speaker: Speaker::Waifu,
        };
        assert_eq!(MessagePlace::decode(&place.encode()), Some(place));
        let place = OccurrencePlace {
            opened_at: Timestamp::from_unix_micros(-1),
            id: Uuid::from_u128(8).into(),
        };
        assert_eq!(OccurrencePlace::decode(&place.encode()), Some(place));
        let key: Slug = "red_roses".parse().unwrap();
        assert_eq!(Slug::decode(&key.encode()), Some(key));
        assert_eq!(u32::decode(&9_u32.encode()), Some(9));
        for text in ["", "%%%", "MTI", "LTE"] {
            assert_eq!(MessagePlace::decode(text), None);
        }
        assert_eq!(u32::decode("LTE"), None, "-1 is no row");
    }
}
