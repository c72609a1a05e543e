//! Who calls: credentials in, callers out.

pub mod access_tokens;
pub mod bearer;
pub mod passwords;
pub mod secret_key;
#[cfg(test)]
mod sign_in_tests;
