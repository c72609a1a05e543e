//! `GET /health/live`, `GET /health/ready`

use std::time::Duration;

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use tracing::warn;
use utoipa::ToSchema;
use waifu_app::log::chain;

use crate::app::App;
use crate::companion::Companion;

/// The store must answer within this.
const STORE_PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, Serialize, ToSchema)]
struct Readiness {
    ready: bool,
    store: StoreHealth,
    /// Whether the server is stopping and takes no new turns.
    draining: bool,
    companion: Companion,
}

#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum StoreHealth {
    Ok,
    Unavailable,
}

/// Whether the process runs
#[utoipa::path(tag = "health", responses((status = 204, description = "it runs")))]
#[get("/health/live")]
pub async fn live() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

/// Whether requests should be sent here
///
/// Not while the store is out of reach, and not while the server is stopping.
#[utoipa::path(
    tag = "health",
    responses(
        (status = 200, description = "ready", body = Readiness),
        (status = 503, description = "not ready, and why", body = Readiness),
    )
)]
#[get("/health/ready")]
pub async fn ready(app: web::Data<App>) -> HttpResponse {
    let store = match tokio::time::timeout(STORE_PATIENCE, app.store.ping()).await {
        Ok(Ok(())) => StoreHealth::Ok,
        Ok(Err(error)) => {
            warn!(error = chain(&error), "the store is not ready");
            StoreHealth::Unavailable
        }
        Err(_) => {
            warn!("the store did not answer within {STORE_PATIENCE:?}");
            StoreHealth::Unavailable
        }
    };
    let draining = app.supervisor.is_draining();
    let ready = store == StoreHealth::Ok && !draining;
    let readiness = Readiness {
        ready,
        store,
        draining,
        companion: Companion::from(app.model_kind),
    };
    if ready {
        HttpResponse::Ok().json(readiness)
    } else {
        HttpResponse::ServiceUnavailable()
            .insert_header(("Retry-After", "5"))
            .json(readiness)
    }
}
