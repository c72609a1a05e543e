//! A way to PostgreSQL that can be cut: whoever is on it loses his connection, and whoever comes gets none.

use std::path::Path;

use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_postgres::Config;
use tokio_postgres::config::Host;

#[derive(Debug)]
pub(crate) struct Proxy {
    port: u16,
    is_cut: watch::Sender<bool>,
    acceptor: JoinHandle<()>,
}

impl Proxy {
    /// In front of the server that the url names.
    pub(crate) async fn to(url: &str) -> Self {
        let server: Config = url.parse().expect("a url");
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (is_cut, cut) = watch::channel(false);
        let acceptor = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                while connections.try_join_next().is_some() {}
                if !*cut.borrow() {
                    connections.spawn(carry(client, server.clone(), cut.clone()));
                }
            }
        });
        Self {
            port,
            is_cut,
            acceptor,
        }
    }

    /// The url of the same database by this way.
    pub(crate) fn url(&self, url: &str) -> String {
        let database: Config = url.parse().expect("a url");
        let (user, name) = (database.get_user(), database.get_dbname());
        format!(
            "postgres://{}@127.0.0.1:{}/{}",
            user.expect("a user"),
            self.port,
            name.expect("a database")
        )
    }

    pub(crate) fn cut(&self) {
        self.is_cut.send_replace(true);
    }

    pub(crate) fn restore(&self) {
        self.is_cut.send_replace(false);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.acceptor.abort();
    }
}

async fn carry(client: TcpStream, server: Config, mut cut: watch::Receiver<bool>) {
    let carried = async {
        let port = server.get_ports().first().copied().unwrap_or(5432);
        match server.get_hosts().first() {
            Some(Host::Unix(folder)) => {
                copy(client, UnixStream::connect(socket_in(folder, port)).await).await;
            }
            Some(Host::Tcp(host)) => {
                copy(client, TcpStream::connect((host.as_str(), port)).await).await;
            }
            None => panic!("the url names no server"),
        }
    };
    tokio::select! {
        () = carried => {}
        _ = cut.wait_for(|cut| *cut) => {}
    }
}

fn socket_in(folder: &Path, port: u16) -> std::path::PathBuf {
    folder.join(format!(".s.PGSQL.{port}"))
}

async fn copy(mut client: TcpStream, server: std::io::Result<impl AsyncRead + AsyncWrite + Unpin>) {
    if let Ok(mut server) = server {
        // Either may hang up whenever he wants.
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}
