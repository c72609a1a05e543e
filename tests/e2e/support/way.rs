//! A way to a server that can be cut, and that leads to another one when that has moved.

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::rest::Door;

#[derive(Debug)]
pub(crate) struct Way {
    /// `http://` and where it begins.
    pub(crate) address: String,
    /// Where it leads; `None` while it is cut.
    end: watch::Sender<Option<String>>,
    acceptor: JoinHandle<()>,
}

impl Way {
    pub(crate) async fn to(door: &Door) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (end, mut leads) = watch::channel(Some(end_at(door)));
        let acceptor = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                while connections.try_join_next().is_some() {}
                let end = leads.borrow_and_update().clone();
                if let Some(end) = end {
                    connections.spawn(carry(client, end, leads.clone()));
                }
            }
        });
        Self {
            address: format!("http://{address}"),
            end,
            acceptor,
        }
    }

    /// Whoever is on it loses his connection, and whoever comes gets none.
    pub(crate) fn cut(&self) {
        self.end.send_replace(None);
    }

    pub(crate) fn lead_to(&self, door: &Door) {
        self.end.send_replace(Some(end_at(door)));
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        self.acceptor.abort();
    }
}

fn end_at(door: &Door) -> String {
    door.address.trim_start_matches("http://").to_owned()
}

async fn carry(mut client: TcpStream, end: String, mut leads: watch::Receiver<Option<String>>) {
    let carried = async {
        if let Ok(mut server) = TcpStream::connect(end).await {
            // Either may hang up whenever he wants.
            let _ = copy_bidirectional(&mut client, &mut server).await;
        }
    };
    tokio::select! {
        () = carried => {}
        _ = leads.changed() => {}
    }
}
