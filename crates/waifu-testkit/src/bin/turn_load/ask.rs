//! Small questions to an API, outside of what is measured.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::http::{Connection, Head, Listener};

/// A caller of a JSON API, one question after another.
#[derive(Debug)]
pub(crate) struct Asker {
    address: String,
    connection: Option<Connection>,
}

impl Asker {
    /// Of a server such as `http://127.0.0.1:8080`.
    pub(crate) fn of(server: &str) -> Result<Self> {
        let address = server
            .strip_prefix("http://")
            .context("its url must begin with http://")?;
        Ok(Self {
            address: address.trim_end_matches('/').to_owned(),
            connection: None,
        })
    }

    pub(crate) async fn get(&mut self, path: &str, token: &str) -> Result<Value> {
        self.ask("GET", path, token, "").await
    }

    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Result<Value> {
        self.ask("POST", path, "", &body.to_string()).await
    }

    async fn ask(&mut self, method: &str, path: &str, token: &str, body: &str) -> Result<Value> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        let idle = self.connection.take().filter(Connection::is_open);
        let mut connection = match idle {
            Some(connection) => connection,
            None => Connection::open(&self.address).await?,
        };
        let mut answer = Answer::default();
        if connection.exchange(request.as_bytes(), &mut answer).await? {
            self.connection = Some(connection);
        }
        let text = String::from_utf8_lossy(&answer.body);
        let is_good = (200..300).contains(&answer.status);
        ensure!(
            is_good,
            "{method} {path} was answered by {} {text}",
            answer.status
        );
        serde_json::from_str(&text)
            .with_context(|| format!("{method} {path} was not answered in JSON"))
    }
}

#[derive(Debug, Default)]
struct Answer {
    status: u16,
    body: Vec<u8>,
}

impl Listener for Answer {
    fn begin(&mut self, head: Head) {
        self.status = head.status;
    }

    fn piece(&mut self, bytes: &[u8]) {
        self.body.extend_from_slice(bytes);
    }
}
