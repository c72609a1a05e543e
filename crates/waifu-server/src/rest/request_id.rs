//! A name for each request, by which a client's complaint and the log find each other.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, web};
use tokio::time::Instant;
use tracing::{Instrument, debug, error_span};

use crate::app::App;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const LONGEST: usize = 64;

/// A client's own `X-Request-Id`, or a fresh one, is in the response and in what is logged meanwhile. When
/// debugging, each answer is logged.
pub async fn name(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let given = request.headers().get(&X_REQUEST_ID);
    let id = given.filter(|id| is_plain(id)).cloned();
    let id = id.unwrap_or_else(|| fresh(&request));
    let span = error_span!("request", id = id.to_str().unwrap_or_default());
    let answering = async {
        let (method, path) = (request.method().clone(), request.path().to_owned());
        let start = Instant::now();
        let response = next.call(request).await;
        let status = match &response {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        debug!(%method, path, status = status.as_u16(), took = ?start.elapsed(), "answered");
        response
    };
    match answering.instrument(span).await {
        Ok(mut response) => {
            response.headers_mut().insert(X_REQUEST_ID, id);
            Ok(response)
        }
        // What a middleware refuses becomes a response only after this.
        Err(mut error) => {
            error.add_response_mapper(move |mut response| {
                response.headers_mut().insert(X_REQUEST_ID, id.clone());
                response
            });
            Err(error)
        }
    }
}

/// Nothing in it can be mistaken for something else in a log.
fn is_plain(id: &HeaderValue) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    (1..=LONGEST).contains(&id.len()) && id.as_bytes().iter().all(plain)
}

fn fresh(request: &ServiceRequest) -> HeaderValue {
    let app = request
        .app_data::<web::Data<App>>()
        .expect("every server has its app");
    let id = app.ids.new_id().to_string();
    HeaderValue::try_from(id).expect("a UUID is plain text")
}
