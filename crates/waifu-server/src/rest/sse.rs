//! A turn as server-sent events: the frames of the chat protocol, one event each.

use std::io::Write;
use std::time::Duration;

use actix_web::http::header::{ACCEPT, CACHE_CONTROL};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream::poll_fn;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tracing::warn;
use waifu_app::log::chain;
use waifu_app::use_cases::ResumeFrom;
use waifu_domain::ids::Epoch;

use crate::frames::ServerFrame;
use crate::problem::{FieldError, Problem};
use crate::turn_frames::TurnFrames;

const LAST_EVENT_ID: &str = "Last-Event-ID";
/// A sign of life for those in between, who hang up on silence.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A client that takes nothing for so long is too slow.
const SLOWEST_WRITE: Duration = Duration::from_secs(10);
/// Events that are known at the same time are written together, until they are so many bytes.
const ENOUGH_AT_ONCE: usize = 4 * 1024;

pub fn is_wanted(request: &HttpRequest) -> bool {
    let accept = request.headers().get(ACCEPT);
    let accept = accept.and_then(|accept| accept.to_str().ok());
    let media = accept.unwrap_or_default().split(',');
    media
        .map(|media| media.split(';').next().unwrap_or_default().trim())
        .any(|media| media.eq_ignore_ascii_case("text/event-stream"))
}

/// Where a client that comes back was.
pub fn resume_from(request: &HttpRequest) -> Result<Option<ResumeFrom>, Problem> {
    let Some(header) = request.headers().get(LAST_EVENT_ID) else {
        return Ok(None);
    };
    let refused = |why: String| Problem::invalid(vec![FieldError::parameter(LAST_EVENT_ID, why)]);
    let text = header
        .to_str()
        .map_err(|error| refused(error.to_string()))?;
    // What browsers send before they have seen an event.
    if text.is_empty() {
        return Ok(None);
    }
    let place = text.parse::<ResumeFrom>();
    place.map(Some).map_err(|error| refused(error.to_string()))
}

/// The response is the turn; leaving it changes nothing.
pub fn answer(frames: TurnFrames) -> HttpResponse {
    let (sender, mut events) = mpsc::channel(1);
    actix_web::rt::spawn(async move {
        // Whoever listened is gone, or too slow, or has heard everything.
        let _ = tell(frames, &Listener(sender)).await;
    });
    let body = poll_fn(move |context| {
        let event = events.poll_recv(context);
        event.map(|event| event.map(Ok::<Bytes, actix_web::Error>))
    });
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-cache"))
        // For proxies that would gather what has to come at once.
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(body)
}

struct Listener(mpsc::Sender<Bytes>);

/// There is nobody to tell any more.
struct Gone;

impl Listener {
    async fn hear(&self, text: Vec<u8>) -> Result<(), Gone> {
        match timeout(SLOWEST_WRITE, self.0.send(text.into())).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Gone),
        }
    }
}

async fn tell(mut frames: TurnFrames, listener: &Listener) -> Result<(), Gone> {
    loop {
        match timeout(HEARTBEAT, frames.next()).await {
            Ok(Ok(Some(frame))) => {
                let mut text = Vec::new();
                write_event(&mut text, frames.epoch, &frame);
                while text.len() < ENOUGH_AT_ONCE
                    && let Some(frame) = frames.next_known()
                {
                    write_event(&mut text, frames.epoch, &frame);
                }
                listener.hear(text).await?;
            }
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(error)) => {
                warn!(error = chain(&error), "a stream breaks off");
                return Ok(());
            }
            Err(_) => listener.hear(b":\n\n".to_vec()).await?,
        }
    }
}

fn write_event(text: &mut Vec<u8>, epoch: Epoch, frame: &ServerFrame) {
    const FITS: &str = "memory is there, and frames are plain data";

    writeln!(text, "event: {}", frame.body.name()).expect(FITS);
    if let Some(seq) = frame.seq {
        writeln!(text, "id: {epoch}:{seq}").expect(FITS);
    }
    text.extend_from_slice(b"data: ");
    serde_json::to_writer(&mut *text, frame).expect(FITS);
    text.extend_from_slice(b"\n\n");
}
