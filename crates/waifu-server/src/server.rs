//! The HTTP server: doors onto one app, from the first greeting to the last goodbye.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::{App as ActixApp, HttpServer, web};
use anyhow::Context;
use secrecy::ExposeSecret;
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{info, warn};
use utoipa::OpenApi;
use utoipa_actix_web::AppExt;
use waifu_app::log::chain;
use waifu_app::ports::language_model::ModelKind;
use waifu_app::use_cases::page::PageLimit;

use crate::app::App;
use crate::auth::bearer::authenticate;
use crate::settings::DeployedIn;
use crate::sockets::attendance;
use crate::{docs, graphql, metrics, rest, say, ws};

/// Longer than a slow reader is given before he is told that he is too slow, with the time that it takes to find out.
const DEAF_FOR: Duration = Duration::from_secs(40);
/// A connection takes no more to write while it has so much.
const WRITE_BUFFER_BYTES: usize = 4 * 1024;
/// What the kernel keeps for one peer; without a bound it would take megabytes for who reads nothing.
const SEND_BUFFER_BYTES: usize = 128 * 1024;
/// Open connections get so long to finish once all turns are stored.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Serves until SIGTERM or SIGINT, and returns when every turn is stored.
pub async fn serve(app: App) -> anyhow::Result<()> {
    let data = web::Data::new(app.clone());
    let openapi = web::Data::new(rest::openapi::Document::new());
    let schema = web::Data::new(graphql::schema());
    let address = (app.settings.server.host, app.settings.server.port);
    let server = HttpServer::new(move || {
        let (actix, _) = ActixApp::new()
            .into_utoipa_app()
            .openapi(rest::openapi::Base::openapi())
            .app_data(data.clone())
            .app_data(openapi.clone())
            .app_data(schema.clone())
            .configure(rest::endpoints)
            .split_for_parts();
        actix
            .route("/openapi.json", web::get().to(rest::openapi::serve))
            .configure(docs::routes)
            .service(
                web::resource("/graphql")
                    .wrap(from_fn(authenticate))
                    .route(web::post().to(graphql::endpoint))
                    .default_service(web::to(graphql::post_alone)),
            )
            .route("/graphql/ws", web::get().to(graphql::upgrade))
            .route("/ws/agents/{id}/chat", web::get().to(ws::upgrade))
            .route("/metrics", web::get().to(metrics::serve))
            .default_service(web::to(rest::no_such_path))
            .wrap(rest::cors::cors(&data.settings.server))
            .wrap(from_fn(rest::request_id::name))
    })
    .on_connect(|connection, _| {
        if let Some(stream) = connection.downcast_ref::<TcpStream>()
            && let Err(error) = prepare(stream)
        {
            warn!(error = chain(&error), "failed to prepare a connection");
        }
    })
    .h1_write_buffer_size(WRITE_BUFFER_BYTES)
    .disable_signals()
    .shutdown_timeout(LAST_WORDS.as_secs())
    .bind(address)
    .with_context(|| format!("failed to listen on {}:{}", address.0, address.1))?;
    let listening = *server
        .addrs()
        .first()
        .context("the server listens nowhere")?;
    let server = server.run();
    // Before it says that it listens: whoever reads that may ask it to stop at once.
    let stopping = stop_on_signal(app.clone(), server.handle())?;
    greet(&app, listening).await?;
    tokio::spawn(stopping);
    tokio::select! {
        ended = server => ended.context("failed to serve"),
        never = app.forget_ended.clone().forever() => match never {},
        never = attendance::check_forever(app) => match never {},
    }
}

/// Words are written as they come: none waits for the peer to acknowledge the one before. Little waits for a peer that
/// takes nothing, and after a time he is gone for the kernel too.
fn prepare(connection: &TcpStream) -> io::Result<()> {
    let socket = SockRef::from(connection);
    socket.set_tcp_nodelay(true)?;
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.set_tcp_user_timeout(Some(DEAF_FOR))
}

/// What whoever starts a server needs to know.
async fn greet(app: &App, listening: SocketAddr) -> anyhow::Result<()> {
    let url = format!("http://{listening}");
    say::line(&format!(
        "waifu-server {} listens on {url}",
        env!("CARGO_PKG_VERSION")
    ));
    match app.model_kind {
        ModelKind::Model => say::line(&format!("companion: the model {}", app.settings.llm.model)),
        ModelKind::Offline => {
            warn!("no language model is configured (llm.base_url): the offline companion answers");
            say::line(
                "companion: offline (no language model is configured; replies follow from rules)",
            );
        }
    }
    if listening.ip().is_loopback() && app.settings.environment == DeployedIn::Development {
        offer_a_try(app, &url).await?;
    }
    info!(%url, store = store_kind(app), "serving");
    Ok(())
}

fn store_kind(app: &App) -> &'static str {
    if app
        .settings
        .store
        .url
        .expose_secret()
        .starts_with("sqlite:")
    {
        "sqlite"
    } else {
        "postgres"
    }
}

/// A demo user exists only where nobody but this machine can reach the server.
async fn offer_a_try(app: &App, url: &str) -> anyhow::Result<()> {
    let demo = app
        .demo_user
        .execute()
        .await
        .context("failed to make the demo user")?;
    if demo.user.suspended_at.is_some() {
        return Ok(());
    }
    let one = PageLimit::try_from(1).expect("1 is a limit");
    let companions = app
        .list_waifus
        .execute(demo.holder.into(), None, one)
        .await?;
    let Some(companion) = companions.items.first() else {
        return Ok(());
    };
    let minutes = demo.access_token_lifetime.whole_minutes();
    say::line(&format!(
        "demo token ({minutes} minutes): {}",
        demo.access_token
    ));
    say::line(&format!("say hello to {}:", companion.profile.name));
    say::line(&format!(
        "  curl -s {url}/waifus/chat -H 'Authorization: Bearer {}' -H 'Content-Type: application/json' \
         -d '{{\"waifu_id\":\"{}\",\"message\":\"Hello! I am glad to meet you.\"}}'",
        demo.access_token, companion.id
    ));
    Ok(())
}

/// First the turns, which get their grace; then the sockets; then the listeners.
fn stop_on_signal(
    app: App,
    server: ServerHandle,
) -> anyhow::Result<impl Future<Output = ()> + Send> {
    let mut terminate = signal(SignalKind::terminate()).context("failed to listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("failed to listen for SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => info!("SIGTERM: draining"),
            _ = interrupt.recv() => info!("SIGINT: draining"),
        }
        app.supervisor
            .drain(app.settings.server.drain_grace())
            .await;
        app.closing.cancel();
        info!("all turns are stored");
        server.stop(true).await;
    })
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_connection_waits_for_no_acknowledgement_and_keeps_little_and_not_for_long() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let connection = TcpStream::connect(listener.local_addr().unwrap()).await;
        let connection = connection.unwrap();
        prepare(&connection).unwrap();
        let socket = SockRef::from(&connection);
        assert!(socket.tcp_nodelay().unwrap());
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(DEAF_FOR));
        // Linux doubles what it is told, for its own bookkeeping.
        assert!(socket.send_buffer_size().unwrap() <= 2 * SEND_BUFFER_BYTES);
    }
}
