//! One transaction on one leased connection, and the repositories that borrow it.

use async_trait::async_trait;
use diesel::SqliteConnection;
use waifu_app::ports::passwords::PasswordHash;
use waifu_app::ports::secrets::TokenHash;
use waifu_app::ports::store::{
    Appended, Edited, LedgerRow, MessagePlace, Messages, NewUser, Relationships, Session, Sessions,
    StoreError, Taken, TokenMatch, TurnOutcome, UnitOfWork, Users, WaifuEdit, WaifuPlace, Waifus,
};
use waifu_app::ports::turn_store::Append;
use waifu_domain::ids::{ClientMessageId, ConversationId, RelationshipId, TurnId, UserId, WaifuId};
use waifu_domain::relationship::{Pair, Relationship, RelationshipState};
use waifu_domain::slug::Slug;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::Message;
use waifu_domain::user::{User, Username};
use waifu_domain::waifu::Waifu;

use crate::connections::Lease;
use crate::errors::Fault;
use crate::rows::{interactions, messages, relationships, sessions, users, waifus};
use crate::turns::{append, outcome};

pub(crate) struct SqliteUnitOfWork {
    lease: Lease,
    /// A call that failed, or was dropped before its answer, may have written half of what it should: nothing of
    /// the whole is committed then.
    is_spoiled: bool,
}

impl SqliteUnitOfWork {
    pub(crate) fn new(lease: Lease) -> Self {
        Self {
            lease,
            is_spoiled: false,
        }
    }

    async fn run<T: Send + 'static>(
        &mut self,
        job: impl FnOnce(&mut SqliteConnection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.check()?;
        self.is_spoiled = true;
        let value = self.lease.run(job).await?;
        self.is_spoiled = false;
        Ok(value)
    }

    fn check(&self) -> Result<(), StoreError> {
        if self.is_spoiled {
            let why = "an earlier call of this unit of work failed or was dropped";
            return Err(Fault::Misuse(why).into());
        }
        Ok(())
    }
}

#[async_trait]
impl UnitOfWork for SqliteUnitOfWork {
    fn users(&mut self) -> Box<dyn Users + '_> {
        Box::new(Repository(self))
    }

    fn sessions(&mut self) -> Box<dyn Sessions + '_> {
        Box::new(Repository(self))
    }

    fn waifus(&mut self) -> Box<dyn Waifus + '_> {
        Box::new(Repository(self))
    }

    fn relationships(&mut self) -> Box<dyn Relationships + '_> {
        Box::new(Repository(self))
    }

    fn messages(&mut self) -> Box<dyn Messages + '_> {
        Box::new(Repository(self))
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        self.check()?;
        self.lease.commit().await
    }

    async fn rollback(self: Box<Self>) -> Result<(), StoreError> {
        self.lease.roll_back().await
    }
}

/// Each port of the unit of work is one `impl` of this.
struct Repository<'a>(&'a mut SqliteUnitOfWork);

#[async_trait]
impl Users for Repository<'_> {
    async fn insert(&mut self, user: NewUser) -> Result<Result<(), Taken>, StoreError> {
        self.0.run(move |c| users::insert(c, &user)).await
    }

    async fn by_id(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        self.0.run(move |c| users::by_id(c, id)).await
    }

    async fn by_username(
        &mut self,
        name: &Username,
    ) -> Result<Option<(User, PasswordHash)>, StoreError> {
        let name = name.clone();
        self.0.run(move |c| users::by_username(c, &name)).await
    }
}

#[async_trait]
impl Sessions for Repository<'_> {
    async fn insert(&mut self, session: Session) -> Result<(), StoreError> {
        self.0.run(move |c| sessions::insert(c, &session)).await
    }

    /// The unit of work is the only one that writes, so that all rows are locked.
    async fn lock_by_token(
        &mut self,
        token: TokenHash,
    ) -> Result<Option<(Session, TokenMatch)>, StoreError> {
        self.0.run(move |c| sessions::by_token(c, token)).await
    }

    async fn update(&mut self, session: &Session) -> Result<(), StoreError> {
        let session = *session;
        self.0.run(move |c| sessions::update(c, &session)).await
    }
}

