//! What is rung: who rings, then the pairs that have news; none says that anybody may have.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use uuid::Uuid;
use waifu_app::ports::neighbours::Rung;
use waifu_domain::ids::ProcessId;
use waifu_domain::relationship::Pair;

/// PostgreSQL takes less than 8,000 bytes at once: these are 7,702.
const PAIRS_A_RING: usize = 180;
/// More have to be looked up in any case by whoever watches many.
const PAIRS_AT_MOST: usize = 8 * PAIRS_A_RING;
const ID: usize = size_of::<Uuid>();

/// One ring, or a few.
pub(super) fn write(process: ProcessId, pairs: &[Pair]) -> Vec<String> {
    if pairs.len() > PAIRS_AT_MOST {
        return vec![write_one(process, &[])];
    }
    pairs
        .chunks(PAIRS_A_RING)
        .map(|some| write_one(process, some))
        .collect()
}

fn write_one(process: ProcessId, pairs: &[Pair]) -> String {
    let ids = pairs
        .iter()
        .flat_map(|pair| [pair.user_id.as_uuid(), pair.waifu_id.as_uuid()]);
    let bytes: Vec<u8> = std::iter::once(process.as_uuid())
        .chain(ids)
        .flat_map(Uuid::into_bytes)
        .collect();
    BASE64.encode(bytes)
}

/// `None`: not a ring of ours, of this release at least.
pub(super) fn read(payload: &str) -> Option<(ProcessId, Rung)> {
    let bytes = BASE64.decode(payload).ok()?;
    let (ids, []) = bytes.as_chunks::<ID>() else {
        return None;
    };
    let (process, ids) = ids.split_first()?;
    let (pairs, []) = ids.as_chunks::<2>() else {
        return None;
    };
    let pair = |[user, waifu]: &[[u8; ID]; 2]| Pair {
        user_id: Uuid::from_bytes(*user).into(),
        waifu_id: Uuid::from_bytes(*waifu).into(),
    };
    let rung = match pairs {
        [] => Rung::Anybody,
        pairs => Rung::By(pairs.iter().map(pair).collect()),
    };
    Some((Uuid::from_bytes(*process).into(), rung))
}

#[cfg(test)]
mod tests {
    use super::{PAIRS_A_RING, PAIRS_AT_MOST, read, write};
    use uuid::Uuid;
    use waifu_app::ports::neighbours::Rung;
    use waifu_domain::relationship::Pair;

    fn pairs(count: usize) -> Vec<Pair> {
        let id = |n: usize| Uuid::from_u128(n as u128);
        let pair = |n| Pair {
            user_id: id(n).into(),
            waifu_id: id(n + 1).into(),
        };
        (0..count).map(pair).collect()
    }

    #[test]
    fn what_is_rung_is_heard() {
        let process = Uuid::from_u128(7).into();
        for count in [1, PAIRS_A_RING, PAIRS_A_RING + 1, PAIRS_AT_MOST] {
            let pairs = pairs(count);
            let rings = write(process, &pairs);
            assert_eq!(rings.len(), count.div_ceil(PAIRS_A_RING));
            let mut heard = Vec::new();
            for ring in rings {
                assert!(ring.len() < 8_000, "{}", ring.len());
                let Some((by, Rung::By(some))) = read(&ring) else {
                    panic!("not understood: {ring}");
                };
                assert_eq!(by, process);
                heard.extend(some);
            }
            assert_eq!(heard, pairs);
        }
    }

    #[test]
    fn too_many_are_anybody() {
        let process = Uuid::from_u128(7).into();
        let rings = write(process, &pairs(PAIRS_AT_MOST + 1));
        let heard: Vec<_> = rings.iter().map(|ring| read(ring)).collect();
        assert_eq!(heard, [Some((process, Rung::Anybody))]);
    }

    #[test]
    fn what_others_send_is_not_understood() {
        let whole = &write(Uuid::nil().into(), &pairs(1))[0];
        for other in ["", "!", "AAAA", &whole[..whole.len() - 4], &whole[..43]] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
