//! Who the server runs as: PostgreSQL refuses to run as root.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::commands;

/// A user of this machine, by numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) user: u32,
    pub(super) group: u32,
}

/// The account to change to before PostgreSQL is started; `None` is to stay who we are.
pub(super) fn for_the_server() -> Result<Option<Account>> {
    if !is_root()? {
        return Ok(None);
    }
    let accounts = fs::read_to_string("/etc/passwd").context("failed to read /etc/passwd")?;
    account_in(&accounts, "postgres")
        .context(
            "PostgreSQL refuses to run as root, and there is no `postgres` account to run it as",
        )
        .map(Some)
}

/// Whether this process may do as it likes.
pub(crate) fn is_root() -> Result<bool> {
    Ok(commands::output(Command::new("id").arg("-u"))?.trim() == "0")
}

/// Finds an account in the text of `/etc/passwd`.
fn account_in(accounts: &str, name: &str) -> Option<Account> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then_some(())?;
        Some(Account {
            user: fields.nth(1)?.parse().ok()?,
            group: fields.next()?.parse().ok()?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{Account, account_in};

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let accounts = "root:x:0:0:root:/root:/bin/bash\n\
                        postgres-exporter:x:7:8::/:/bin/false\n\
                        postgres:x:101:104:PostgreSQL administrator,,,:/var/lib:/bin/bash\n";
        let found = Account {
            user: 101,
            group: 104,
        };
        assert_eq!(account_in(accounts, "postgres"), Some(found));
        assert_eq!(account_in(accounts, "mysql"), None);
    }
}
