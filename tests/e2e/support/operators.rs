//! What operators do at a terminal, beside a server that runs or in its place.

use std::process::Output;

use super::rest::User;
use super::server::Server;

impl Server {
    /// Runs a command on this server's store. A SQLite file has room for one process, so there the server makes way
    /// and comes back at another address: who was signed in goes [through](User::through) its new door.
    pub(crate) async fn command(&mut self, arguments: &[&str]) -> Output {
        if self.place.has_room_for_many() {
            return self.place.run(arguments).await;
        }
        assert!(self.stop().await.success());
        let output = self.place.run(arguments).await;
        self.start_again().await;
        output
    }

    /// Somebody new who has been made an operator, by a [command](Server::command).
    pub(crate) async fn operator(&mut self) -> User {
        let operator = User::register(&self.door, "operator").await;
        succeeded(&self.command(&["operator", "grant", "operator"]).await);
        operator.through(&self.door)
    }
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn complained(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What a command said that did what it was told.
#[track_caller]
pub(crate) fn succeeded(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}\n{}",
        said(output),
        complained(output)
    );
    said(output)
}

/// The complaint of a command that did not, in which all of this must stand.
#[track_caller]
pub(crate) fn refused(output: &Output, told: &[&str]) -> String {
    let complaint = complained(output);
    assert!(!output.status.success(), "{}\n{complaint}", said(output));
    let has_error = complaint.lines().any(|line| line.starts_with("error: "));
    assert!(has_error, "{complaint}");
    for part in told {
        assert!(complaint.contains(part), "no {part:?} in {complaint}");
    }
    complaint
}
