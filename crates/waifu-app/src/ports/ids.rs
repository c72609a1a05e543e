//! New identifiers.

use uuid::Uuid;

pub trait IdSource: std::fmt::Debug + Send + Sync {
    /// Never the same twice; rises with time, so that keys cluster.
    fn new_id(&self) -> Uuid;
}

impl dyn IdSource {
    /// A fresh id of any kind: `ids.fresh::<TurnId>()`.
    pub fn fresh<T: From<Uuid>>(&self) -> T {
        self.new_id().into()
    }
}
