//! What this process counts, for `GET /metrics`.

use actix_web::{HttpResponse, web};
use prometheus::{IntCounterVec, IntGauge, Opts, Registry, TextEncoder};

use crate::app::App;
use crate::sockets::close::Close;

/// Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    sockets_open: IntGauge,
    sockets_closed: IntCounterVec,
}

impl Metrics {
    pub fn new() -> Self {
        let registry = Registry::new();
        let sockets_open = IntGauge::new("waifu_sockets_open", "chat sockets that are open now");
        let sockets_open = sockets_open.expect("the name is one");
        let closed = Opts::new(
            "waifu_sockets_closed_total",
            "chat sockets that have ended, by close code; 0: the client was gone",
        );
        let sockets_closed = IntCounterVec::new(closed, &["code"]).expect("the names are such");
        for metric in [
            registry.register(Box::new(sockets_open.clone())),
            registry.register(Box::new(sockets_closed.clone())),
        ] {
            metric.expect("each name is given once");
        }
        Self {
            registry,
            sockets_open,
            sockets_closed,
        }
    }

    pub fn socket_opened(&self) {
        self.sockets_open.inc();
    }

    pub fn socket_closed(&self, close: &Close) {
        self.sockets_open.dec();
        let code = close.code().to_string();
        self.sockets_closed.with_label_values(&[&code]).inc();
    }
}

/// `GET /metrics`, in the Prometheus text format.
pub async fn serve(app: web::Data<App>) -> HttpResponse {
    let families = app.metrics.registry.gather();
    match TextEncoder::new().encode_to_string(&families) {
        Ok(text) => HttpResponse::Ok()
            .content_type("text/plain; version=0.0.4; charset=utf-8")
            .body(text),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}
