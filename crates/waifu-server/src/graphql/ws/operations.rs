//! The operations at work on one socket. Each has a name of this server's own: what is still said of one that its client
//! has left then concerns nobody, even if he has given its id to another.

use std::collections::HashMap;

use juniper::parser::parse_document_source;
use juniper::{Definition, OperationType, Selection};
use juniper_graphql_ws::graphql_transport_ws::{ServerMessage, SubscribePayload};

use crate::graphql::Schema;
use crate::problem::{Code, FieldError, Problem};
use crate::sockets::close::Close;

/// Operations of one socket that are at work at once.
pub const MOST_AT_WORK: usize = 8;
/// Ids are told with every frame.
const LONGEST_ID: usize = 128;

#[derive(Debug, Default)]
pub struct Operations {
    begun: u64,
    ids: HashMap<String, String>,
}

impl Operations {
    pub fn count(&self) -> usize {
        self.ids.len()
    }

    /// The name of a new operation with this id. The inner error is told of it alone.
    pub fn begin(&mut self, id: &str) -> Result<Result<String, Problem>, Close> {
        if id.len() > LONGEST_ID {
            return Err(Close::Malformed("an id is too long".to_owned()));
        }
        if self.ids.values().any(|known| known == id) {
            return Err(Close::OperationExists);
        }
        if self.ids.len() == MOST_AT_WORK {
            let detail = "as many operations are at work on this socket as are allowed";
            return Ok(Err(Problem::new(Code::RateLimited, detail)));
        }
        self.begun += 1;
        let name = self.begun.to_string();
        self.ids.insert(name.clone(), id.to_owned());
        Ok(Ok(name))
    }

    /// Its client has left it; its name, if it was at work.
    pub fn leave(&mut self, id: &str) -> Option<String> {
        let (name, _) = self.ids.iter().find(|(_, known)| *known == id)?;
        let name = name.clone();
        self.ids.remove(&name);
        Some(name)
    }

    /// What the client is told; `None`: nothing. Nothing is told of an operation after its error.
    pub fn tell<S>(&mut self, message: ServerMessage<S>) -> Option<ServerMessage<S>> {
        Some(match message {
            ServerMessage::Next { id, payload } => ServerMessage::Next {
                id: self.ids.get(&id)?.clone(),
                payload,
            },
            ServerMessage::Error { id, payload } => ServerMessage::Error {
                id: self.ids.remove(&id)?,
                payload,
            },
            ServerMessage::Complete { id } => ServerMessage::Complete {
                id: self.ids.remove(&id)?,
            },
            ServerMessage::ConnectionAck | ServerMessage::Pong => message,
        })
    }
}

/// A subscription has one root field, says the specification, and juniper does not check it: of several it would tell
/// frames by the tuple, and around one a fragment that fails would bring it down. What can't be read it refuses itself.
pub fn check_root<S>(schema: &Schema, payload: &SubscribePayload<S>) -> Result<(), Problem> {
    let document = parse_document_source(&payload.query, &schema.schema);
    let is_fine = |definition: &Definition<_>| match definition {
        Definition::Operation(operation) => {
            let [Selection::Field(field)] = operation.item.selection_set.as_slice() else {
                return operation.item.operation_type != OperationType::Subscription;
            };
            let is_subscription = operation.item.operation_type == OperationType::Subscription;
            !is_subscription || !field.item.name.item.starts_with("__")
        }
        Definition::Fragment(_) => true,
    };
    if document.map_or(true, |document| document.iter().all(is_fine)) {
        return Ok(());
    }
    let detail = "must have one root field in a subscription, and no fragment around it";
    Err(Problem::invalid(vec![FieldError::parameter(
        "query", detail,
    )]))
}
