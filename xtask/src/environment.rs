//! The one place that reads the environment: a build tool has no settings file to read instead.

use std::ffi::OsString;

/// The value of a variable; an empty one counts as not set.
#[expect(
    clippy::disallowed_methods,
    reason = "a build tool is told its surroundings by the environment alone"
)]
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The names of the variables that cargo set to describe this package to this process.
///
/// A cargo that we start must not see them: build scripts that watch such a variable (ring's
/// does) would run again at every change between a cargo of ours and one from the terminal.
#[expect(
    clippy::disallowed_methods,
    reason = "a build tool is told its surroundings by the environment alone"
)]
pub(crate) fn about_this_package() -> Vec<OsString> {
    std::env::vars_os()
        .map(|(name, _)| name)
        .filter(|name| {
            name.to_str().is_some_and(|name| {
                name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
            })
        })
        .collect()
}
