//! The key that access tokens are signed with: made at the first start, readable by the server's user alone.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use anyhow::{Context, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::system::random_bits;

pub struct SecretKey([u8; 32]);

impl SecretKey {
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads `secret.key` under `folder`; makes it, and the folder, when there is none.
    pub fn load_or_create(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("secret.key");
        let read =
            || Self::read(&path).with_context(|| format!("failed to read {}", path.display()));
        if path.exists() {
            return read();
        }
        fs::create_dir_all(folder)
            .with_context(|| format!("failed to make {}", folder.display()))?;
        match Self::create(&path) {
            Ok(key) => Ok(key),
            // Another process that started at the same time made it first.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => read(),
            Err(error) => Err(error).with_context(|| format!("failed to make {}", path.display())),
        }
    }

    fn read(path: &Path) -> anyhow::Result<Self> {
        let mut text = String::new();
        File::open(path)?.take(1024).read_to_string(&mut text)?;
        let bits = STANDARD.decode(text.trim()).context("it is not base64")?;
        ensure!(
            bits.len() == 32,
            "it must hold 256 bits, holds {}",
            bits.len() * 8
        );
        Ok(Self(bits.try_into().expect("the length was looked at")))
    }

    /// Written whole under another name first, so that no reader finds half a key.
    fn create(path: &Path) -> std::io::Result<Self> {
        let bits = random_bits();
        let draft = path.with_extension(format!("{}.draft", std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&draft)?;
        file.write_all(STANDARD.encode(bits).as_bytes())?;
        file.sync_all()?;
        let linked = fs::hard_link(&draft, path);
        fs::remove_file(&draft)?;
        linked.map(|()| Self(bits))
    }
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_the_first_start_is_that_of_the_second_and_nobody_else_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = SecretKey::load_or_create(&folder.path().join("data")).unwrap();
        let second = SecretKey::load_or_create(&folder.path().join("data")).unwrap();
        assert_eq!(first.as_bytes(), second.as_bytes());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(folder.path().join("data/secret.key"))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_broken_key_file_is_refused_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        fs::write(&path, "c2hvcnQ=").unwrap();
        let error = SecretKey::load_or_create(folder.path()).unwrap_err();
        assert!(format!("{error:#}").contains("256 bits"), "{error:#}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "c2hvcnQ=");
    }
}
