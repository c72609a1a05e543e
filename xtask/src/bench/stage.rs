//! One server with one model for a while, and what is measured of it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use super::programs::Programs;
use super::running::{Program, Running, Signal};
use crate::say;

/// What outlives a server: the store, the model, and the folder in which all is kept.
#[derive(Debug)]
pub(super) struct Surroundings<'a> {
    pub(super) programs: &'a Programs,
    pub(super) folder: &'a Path,
    /// Where the model listens, and its process.
    pub(super) model: (String, u32),
    /// A URL and a process; `None` is a SQLite file.
    pub(super) postgres: Option<(String, u32)>,
    /// Settings of the server, each as `NAME=VALUE`.
    pub(super) settings: &'a [String],
    /// Targets from elsewhere, as they are written in a file.
    pub(super) others: Vec<Value>,
}

/// A server that runs; dropping it ends it.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    around: &'a Surroundings<'a>,
    running: Running,
    address: String,
    pub(super) name: &'static str,
    model: String,
}

/// A few clients stand for thousands of users.
const NO_LIMITS: [&str; 5] = [
    "WAIFU__LIMITS__AUTH__PER_MINUTE",
    "WAIFU__LIMITS__READ__PER_MINUTE",
    "WAIFU__LIMITS__WRITE__PER_MINUTE",
    "WAIFU__LIMITS__CHAT__PER_MINUTE",
    "WAIFU__LIMITS__ADMIN__PER_MINUTE",
];

impl<'a> Surroundings<'a> {
    /// Starts a server that asks `model` for its words.
    pub(super) fn stage(&'a self, name: &'static str, model: &str) -> Result<Stage<'a>> {
        say::headline(&format!("{name}: a server whose model is {model}"));
        let server = &self.programs.server;
        let mut program = Program::new(
            &format!("{name}.server"),
            server,
            Signal::Terminate,
            self.folder,
        );
        program
            .command
            .current_dir(self.folder)
            .env_clear()
            .env("WAIFU__SERVER__PORT", "0")
            .env("WAIFU__SERVER__DRAIN_GRACE_SECONDS", "1")
            // A measurement is longer than a token lives.
            .env("WAIFU__AUTH__ACCESS_TOKEN_MINUTES", "1440")
            .envs(NO_LIMITS.map(|variable| (variable, "0")))
            .env("WAIFU__LLM__BASE_URL", format!("{}/v1", self.model.0))
            .env("WAIFU__LLM__MODEL", model);
        if let Some((url, _)) = &self.postgres {
            program.command.env("WAIFU__STORE__URL", url);
        }
        for setting in self.settings {
            let (variable, value) = setting.split_once('=').context("a setting is NAME=VALUE")?;
            program.command.env(variable, value);
        }
        let mut running = program.start()?;
        let address = running.address()?;
        Ok(Stage {
            around: self,
            running,
            address,
            name,
            model: model.to_owned(),
        })
    }

    fn cast(&self) -> PathBuf {
        self.folder.join("cast.json")
    }
}

impl Stage<'_> {
    pub(super) fn process(&self) -> Result<u32> {
        self.running.process()
    }

    /// Runs `turn-load prepare`.
    pub(super) fn prepare(&self, arguments: &[(&str, String)]) -> Result<()> {
        let mut all = vec![
            ("--server", self.address.clone()),
            ("--model", self.around.model.0.clone()),
        ];
        all.extend_from_slice(arguments);
        let mut client = self.client("prepare", &all);
        client.arg("--cast").arg(self.around.cast());
        self.run(&mut client)
    }

    /// Runs `turn-load run` or `turn-load hold` on this server and, beside it, the model and the targets from elsewhere.
    pub(super) fn measure(&self, what: &str, arguments: &[(&str, String)]) -> Result<()> {
        let targets = self
            .around
            .folder
            .join(format!("{}.targets.json", self.name));
        let text = Value::Array(self.targets()?).to_string();
        fs::write(&targets, text)
            .with_context(|| format!("failed to write {}", targets.display()))?;
        let report = self.around.folder.join(format!("{}.json", self.name));
        let mut client = self.client(what, arguments);
        client
            .arg("--targets")
            .arg(targets)
            .arg("--report")
            .arg(&report);
        self.run(&mut client)?;
        say::line(&format!("written to {}", report.display()));
        Ok(())
    }

    fn targets(&self) -> Result<Vec<Value>> {
        let around = self.around;
        let (model, model_process) = &around.model;
        let mut processes = Map::new();
        processes.insert("server".to_owned(), self.process()?.into());
        processes.insert("model".to_owned(), (*model_process).into());
        let stored = match &around.postgres {
            Some((url, process)) => {
                processes.insert("postgres".to_owned(), (*process).into());
                let query = "select count(*) from runs where status = 'completed'";
                json!({"postgres": {"url": url, "query": query}})
            }
            None => json!({"api": {"server": self.address}}),
        };
        let mut targets = vec![
            json!({
                "name": "direct",
                "kind": "direct",
                "url": format!("{model}/v1/chat/completions"),
                "model": self.model,
                "cast": around.cast(),
                "processes": {"model": model_process},
            }),
            json!({
                "name": "waifu-server",
                "kind": "product",
                "server": self.address,
                "cast": around.cast(),
                "processes": processes,
                "stored": stored,
            }),
        ];
        targets.extend(
            around
                .others
                .iter()
                .filter_map(|other| fit(other, self.name, &self.model)),
        );
        Ok(targets)
    }

    fn client(&self, subcommand: &str, arguments: &[(&str, String)]) -> Command {
        // As the server, it may hold thousands of connections.
        let script = r#"ulimit -n "$(ulimit -H -n)"; exec "$@""#;
        let mut client = Command::new("sh");
        client
            .args(["-c", script, "sh"])
            .arg(&self.around.programs.client)
            .arg(subcommand);
        for (name, value) in arguments {
            client.arg(name).arg(value);
        }
        client
    }

    fn run(&self, client: &mut Command) -> Result<()> {
        let words: Vec<OsString> = client.get_args().skip(4).map(Into::into).collect();
        let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
        say::line(&format!("$ turn-load {}", words.join(" ")));
        let status = client.status().context("failed to start turn-load")?;
        if !status.success() {
            let log = self.running.log();
            let last: Vec<&str> = log.lines().rev().take(5).collect();
            bail!(
                "turn-load failed: {status}; the newest lines of the server's log:\n{}",
                last.join("\n")
            );
        }
        Ok(())
    }
}

/// A target from elsewhere as this stage sees it; `None` if it is for other stages alone.
fn fit(target: &Value, stage: &str, model: &str) -> Option<Value> {
    let wanted = target["stages"].as_array();
    if wanted.is_some_and(|stages| stages.iter().all(|name| name != stage)) {
        return None;
    }
    let text = target.to_string().replace("{model}", model);
    let mut target: Value = serde_json::from_str(&text).ok()?;
    target["kind"] = "other".into();
    Some(target)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::fit;

    #[test]
    fn a_target_from_elsewhere_is_told_the_model_and_kept_to_its_stages() {
        let target =
            json!({"name": "peer", "stages": ["closed-loop"], "body": {"model": "{model}"}});
        let fitted = fit(&target, "closed-loop", "scripted").unwrap();
        assert_eq!(
            (&fitted["body"]["model"], &fitted["kind"]),
            (&json!("scripted"), &json!("other"))
        );
        assert_eq!(fit(&target, "open-loop", "scripted"), None);
        assert!(fit(&json!({"name": "peer"}), "open-loop", "scripted").is_some());
    }
}
