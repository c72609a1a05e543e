//! What operators alone may do.

pub mod adjust;
pub mod catalogue;
pub mod usage;
pub mod users;
pub mod waifus;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, web};
use waifu_app::caller::Scope;

use crate::app::App;
use crate::auth::bearer::LetInHere;
use crate::problem::{Code, Problem};

/// Lets operators in, after [`crate::auth::bearer::authenticate`] has said who it is.
pub async fn operators_alone(
    caller: LetInHere,
    app: web::Data<App>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let scope = if request.method().is_safe() {
        Scope::Read
    } else {
        Scope::Write
    };
    let caller = caller.0.with(scope).map_err(Problem::from)?;
    let is_operator = app.roles.is_operator(caller.user_id).await;
    if is_operator.map_err(Problem::from)? {
        next.call(request).await
    } else {
        Err(Problem::new(Code::Forbidden, "this is for operators").into())
    }
}
