//! `GET /admin/users`

use actix_web::{HttpResponse, get, web};
use serde::Deserialize;
use utoipa::IntoParams;
use waifu_app::use_cases::page::Page;
use waifu_domain::ids::UserId;
use waifu_domain::user::Username;

use super::AccountView;
use crate::app::App;
use crate::problem::{FieldError, Problem};
use crate::rest::query::{Paging, Query};
use crate::rest::views::PageView;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct AccountsQuery {
    /// How many items, 1 to 100; 50 unless told.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// The one of this name alone.
    username: Option<String>,
}

/// The accounts, oldest first
#[utoipa::path(
    operation_id = "list_users",
    tag = "operators",
    security(("access_token" = [])),
    params(AccountsQuery),
    responses((status = 200, description = "a page", body = PageView<AccountView>), (status = 422, description = "`validation`")),
)]
#[get("/users")]
pub async fn list(
    app: web::Data<App>,
    query: Query<AccountsQuery>,
) -> Result<HttpResponse, Problem> {
    let AccountsQuery {
        limit,
        cursor,
        username,
    } = query.0;
    let paging: Paging<UserId> = Paging::new(limit, cursor.as_deref())?;
    let page = match username {
        Some(name) => {
            let name = parse_username(name)?;
            let found = app.list_users.named(&name).await?;
            Page {
                items: found.into_iter().collect(),
                next: None,
            }
        }
        None => app.list_users.page(paging.start, paging.limit).await?,
    };
    Ok(HttpResponse::Ok().json(PageView::new(page, AccountView::from)))
}

pub fn parse_username(name: String) -> Result<Username, Problem> {
    Username::try_from(name).map_err(|error| {
        Problem::invalid(vec![FieldError::parameter("username", error.to_string())])
    })
}
