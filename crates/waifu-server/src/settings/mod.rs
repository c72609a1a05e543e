//! Configuration, in layers: compiled-in defaults, `config/default.toml`, `config/{environment}.toml`,
//! `config/local.toml`, `WAIFU__*`. The one home of environment variables.

mod limits;

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use actix_web::http::Uri;
use anyhow::{Context, bail, ensure};
use config::{Config, Environment, File, FileFormat};
use ipnet::IpNet;
use secrecy::SecretString;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

pub use limits::{ClassSettings, LimitSettings};

/// Compiled in, so that a binary without files is the same server.
const DEFAULTS: &str = include_str!("../../../../config/default.toml");
const DEVELOPMENT: &str = include_str!("../../../../config/development.toml");
const PRODUCTION: &str = include_str!("../../../../config/production.toml");

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    #[serde(skip)]
    pub environment: DeployedIn,
    pub server: ServerSettings,
    pub store: StoreSettings,
    pub llm: LlmSettings,
    pub offline: OfflineSettings,
    pub auth: AuthSettings,
    pub turns: TurnSettings,
    pub limits: LimitSettings,
    pub chat: ChatSettings,
    pub rules: RulesSettings,
    pub log: LogSettings,
}

/// Where this server runs, by `WAIFU__ENVIRONMENT`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DeployedIn {
    #[default]
    Development,
    Production,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    pub host: IpAddr,
    pub port: u16,
    pub data_dir: PathBuf,
    #[serde(deserialize_with = "list_or_commas")]
    pub allowed_origins: Vec<String>,
    #[serde(deserialize_with = "list_or_commas")]
    pub allowed_hosts: Vec<String>,
    #[serde(deserialize_with = "list_or_commas")]
    pub trusted_proxies: Vec<IpNet>,
    pub drain_grace_seconds: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSettings {
    pub url: SecretString,
    pub pool_size: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LlmSettings {
    pub base_url: String,
    pub model: String,
    pub api_key: SecretString,
    pub max_tokens: u32,
    pub connect_timeout_seconds: u64,
    pub first_word_timeout_seconds: u64,
    pub next_word_timeout_seconds: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfflineSettings {
    pub words_per_second: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthSettings {
    pub access_token_minutes: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TurnSettings {
    pub streaming: usize,
    pub streaming_per_user: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "a setting says its unit")]
pub struct ChatSettings {
    pub heartbeat_seconds: u64,
    pub pong_seconds: u64,
    pub auth_seconds: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulesSettings {
    pub file: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    pub filter: String,
    pub format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    Text,
    Json,
}

/// Where tests have this process die.
#[cfg(feature = "failpoints")]
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one home of environment variables"
)]
pub fn arm_failpoint() {
    if let Ok(order) = std::env::var("WAIFU_FAILPOINT") {
        waifu_app::failpoint::arm(&order).expect("a test names a place");
    }
}

impl Settings {
    /// From the files under `config/` of the working directory and this process's environment.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one home of environment variables"
    )]
    pub fn load() -> anyhow::Result<Self> {
        Self::from_layers(Path::new("config"), std::env::vars().collect())
    }

    fn from_layers(folder: &Path, variables: HashMap<String, String>) -> anyhow::Result<Self> {
        let mut variables: HashMap<String, String> = variables
            .into_iter()
            .filter(|(name, _)| name.starts_with("WAIFU__"))
            .collect();
        let environment = match variables.remove("WAIFU__ENVIRONMENT").as_deref() {
            None | Some("development") => DeployedIn::Development,
            Some("production") => DeployedIn::Production,
            Some(other) => {
                bail!("WAIFU__ENVIRONMENT must be development or production, is {other:?}")
            }
        };
        let file = |name: &str| {
            File::from(folder.join(name))
                .format(FileFormat::Toml)
                .required(false)
        };
        // Values stay text here: what a setting is decides how it is read, so that a key of digits stays a key.
        let variables = Environment::with_prefix("WAIFU")
            .separator("__")
            .source(Some(variables));
        let of_environment = match environment {
            DeployedIn::Development => DEVELOPMENT,
            DeployedIn::Production => PRODUCTION,
        };
        let layers = Config::builder()
            .add_source(File::from_str(DEFAULTS, FileFormat::Toml))
            .add_source(File::from_str(of_environment, FileFormat::Toml))
            .add_source(file("default.toml"))
            .add_source(file(&format!("{environment}.toml")))
            .add_source(file("local.toml"))
            .add_source(variables)
            .build()
            .context("failed to read the configuration")?;
        let mut settings: Self = serde_path_to_error::deserialize(layers).map_err(|error| {
            let path = error.path().to_string();
            anyhow::Error::new(error.into_inner())
                .context(format!("failed to read the setting {path}"))
        })?;
        settings.environment = environment;
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> anyhow::Result<()> {
        ensure!(
            self.store.pool_size >= 1,
            "store.pool_size must be at least 1"
        );
        ensure!(
            self.llm.base_url.is_empty() == self.llm.model.is_empty(),
            "llm.base_url and llm.model must be set together, or neither"
        );
        ensure!(
            (1..=1440).contains(&self.auth.access_token_minutes),
            "auth.access_token_minutes must be 1 to 1440"
        );
        ensure!(
            self.turns.streaming >= 1,
            "turns.streaming must be at least 1"
        );
        ensure!(
            self.turns.streaming_per_user >= 1,
            "turns.streaming_per_user must be at least 1"
        );
        for (name, seconds) in [
            ("chat.heartbeat_seconds", self.chat.heartbeat_seconds),
            ("chat.pong_seconds", self.chat.pong_seconds),
            ("chat.auth_seconds", self.chat.auth_seconds),
            (
                "llm.connect_timeout_seconds",
                self.llm.connect_timeout_seconds,
            ),
            (
                "llm.first_word_timeout_seconds",
                self.llm.first_word_timeout_seconds,
            ),
            (
                "llm.next_word_timeout_seconds",
                self.llm.next_word_timeout_seconds,
            ),
        ] {
            ensure!(
                (1..=3600).contains(&seconds),
                "{name} must be 1 to 3600, is {seconds}"
            );
        }
        self.limits.check()?;
        for origin in &self.server.allowed_origins {
            ensure!(
                origin == "*" || is_origin(origin),
                "server.allowed_origins must hold origins such as \"https://app.example.com\", not {origin:?}"
            );
        }
        if self.environment == DeployedIn::Production {
            ensure!(
                !self
                    .server
                    .allowed_origins
                    .iter()
                    .any(|origin| origin == "*"),
                "server.allowed_origins must name each origin in production, not \"*\""
            );
        }
        Ok(())
    }
}

/// As browsers write it: a scheme, a host and perhaps a port, and nothing after them.
fn is_origin(text: &str) -> bool {
    text.parse::<Uri>().is_ok_and(|uri| {
        let (scheme, authority) = (uri.scheme_str(), uri.authority());
        let bare = scheme.zip(authority);
        bare.is_some_and(|(scheme, authority)| {
            let is_default = matches!(
                (scheme, authority.port_u16()),
                ("http", Some(80)) | ("https", Some(443))
            );
            let written = format!("{scheme}://{authority}");
            written == text && written == text.to_lowercase() && !text.contains('@') && !is_default
        })
    })
}

/// A list in a file; in a variable, text with commas.
fn list_or_commas<'de, T: FromStr<Err: fmt::Display>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Listed {
        List(Vec<String>),
        Text(String),
    }
    let parts = match Listed::deserialize(deserializer)? {
        Listed::List(list) => list,
        Listed::Text(text) => text.split(',').map(str::to_owned).collect(),
    };
    let parts = parts.iter().map(|part| part.trim());
    let parts = parts.filter(|part| !part.is_empty()).map(|part| {
        part.parse()
            .map_err(|error| D::Error::custom(format!("{part:?}: {error}")))
    });
    parts.collect()
}

