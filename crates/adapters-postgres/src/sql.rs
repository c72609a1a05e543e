//! Statements written by hand that are prepared once a connection, as diesel's own are: its `sql_query` is parsed and
//! planned anew each time.

use std::marker::PhantomData;

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

/// A statement in which `$1`, `$2` … are the `binds` in their order, and whose rows are of the SQL type `Row`. `Tag`
/// stands for the text among the cached statements, so it belongs to one text alone.
pub(crate) struct Sql<Tag, Binds, Row> {
    text: &'static str,
    binds: Binds,
    kind: PhantomData<(Tag, Row)>,
}

impl<Tag, Binds, Row> Sql<Tag, Binds, Row> {
    pub(crate) fn new(text: &'static str, binds: Binds) -> Self {
        Self {
            text,
            binds,
            kind: PhantomData,
        }
    }
}

impl<Tag: 'static, Binds, Row> QueryId for Sql<Tag, Binds, Row> {
    type QueryId = Tag;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Tag, Binds, Row> Query for Sql<Tag, Binds, Row> {
    type SqlType = Row;
}

impl<Tag, Binds: QueryFragment<Pg>, Row> QueryFragment<Pg> for Sql<Tag, Binds, Row> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_sql(self.text);
        // Diesel numbers what it is told to bind and writes the number down: here nobody reads it.
        pass.push_sql("\n-- ");
        self.binds.walk_ast(pass)
    }
}

/// The binds of a [`Sql`], each with its SQL type: `binds!(id => Uuid, texts => Array<Text>)`.
macro_rules! binds {
    ($($value:expr => $kind:ty),* $(,)?) => {
        ($(diesel::IntoSql::into_sql::<$kind>($value),)*)
    };
}

pub(crate) use binds;
