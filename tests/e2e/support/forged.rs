//! Access tokens that the server never gave out, signed with whatever key.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const BLOCK: usize = 64;

/// The key that a server in this folder signs with.
pub(crate) fn key_of(folder: &Path) -> Vec<u8> {
    let text =
        fs::read_to_string(folder.join("data/secret.key")).expect("the server has made its key");
    STANDARD.decode(text.trim()).expect("the key is base64")
}

/// The claims of a token.
pub(crate) fn claims_of(token: &str) -> Value {
    let claims = token.split('.').nth(1).expect("three parts");
    let claims = URL_SAFE_NO_PAD.decode(claims).expect("base64");
    serde_json::from_slice(&claims).expect("claims are JSON")
}

pub(crate) fn header() -> Value {
    json!({"alg": "HS256", "typ": "at+jwt"})
}

pub(crate) fn sign(key: &[u8], header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(hmac_sha256(key, signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// RFC 2104, for keys of at most one block.
fn hmac_sha256(key: &[u8], message: &[u8]) -> impl AsRef<[u8]> {
    assert!(key.len() <= BLOCK);
    let padded = |with: u8| {
        let mut block = [with; BLOCK];
        block
            .iter_mut()
            .zip(key)
            .for_each(|(padded, byte)| *padded ^= byte);
        block
    };
    let inner = Sha256::new()
        .chain_update(padded(0x36))
        .chain_update(message)
        .finalize();
    Sha256::new()
        .chain_update(padded(0x5c))
        .chain_update(inner)
        .finalize()
}
