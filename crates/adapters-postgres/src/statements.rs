//! How many statements this process has sent to its store.

use std::sync::atomic::{AtomicU64, Ordering};

use diesel::connection::{InstrumentationEvent, set_default_instrumentation};

static SENT: AtomicU64 = AtomicU64::new(0);

/// On connections that are made from now on.
pub(crate) fn count_them() {
    // It fails where a thread has panicked amid this: then they are not counted.
    let _ = set_default_instrumentation(|| Some(Box::new(count)));
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is called with what it is told"
)]
fn count(event: InstrumentationEvent<'_>) {
    if matches!(event, InstrumentationEvent::StartQuery { .. }) {
        SENT.fetch_add(1, Ordering::Relaxed);
    }
}

pub(crate) fn sent() -> u64 {
    SENT.load(Ordering::Relaxed)
}
