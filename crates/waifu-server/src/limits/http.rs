//! The limits of the REST door, as middleware: around every scope, inside of who asks.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, web};
use waifu_app::ports::rate_limits::RequestClass;

use super::Refused;
use super::classes::class_of;
use super::told::{self, Told};
use crate::app::App;
use crate::auth::bearer::LetInHere;
use crate::peer::PeerAddress;
use crate::problem::Problem;

/// Counts what somebody does, after [`crate::auth::bearer::authenticate`] has said who it is.
pub async fn limit(
    caller: LetInHere,
    address: PeerAddress,
    app: web::Data<App>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let taken = match class(&request) {
        Some(class) => app.limits.take(class, caller.0.user_id, address.0).await,
        None => Ok(None),
    };
    pass(taken, request, next).await
}

/// Counts what comes from an address, whoever it is.
pub async fn limit_address(
    address: PeerAddress,
    app: web::Data<App>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let taken = match class(&request) {
        Some(class) => app.limits.take_from(class, address.0).await,
        None => Ok(None),
    };
    pass(taken, request, next).await
}

fn class(request: &ServiceRequest) -> Option<RequestClass> {
    let pattern = request.match_pattern();
    // What nothing answers is of the class of its scope.
    let path = pattern.as_deref().unwrap_or(request.path());
    class_of(request.method(), path)
}

async fn pass(
    taken: Result<Option<Told>, Refused>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    match taken {
        Ok(None) => next.call(request).await,
        Ok(Some(told)) => match next.call(request).await {
            Ok(mut response) => {
                told::write(&[told], response.headers_mut());
                Ok(response)
            }
            Err(error) => Err(telling(error, told)),
        },
        Err(refused) => Err(telling(Problem::from(refused).into(), refused.told)),
    }
}

/// What a middleware refuses becomes a response only later.
fn telling(mut error: Error, told: Told) -> Error {
    error.add_response_mapper(move |mut response| {
        told::write(&[told], response.headers_mut());
        response
    });
    error
}
