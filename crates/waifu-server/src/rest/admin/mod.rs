//! What operators alone may do.

pub mod adjust;
pub mod suspend;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, web};

use crate::app::App;
use crate::auth::bearer::Authenticated;
use crate::problem::{Code, Problem};

/// Lets operators in, after [`crate::auth::bearer::authenticate`] has said who it is.
pub async fn operators_alone(
    caller: Authenticated,
    app: web::Data<App>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let is_operator = app.roles.is_operator(caller.0.user_id).await;
    if is_operator.map_err(Problem::from)? {
        next.call(request).await
    } else {
        Err(Problem::new(Code::Forbidden, "this is for operators").into())
    }
}