impl ServerSettings {
    pub fn drain_grace(&self) -> Duration {
        Duration::from_secs(self.drain_grace_seconds)
    }
}

impl LlmSettings {
    /// Whether there is a model at all.
    pub fn is_configured(&self) -> bool {
        !self.base_url.is_empty()
    }
}

impl fmt::Display for DeployedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Development => "development",
            Self::Production => "production",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn load(files: &[(&str, &str)], variables: &[(&str, &str)]) -> anyhow::Result<Settings> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Settings::from_layers(folder.path(), variables)
    }

    #[test]
    fn with_no_file_and_no_variable_the_compiled_in_defaults_hold() {
        let settings = load(&[], &[]).unwrap();
        assert_eq!(settings.server.port, 8080);
        assert_eq!(settings.store.url.expose_secret(), "sqlite://data/waifu.db");
        assert!(!settings.llm.is_configured());
    }

    #[test]
    fn each_layer_overrides_the_one_below() {
        let files = [
            (
                "default.toml",
                "[server]\nport = 1\ndrain_grace_seconds = 1",
            ),
            ("development.toml", "[server]\nport = 2"),
            ("local.toml", "[server]\nport = 3"),
        ];
        assert_eq!(load(&files, &[]).unwrap().server.port, 3);
        let settings = load(&files, &[("WAIFU__SERVER__PORT", "4")]).unwrap();
        assert_eq!(
            (settings.server.port, settings.server.drain_grace_seconds),
            (4, 1)
        );
    }

    #[test]
    fn an_api_key_of_digits_stays_text() {
        let settings = load(&[], &[("WAIFU__LLM__API_KEY", "0012")]).unwrap();
        assert_eq!(settings.llm.api_key.expose_secret(), "0012");
    }

    #[test]
    fn a_key_that_does_not_exist_is_refused_by_name() {
        let error = load(&[], &[("WAIFU__SERVER__PROT", "1")]).unwrap_err();
        assert!(format!("{error:#}").contains("prot"), "{error:#}");
        let error = load(&[("local.toml", "[sevrer]\nport = 1")], &[]).unwrap_err();
        assert!(format!("{error:#}").contains("sevrer"), "{error:#}");
    }

    #[test]
    fn a_value_that_makes_no_sense_is_refused_with_its_key() {
        let error = load(&[], &[("WAIFU__SERVER__PORT", "many")]).unwrap_err();
        assert!(format!("{error:#}").contains("server.port"), "{error:#}");
        let error = load(&[], &[("WAIFU__LLM__MODEL", "m")]).unwrap_err();
        assert!(format!("{error:#}").contains("llm.base_url"), "{error:#}");
        assert!(load(&[], &[("WAIFU__ENVIRONMENT", "staging")]).is_err());
    }

    #[test]
    fn limits_are_set_class_by_class_and_have_their_bounds() {
        let variables = [
            ("WAIFU__LIMITS__CHAT__PER_MINUTE", "0"),
            ("WAIFU__LIMITS__TOKENS_PER_USER_AND_DAY", "9000"),
        ];
        let limits = load(&[], &variables).unwrap().limits;
        assert_eq!(
            (limits.chat.per_minute, limits.read.per_minute > 0),
            (0, true)
        );
        assert_eq!(limits.budget().map(u64::from), Some(9_000));
        for name in ["READ__BURST", "ADDRESS_FACTOR"] {
            let variable = format!("WAIFU__LIMITS__{name}");
            let error = load(&[], &[(&variable, "0")]).unwrap_err().to_string();
            let setting = name.to_lowercase().replace("__", ".");
            assert!(error.contains(&setting), "{setting}: {error}");
        }
    }

    #[test]
    fn production_needs_no_file_to_be_production() {
        let settings = load(&[], &[("WAIFU__ENVIRONMENT", "production")]).unwrap();
        assert_eq!(settings.log.format, LogFormat::Json);
        assert!(!settings.server.host.is_loopback());
    }

    #[test]
    fn origins_in_a_variable_are_separated_by_commas() {
        let variables = [(
            "WAIFU__SERVER__ALLOWED_ORIGINS",
            "https://a.example, https://b.example",
        )];
        let settings = load(&[], &variables).unwrap();
        assert_eq!(
            settings.server.allowed_origins,
            ["https://a.example", "https://b.example"]
        );
    }

    #[test]
    fn what_is_no_origin_is_refused_by_name() {
        for text in [
            "app.example.com",
            "https://app.example.com/",
            "https://app.example.com/x",
            "https://",
            "https://App.example.com",
            "https://app.example.com:443",
            "https://ann@app.example.com",
            "null",
        ] {
            let variables = [("WAIFU__SERVER__ALLOWED_ORIGINS", text)];
            let error = load(&[], &variables).unwrap_err().to_string();
            assert!(error.contains("server.allowed_origins"), "{text}: {error}");
        }
    }

    #[test]
    fn production_refuses_an_allow_all_origin() {
        let variables = [("WAIFU__SERVER__ALLOWED_ORIGINS", "*")];
        assert!(load(&[], &variables).is_ok());
        let variables = [variables[0], ("WAIFU__ENVIRONMENT", "production")];
        assert!(load(&[], &variables).is_err());
    }
}
