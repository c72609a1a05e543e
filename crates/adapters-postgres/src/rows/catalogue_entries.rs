//! Gifts, dates and events that there are.

use async_trait::async_trait;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;
use waifu_app::ports::store::{
    CatalogueEdit, CatalogueEntries, CatalogueEntry, Definition, Edited, Editor, StoreError, Taken,
};

use crate::columns::{Document, Moment, count, number, valid};
use crate::errors::Fault;
use crate::schema::catalogue_entries;
use crate::unit_of_work::Repository;

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = catalogue_entries, check_for_backend(Pg))]
struct EntryRow {
    id: Uuid,
    kind: String,
    key: String,
    body: Document,
    version: i32,
    seeded_version: Option<i32>,
    created_at: Moment,
    updated_at: Moment,
    retired_at: Option<Moment>,
}

impl EntryRow {
    fn of(entry: &CatalogueEntry) -> Result<Self, Fault> {
        let (kind, body) = kind_and_body(&entry.definition);
        Ok(Self {
            id: entry.id.into(),
            kind: kind.to_owned(),
            key: entry.key.as_str().to_owned(),
            body,
            version: number(entry.version)?,
            seeded_version: entry.seeded_version.map(number).transpose()?,
            created_at: Moment(entry.created_at),
            updated_at: Moment(entry.updated_at),
            retired_at: entry.retired_at.map(Moment),
        })
    }

    fn read(self) -> Result<CatalogueEntry, Fault> {
        Ok(CatalogueEntry {
            id: self.id.into(),
            key: valid("catalogue_entries.key", self.key.try_into())?,
            definition: definition(&self.kind, &self.body)?,
            version: count("catalogue_entries.version", self.version)?,
            seeded_version: self
                .seeded_version
                .map(|version| count("catalogue_entries.seeded_version", version))
                .transpose()?,
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
            retired_at: self.retired_at.map(|at| at.0),
        })
    }
}

fn kind_and_body(definition: &Definition) -> (&'static str, Document) {
    match definition {
        Definition::Gift(gift) => ("gift", Document::of(gift)),
        Definition::Date(date) => ("date", Document::of(date)),
        Definition::Event(event) => ("event", Document::of(event)),
    }
}

fn definition(kind: &str, body: &Document) -> Result<Definition, Fault> {
    let place = "catalogue_entries.body";
    match kind {
        "gift" => body.read(place).map(Definition::Gift),
        "date" => body.read(place).map(Definition::Date),
        "event" => body.read(place).map(Definition::Event),
        other => {
            let why = format!("nothing in a catalogue is a {other}");
            valid("catalogue_entries.kind", Err(why))
        }
    }
}

async fn all(connection: &mut AsyncPgConnection) -> Result<Vec<CatalogueEntry>, Fault> {
    let rows = catalogue_entries::table
        .order_by((catalogue_entries::kind, catalogue_entries::key))
        .select(EntryRow::as_select())
        .load(connection)
        .await?;
    rows.into_iter().map(EntryRow::read).collect()
}

async fn insert(
    connection: &mut AsyncPgConnection,
    entry: &CatalogueEntry,
) -> Result<Result<(), Taken>, Fault> {
    let inserted = diesel::insert_into(catalogue_entries::table)
        .values(EntryRow::of(entry)?)
        .on_conflict((catalogue_entries::kind, catalogue_entries::key))
        .do_nothing()
        .execute(connection)
        .await?;
    Ok(if inserted == 1 { Ok(()) } else { Err(Taken) })
}

async fn edit(connection: &mut AsyncPgConnection, edit: &CatalogueEdit) -> Result<Edited, Fault> {
    let version = number(edit.expected_version + 1)?;
    // `None` leaves the column as it is.
    let seeded_version = match edit.editor {
        Editor::Person => None,
        Editor::Seed => Some(catalogue_entries::seeded_version.eq(version)),
    };
    let (kind, body) = kind_and_body(&edit.definition);
    let current = catalogue_entries::table
        .find(edit.id.as_uuid())
        .filter(catalogue_entries::kind.eq(kind))
        .filter(catalogue_entries::version.eq(number(edit.expected_version)?));
    let edited = diesel::update(current)
        .set((
            catalogue_entries::body.eq(body),
            catalogue_entries::version.eq(version),
            catalogue_entries::updated_at.eq(Moment(edit.at)),
            catalogue_entries::retired_at.eq(edit.retired_at.map(Moment)),
            seeded_version,
        ))
        .execute(connection)
        .await?;
    Ok(if edited == 1 {
        Edited::Done
    } else {
        Edited::Stale
    })
}

#[async_trait]
impl CatalogueEntries for Repository<'_> {
    async fn all(&mut self) -> Result<Vec<CatalogueEntry>, StoreError> {
        Ok(all(self.0).await?)
    }

    async fn insert(&mut self, entry: &CatalogueEntry) -> Result<Result<(), Taken>, StoreError> {
        Ok(insert(self.0, entry).await?)
    }

    async fn edit(&mut self, change: CatalogueEdit) -> Result<Edited, StoreError> {
        Ok(edit(self.0, &change).await?)
    }
}
