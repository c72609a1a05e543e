//! Who calls: made by the doors from a verified credential, asked by every use case.

use std::fmt;

use waifu_domain::ids::{ApiKeyId, SessionId, UserId};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    pub user_id: UserId,
    pub credential: Credential,
}

/// What somebody shows for himself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Credential {
    Session(SessionId),
    Key(ApiKeyId, Scopes),
}

/// Somebody who has signed in. What no API key reaches asks for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionHolder {
    pub user_id: UserId,
    pub session_id: SessionId,
}

impl From<SessionHolder> for Caller {
    fn from(holder: SessionHolder) -> Self {
        Self {
            user_id: holder.user_id,
            credential: Credential::Session(holder.session_id),
        }
    }
}

/// What an API key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Whatever changes nothing.
    Read,
    /// Acts on a relationship: messages, gifts, dates, choices.
    Chat,
    /// Companions of one's own and, for operators, administration.
    Write,
}

impl Scope {
    pub const ALL: [Self; 3] = [Self::Read, Self::Chat, Self::Write];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Chat => "chat",
            Self::Write => "write",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of [`Scope`]s. As text: their names, in their order, with a space between.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Scopes(u8);

impl Scopes {
    pub fn contains(self, scope: Scope) -> bool {
        self.0 & Self::bit(scope) != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Scope> {
        let all = Scope::ALL.into_iter();
        all.filter(move |scope| self.contains(*scope))
    }

    const fn bit(scope: Scope) -> u8 {
        1 << scope as u8
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let bits = scopes.into_iter().map(Self::bit);
        Self(bits.fold(0, |all, bit| all | bit))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.iter().map(Scope::name).collect();
        f.write_str(&names.join(" "))
    }
}

impl std::str::FromStr for Scopes {
    type Err = NotAScope;

    fn from_str(text: &str) -> Result<Self, NotAScope> {
        let named = |name| Scope::ALL.into_iter().find(|scope| scope.name() == name);
        text.split(' ')
            .map(|name| named(name).ok_or(NotAScope))
            .collect()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be read, chat or write")]
pub struct NotAScope;

/// Why a credential that is good is not enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefused {
    #[error("the API key does not have the scope {0}")]
    Lacks(Scope),
    #[error("API keys do not reach this: sign in")]
    NeedsSession,
}

impl Caller {
    /// Himself, if he may do what is of this scope. Whoever has signed in may do everything.
    pub fn with(self, scope: Scope) -> Result<Self, KeyRefused> {
        match self.credential {
            Credential::Key(_, scopes) if !scopes.contains(scope) => Err(KeyRefused::Lacks(scope)),
            Credential::Key(..) | Credential::Session(_) => Ok(self),
        }
    }

    pub fn session(self) -> Result<SessionHolder, KeyRefused> {
        match self.credential {
            Credential::Session(session_id) => Ok(SessionHolder {
                user_id: self.user_id,
                session_id,
            }),
            Credential::Key(..) => Err(KeyRefused::NeedsSession),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn scopes_are_a_set_that_reads_what_it_writes() {
        let scopes: Scopes = [Scope::Chat, Scope::Read, Scope::Chat]
            .into_iter()
            .collect();
        assert_eq!(scopes.to_string(), "read chat");
        assert_eq!("read chat".parse(), Ok(scopes));
        assert_eq!("read admin".parse::<Scopes>(), Err(NotAScope));
        assert!(scopes.contains(Scope::Read) && !scopes.contains(Scope::Write));
    }

    #[test]
    fn a_key_does_what_its_scopes_say_and_a_session_everything() {
        let by = |credential| Caller {
            user_id: Uuid::from_u128(1).into(),
            credential,
        };
        let reads = [Scope::Read].into_iter().collect();
        let key = by(Credential::Key(Uuid::from_u128(2).into(), reads));
        assert_eq!(key.with(Scope::Read), Ok(key));
        assert_eq!(key.with(Scope::Chat), Err(KeyRefused::Lacks(Scope::Chat)));
        assert_eq!(key.session(), Err(KeyRefused::NeedsSession));
        let session = by(Credential::Session(Uuid::from_u128(3).into()));
        assert!(Scope::ALL.iter().all(|scope| session.with(*scope).is_ok()));
        assert_eq!(session.session().map(Caller::from), Ok(session));
    }
}
