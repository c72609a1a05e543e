//! What tests share: builders, port contracts, a scripted model server, and databases of their own.
//! A development dependency alone, so that no fake can reach a release.

pub mod builders;
pub mod contracts;
pub mod fakes;
pub mod mock_llm;
pub mod postgres;