#[async_trait]
impl Waifus for Repository<'_> {
    async fn insert(&mut self, waifu: &Waifu) -> Result<Result<(), Taken>, StoreError> {
        let waifu = waifu.clone();
        self.0.run(move |c| waifus::insert(c, &waifu)).await
    }

    async fn by_id(&mut self, id: WaifuId) -> Result<Option<Waifu>, StoreError> {
        self.0.run(move |c| waifus::by_id(c, id)).await
    }

    async fn by_key(&mut self, key: &Slug) -> Result<Option<Waifu>, StoreError> {
        let key = key.clone();
        self.0.run(move |c| waifus::by_key(c, &key)).await
    }

    async fn visible_to(
        &mut self,
        viewer: UserId,
        after: Option<WaifuPlace>,
        limit: u32,
    ) -> Result<Vec<Waifu>, StoreError> {
        self.0
            .run(move |c| waifus::visible_to(c, viewer, after, limit))
            .await
    }

    async fn edit(&mut self, edit: WaifuEdit) -> Result<Edited, StoreError> {
        self.0.run(move |c| waifus::edit(c, &edit)).await
    }

    async fn delete(&mut self, id: WaifuId, at: Timestamp) -> Result<(), StoreError> {
        self.0.run(move |c| waifus::delete(c, id, at)).await
    }

    async fn is_empty(&mut self) -> Result<bool, StoreError> {
        self.0.run(waifus::is_empty).await
    }
}

#[async_trait]
impl Relationships for Repository<'_> {
    async fn find(&mut self, pair: Pair) -> Result<Option<Relationship>, StoreError> {
        self.0.run(move |c| relationships::by_pair(c, pair)).await
    }

    /// The unit of work is the only one that writes, so that all rows are locked.
    async fn lock(&mut self, pair: Pair) -> Result<Option<Relationship>, StoreError> {
        self.0.run(move |c| relationships::by_pair(c, pair)).await
    }

    async fn state(
        &mut self,
        relationship: &Relationship,
        entries_since: Timestamp,
    ) -> Result<RelationshipState, StoreError> {
        let relationship = relationship.clone();
        self.0
            .run(move |c| relationships::state(c, &relationship, entries_since))
            .await
    }

    async fn append(&mut self, append: Append) -> Result<Appended, StoreError> {
        self.0.run(move |c| append::append(c, &append, None)).await
    }

    async fn ledger(
        &mut self,
        relationship: RelationshipId,
        before_no: Option<u32>,
        limit: u32,
    ) -> Result<Vec<LedgerRow>, StoreError> {
        self.0
            .run(move |c| interactions::ledger(c, relationship, before_no, limit))
            .await
    }
}

#[async_trait]
impl Messages for Repository<'_> {
    async fn history(
        &mut self,
        relationship: RelationshipId,
        before: Option<MessagePlace>,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        self.0
            .run(move |c| messages::history_of_relationship(c, relationship, before, limit))
            .await
    }

    async fn outcome(&mut self, turn: TurnId) -> Result<Option<TurnOutcome>, StoreError> {
        self.0.run(move |c| outcome::read(c, turn)).await
    }

    async fn turn_of(
        &mut self,
        relationship: RelationshipId,
        message: ClientMessageId,
    ) -> Result<Option<TurnId>, StoreError> {
        self.0
            .run(move |c| {
                let turn = crate::rows::turns::by_client_message(c, relationship, message)?;
                Ok(turn.map(|turn| turn.id()))
            })
            .await
    }

    async fn default_conversation(
        &mut self,
        relationship: RelationshipId,
    ) -> Result<Option<ConversationId>, StoreError> {
        self.0
            .run(move |c| crate::rows::conversations::default_of(c, relationship))
            .await
    }
}
