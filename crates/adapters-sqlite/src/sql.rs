//! Statements written by hand that are prepared once a connection. Of diesel's own, updates, `sql_query` and whatever
//! has a piece of `sql` in it are parsed and planned anew each time.

use std::marker::PhantomData;

use diesel::dsl::SqlTypeOf;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sqlite::Sqlite;
use diesel::{QueryResult, RunQueryDsl, Selectable, SqliteConnection};

/// A statement in which `?1`, `?2` … are the `binds` in their order, and whose rows are of the SQL type `Row`. `Tag`
/// stands for the text among the cached statements, so it belongs to one text alone.
///
/// Two things would make SQLite plan it again whenever a value is bound: `limit ?`, where a sum takes its place, and a
/// value that a condition of an index is held against, which is written out therefore.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sql<Tag, Binds, Row = ()> {
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

impl<Tag, Binds, Row> RunQueryDsl<SqliteConnection> for Sql<Tag, Binds, Row> {}

impl<Tag, Binds: QueryFragment<Sqlite>, Row> QueryFragment<Sqlite> for Sql<Tag, Binds, Row> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        pass.push_sql(self.text);
        // Diesel writes a question mark for each of these: here nobody reads them.
        pass.push_sql("\n-- ");
        self.binds.walk_ast(pass)
    }
}

/// The SQL types of a row's columns, in their order.
pub(crate) type ColumnsOf<Row> = SqlTypeOf<<Row as Selectable<Sqlite>>::SelectExpression>;

/// The binds of a [`Sql`], each with its SQL type: `binds!(id => Binary, text => Text)`.
macro_rules! binds {
    ($($value:expr => $kind:ty),* $(,)?) => {
        ($(diesel::IntoSql::into_sql::<$kind>($value),)*)
    };
}

pub(crate) use binds;
