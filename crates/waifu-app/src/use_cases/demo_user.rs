//! The demo user: somebody to try the server as, on a machine where nobody else can reach it.

use std::sync::Arc;

use waifu_domain::user::{User, Username};

use super::open_session::{OpenSession, SignedIn};
use crate::ports::clock::Clock;
use crate::ports::ids::IdSource;
use crate::ports::passwords::PasswordHash;
use crate::ports::store::{NewUser, Store, StoreError, Taken, UnitOfWork, finish};

const NAME: &str = "demo";

#[derive(Debug, Clone)]
pub struct DemoUser {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
    pub open_session: OpenSession,
}

impl DemoUser {
    /// Signs the demo user in, making the account if there is none. No password fits it.
    pub async fn execute(&self) -> Result<SignedIn, StoreError> {
        let mut work = self.store.begin().await?;
        let outcome = self.sign_in(&mut *work).await;
        finish(work, outcome).await
    }

    async fn sign_in(&self, work: &mut dyn UnitOfWork) -> Result<SignedIn, StoreError> {
        let username = Username::try_from(NAME.to_owned()).expect("a plain name");
        let found = work.users().by_username(&username).await?;
        let user = match found {
            Some((user, _)) => user,
            None => self.insert(work, username).await?,
        };
        self.open_session.execute(work, user).await
    }

    async fn insert(
        &self,
        work: &mut dyn UnitOfWork,
        username: Username,
    ) -> Result<User, StoreError> {
        let user = User::new(self.ids.fresh(), username, self.clock.now());
        let new = NewUser {
            user: user.clone(),
            password_hash: PasswordHash("!".to_owned()),
        };
        let inserted = work.users().insert(new).await?;
        if inserted == Err(Taken) {
            // Another server on the same store, starting at this instant, was quicker.
            let found = work.users().by_username(&user.username).await?;
            let (user, _) =
                found.ok_or_else(|| StoreError::Failed("the demo user vanished".into()))?;
            return Ok(user);
        }
        Ok(user)
    }
}
