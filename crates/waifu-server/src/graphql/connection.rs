//! Relay connections: pages of edges, each with the cursor to go on from.

use juniper::{DefaultScalarValue, GraphQLObject, graphql_object};
use waifu_app::use_cases::page::{Page, PageLimit};

use super::Context;
use super::acts::InteractionObject;
use super::api_keys::ApiKeyObject;
use super::events::EventObject;
use super::objects::{MessageObject, WaifuObject};
use super::offers::{DateObject, GiftObject};
use super::operators::catalogue::EntryObject;
use super::operators::users::AccountObject;
use crate::problem::{FieldError, Problem};
use crate::rest::cursor::Cursor;
use crate::rest::query::Paging;

#[derive(Debug, Clone, GraphQLObject)]
pub struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Debug)]
pub struct Edge<N> {
    cursor: String,
    node: N,
}

#[derive(Debug)]
pub struct Connection<N> {
    edges: Vec<Edge<N>>,
    page_info: PageInfo,
}

impl<N> Connection<N> {
    pub fn new<I, C: Cursor>(
        page: Page<I, C>,
        place: impl Fn(&I) -> C,
        node: impl Fn(I) -> N,
    ) -> Self {
        let edge = |item: I| Edge {
            cursor: place(&item).encode(),
            node: node(item),
        };
        let has_next_page = page.next.is_some();
        let edges: Vec<_> = page.items.into_iter().map(edge).collect();
        let end_cursor = edges.last().map(|edge| edge.cursor.clone());
        Self {
            edges,
            page_info: PageInfo {
                has_next_page,
                end_cursor,
            },
        }
    }
}

/// `first` and `after`, parsed.
pub fn paging<C: Cursor>(
    first: Option<i32>,
    after: Option<&str>,
) -> Result<(PageLimit, Option<C>), Problem> {
    let first = first
        .map(u32::try_from)
        .transpose()
        .map_err(|_| Problem::invalid(vec![FieldError::parameter("first", "must be 1 to 100")]))?;
    let Paging { limit, start } = Paging::new(first, after)?;
    Ok((limit, start))
}

/// The schema has a type of edges and one of connections for each type of node.
macro_rules! connection_of {
    ($node:ty, $edge:literal, $connection:literal) => {
        #[graphql_object(context = Context, scalar = DefaultScalarValue, name = $edge)]
        impl Edge<$node> {
            fn cursor(&self) -> &str {
                &self.cursor
            }

            fn node(&self) -> &$node {
                &self.node
            }
        }

        #[graphql_object(context = Context, scalar = DefaultScalarValue, name = $connection)]
        impl Connection<$node> {
            fn edges(&self) -> &[Edge<$node>] {
                &self.edges
            }

            fn page_info(&self) -> &PageInfo {
                &self.page_info
            }
        }
    };
}

connection_of!(ApiKeyObject, "ApiKeyEdge", "ApiKeyConnection");
connection_of!(WaifuObject, "WaifuEdge", "WaifuConnection");
connection_of!(MessageObject, "MessageEdge", "MessageConnection");
connection_of!(
    InteractionObject,
    "InteractionEdge",
    "InteractionConnection"
);
connection_of!(GiftObject, "GiftEdge", "GiftConnection");
connection_of!(DateObject, "DateEdge", "DateConnection");
connection_of!(EventObject, "EventEdge", "EventConnection");
connection_of!(AccountObject, "AccountEdge", "AccountConnection");
connection_of!(
    EntryObject,
    "CatalogueEntryEdge",
    "CatalogueEntryConnection"
);
