//! What the server can do: ports that the outside must offer, use cases over them, and the supervisor under
//! which turns run. Knows the domain alone; no HTTP, no SQL, no provider's types.

pub mod caller;
pub mod catalogues;
pub mod failpoint;
pub mod identity;
pub mod log;
pub mod ports;
pub mod turns;
pub mod use_cases;
mod weak_map;
