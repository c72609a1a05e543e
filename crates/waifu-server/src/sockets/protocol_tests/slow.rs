//! Once there was room, sending does not wait: whoever sends may be dropped while he waits, and a frame with him.

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use futures_util::FutureExt;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use super::super::transport::{LARGEST_FRAME, open};
use super::PATIENCE;
use super::wire::Client;

/// Many times as many as the connection takes at once.
const FRAMES: usize = 2_000;

async fn flood(
    request: HttpRequest,
    payload: web::Payload,
    told: web::Data<UnboundedSender<Option<usize>>>,
) -> Result<HttpResponse, actix_web::Error> {
    let (response, incoming, mut outgoing) = open(&request, payload, &[], LARGEST_FRAME)?;
    actix_web::rt::spawn(async move {
        // The connection would end without it.
        let _incoming = incoming;
        let mut waited = None;
        for sent in 0..FRAMES {
            outgoing.room().await.expect("a client who reads");
            let is_sent = outgoing.text("small".to_owned()).now_or_never();
            if is_sent.is_none() {
                waited = waited.or(Some(sent));
            }
        }
        let _ = told.send(waited);
    });
    Ok(response)
}

#[tokio::test]
async fn a_frame_for_which_there_is_room_is_sent_without_waiting() {
    let (tell, mut told) = unbounded_channel::<Option<usize>>();
    let data = web::Data::new(tell);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .route("/", web::get().to(flood))
    })
    .workers(1)
    .disable_signals()
    .shutdown_timeout(0)
    .bind(("127.0.0.1", 0))
    .expect("this machine has a free port");
    let port = server.addrs()[0].port();
    let server = tokio::spawn(server.run());
    let (mut reader, writer) = Client::connect(port).await.split();
    let reading = tokio::spawn(async move { reader.until_the_end().await });
    let told = timeout(PATIENCE, told.recv()).await.expect("an end");
    let waited = told.expect("a word of it");
    assert_eq!(waited, None, "there was room, and yet a frame waited");
    drop(writer);
    reading.abort();
    server.abort();
}
