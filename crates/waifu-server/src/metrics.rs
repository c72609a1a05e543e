//! What this process counts, for `GET /metrics`.

use std::sync::{Arc, Mutex, PoisonError};

use actix_web::{HttpResponse, web};
use prometheus::proto::MetricFamily;
use prometheus::{IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder};

use crate::app::App;
use crate::sockets::close::Close;

/// Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    sockets_open: IntGauge,
    sockets_closed: IntCounterVec,
    store_statements: IntCounter,
    /// Held while they are brought up to date.
    gathering: Arc<Mutex<()>>,
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
        let statements = "statements that this process has sent to its store";
        let statements = IntCounter::new("waifu_store_statements_total", statements);
        let store_statements = statements.expect("the name is one");
        for metric in [
            registry.register(Box::new(sockets_open.clone())),
            registry.register(Box::new(sockets_closed.clone())),
            registry.register(Box::new(store_statements.clone())),
        ] {
            metric.expect("each name is given once");
        }
        Self {
            registry,
            sockets_open,
            sockets_closed,
            store_statements,
            gathering: Arc::default(),
        }
    }

    fn gather(&self, statements: u64) -> Vec<MetricFamily> {
        let _alone = self
            .gathering
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let known = self.store_statements.get();
        self.store_statements
            .inc_by(statements.saturating_sub(known));
        self.registry.gather()
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
    let families = app.metrics.gather(app.store.statements());
    match TextEncoder::new().encode_to_string(&families) {
        Ok(text) => HttpResponse::Ok()
            .content_type("text/plain; version=0.0.4; charset=utf-8")
            .body(text),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}
