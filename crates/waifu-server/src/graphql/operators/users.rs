//! The accounts.

use juniper::{GraphQLEnum, GraphQLInputObject, GraphQLObject, ID};
use waifu_app::caller::Scope;
use waifu_app::use_cases::page::Page;
use waifu_domain::ids::UserId;
use waifu_domain::user::{AgeGroup, Role, User};

use super::operator;
use crate::graphql::Context;
use crate::graphql::connection::{Connection, paging};
use crate::graphql::mutation::{UserError, uuid};
use crate::graphql::objects::UserRoleEnum;
use crate::problem::Problem;
use crate::rest::admin::users::list::parse_username;
use crate::rest::admin::users::{no_such_user, somebody_else};

#[derive(Debug, GraphQLInputObject)]
pub struct SuspendUserInput {
    user_id: ID,
}

#[derive(Debug, GraphQLInputObject)]
pub struct RestoreUserInput {
    user_id: ID,
}

#[derive(Debug, GraphQLInputObject)]
pub struct EraseUserInput {
    user_id: ID,
}

#[derive(Debug, GraphQLInputObject)]
pub struct SetAgeGroupInput {
    user_id: ID,
    /// `ADULT` is refused while the birthday that the user has told says otherwise.
    age_group: AgeGroupEnum,
}

#[derive(Debug, GraphQLInputObject)]
pub struct ResetPasswordInput {
    user_id: ID,
}

#[derive(Debug, Clone, Copy, GraphQLEnum)]
#[graphql(name = "AgeGroup")]
pub enum AgeGroupEnum {
    Adult,
    Minor,
}

/// An account, as operators see it.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "Account", context = Context)]
pub struct AccountObject {
    id: ID,
    username: String,
    display_name: String,
    roles: Vec<UserRoleEnum>,
    age_group: AgeGroupEnum,
    created_at: String,
    /// Since when he is kept out.
    suspended_at: Option<String>,
}

/// A password for one sign-in, or what was wrong.
// No `Debug`: it holds a secret in clear.
#[derive(Default, GraphQLObject)]
#[graphql(context = Context)]
pub struct ResetPasswordPayload {
    /// It is stored as a hash and never shown again.
    password: Option<String>,
    expires_at: Option<String>,
    errors: Vec<UserError>,
}

pub async fn page(
    context: &Context,
    first: Option<i32>,
    after: Option<&str>,
    username: Option<String>,
) -> Result<Connection<AccountObject>, Problem> {
    let (limit, start) = paging::<UserId>(first, after)?;
    operator(context, Scope::Read).await?;
    let users = &context.app.list_users;
    let page = match username {
        Some(name) => Page {
            items: users
                .named(&parse_username(name)?)
                .await?
                .into_iter()
                .collect(),
            next: None,
        },
        None => users.page(start, limit).await?,
    };
    Ok(Connection::new(page, |user: &User| user.id, Into::into))
}

pub async fn one(context: &Context, id: &ID) -> Result<AccountObject, Problem> {
    operator(context, Scope::Read).await?;
    let id = uuid(id, "id")?.into();
    let found = context.app.list_users.by_id(id).await?;
    Ok(found.ok_or_else(no_such_user)?.into())
}

pub async fn suspend(context: &Context, input: SuspendUserInput) -> Result<(), Problem> {
    let operator = operator(context, Scope::Write).await?;
    let user = somebody_else(operator, uuid(&input.user_id, "userId")?.into())?;
    let found = context.app.suspend_user.suspend(user).await?;
    found.map(|_| ()).ok_or_else(no_such_user)
}

pub async fn restore(context: &Context, input: RestoreUserInput) -> Result<(), Problem> {
    operator(context, Scope::Write).await?;
    let user = uuid(&input.user_id, "userId")?.into();
    let found = context.app.suspend_user.restore(user).await?;
    found.map(|_| ()).ok_or_else(no_such_user)
}

pub async fn erase(context: &Context, input: EraseUserInput) -> Result<(), Problem> {
    let operator = operator(context, Scope::Write).await?;
    let user = somebody_else(operator, uuid(&input.user_id, "userId")?.into())?;
    let was_there = context.app.erase_user.execute(user).await?;
    was_there.then_some(()).ok_or_else(no_such_user)
}

pub async fn set_age_group(context: &Context, input: SetAgeGroupInput) -> Result<(), Problem> {
    operator(context, Scope::Write).await?;
    let user = uuid(&input.user_id, "userId")?.into();
    let mark = &context.app.mark_minor;
    mark.execute(user, input.age_group.into()).await?;
    Ok(())
}

pub async fn reset_password(context: &Context, input: ResetPasswordInput) -> ResetPasswordPayload {
    match try_to_reset(context, &input).await {
        Ok(payload) => payload,
        Err(problem) => ResetPasswordPayload {
            errors: vec![problem.into()],
            ..ResetPasswordPayload::default()
        },
    }
}

async fn try_to_reset(
    context: &Context,
    input: &ResetPasswordInput,
) -> Result<ResetPasswordPayload, Problem> {
    let operator = operator(context, Scope::Write).await?;
    let user = somebody_else(operator, uuid(&input.user_id, "userId")?.into())?;
    let given = context.app.reset_password.execute(user).await?;
    Ok(ResetPasswordPayload {
        password: Some(given.password.reveal().to_owned()),
        expires_at: Some(given.until.to_string()),
        errors: Vec::new(),
    })
}

impl From<User> for AccountObject {
    fn from(user: User) -> Self {
        Self {
            id: ID::new(user.id.to_string()),
            username: user.username.into(),
            display_name: user.display_name.into(),
            roles: vec![user.role.into()],
            age_group: match user.age_group {
                AgeGroup::Adult => AgeGroupEnum::Adult,
                AgeGroup::Minor => AgeGroupEnum::Minor,
            },
            created_at: user.created_at.to_string(),
            suspended_at: user.suspended_at.map(|at| at.to_string()),
        }
    }
}

impl From<Role> for UserRoleEnum {
    fn from(role: Role) -> Self {
        match role {
            Role::User => Self::User,
            Role::Operator => Self::Operator,
        }
    }
}

impl From<AgeGroupEnum> for AgeGroup {
    fn from(age_group: AgeGroupEnum) -> Self {
        match age_group {
            AgeGroupEnum::Adult => Self::Adult,
            AgeGroupEnum::Minor => Self::Minor,
        }
    }
}
