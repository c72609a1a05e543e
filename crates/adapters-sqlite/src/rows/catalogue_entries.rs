//! Gifts, dates and events that there are.

use diesel::prelude::*;
use waifu_app::ports::store::{CatalogueEdit, CatalogueEntry, Definition, Edited, Editor, Taken};
use waifu_domain::timestamp::Timestamp;

use crate::errors::{Corrupt, Fault};
use crate::schema::catalogue_entries;
use crate::types::{DbUuid, checked, db, from_json, micros, moment, to_json};

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = catalogue_entries, treat_none_as_default_value = false)]
struct EntryRow {
    id: DbUuid,
    kind: String,
    key: String,
    body: String,
    version: i64,
    seeded_version: Option<i64>,
    created_at: i64,
    updated_at: i64,
    retired_at: Option<i64>,
}

impl EntryRow {
    fn new(entry: &CatalogueEntry) -> Self {
        let (kind, body) = kind_and_body(&entry.definition);
        Self {
            id: db(entry.id),
            kind: kind.to_owned(),
            key: entry.key.as_str().to_owned(),
            body,
            version: entry.version.into(),
            seeded_version: entry.seeded_version.map(Into::into),
            created_at: entry.created_at.unix_micros(),
            updated_at: entry.updated_at.unix_micros(),
            retired_at: micros(entry.retired_at),
        }
    }

    fn into_entry(self) -> Result<CatalogueEntry, Corrupt> {
        Ok(CatalogueEntry {
            id: self.id.id(),
            key: checked("catalogue_entries.key", self.key)?,
            definition: definition(&self.kind, &self.body)?,
            version: checked("catalogue_entries.version", self.version)?,
            seeded_version: self
                .seeded_version
                .map(|version| checked("catalogue_entries.seeded_version", version))
                .transpose()?,
            created_at: Timestamp::from_unix_micros(self.created_at),
            updated_at: Timestamp::from_unix_micros(self.updated_at),
            retired_at: moment(self.retired_at),
        })
    }
}

fn kind_and_body(definition: &Definition) -> (&'static str, String) {
    match definition {
        Definition::Gift(gift) => ("gift", to_json(gift)),
        Definition::Date(date) => ("date", to_json(date)),
        Definition::Event(event) => ("event", to_json(event)),
    }
}

fn definition(kind: &str, body: &str) -> Result<Definition, Corrupt> {
    let column = "catalogue_entries.body";
    match kind {
        "gift" => from_json(column, body).map(Definition::Gift),
        "date" => from_json(column, body).map(Definition::Date),
        "event" => from_json(column, body).map(Definition::Event),
        other => {
            let why = format!("nothing in a catalogue is a {other}");
            Err(Corrupt::new("catalogue_entries.kind", why))
        }
    }
}

pub(crate) fn all(c: &mut SqliteConnection) -> Result<Vec<CatalogueEntry>, Fault> {
    let rows = catalogue_entries::table
        .order((catalogue_entries::kind, catalogue_entries::key))
        .select(EntryRow::as_select())
        .load(c)?;
    let entries: Result<Vec<_>, _> = rows.into_iter().map(EntryRow::into_entry).collect();
    Ok(entries?)
}

pub(crate) fn insert(
    c: &mut SqliteConnection,
    entry: &CatalogueEntry,
) -> Result<Result<(), Taken>, Fault> {
    let inserted = diesel::insert_into(catalogue_entries::table)
        .values(EntryRow::new(entry))
        .on_conflict((catalogue_entries::kind, catalogue_entries::key))
        .do_nothing()
        .execute(c)?;
    Ok(if inserted == 1 { Ok(()) } else { Err(Taken) })
}

pub(crate) fn edit(c: &mut SqliteConnection, edit: &CatalogueEdit) -> Result<Edited, Fault> {
    let version = i64::from(edit.expected_version) + 1;
    // `None` leaves the column as it is.
    let seeded_version = match edit.editor {
        Editor::Person => None,
        Editor::Seed => Some(catalogue_entries::seeded_version.eq(version)),
    };
    let (kind, body) = kind_and_body(&edit.definition);
    let edited = diesel::update(catalogue_entries::table.find(db(edit.id)))
        .filter(catalogue_entries::kind.eq(kind))
        .filter(catalogue_entries::version.eq(i64::from(edit.expected_version)))
        .set((
            catalogue_entries::body.eq(body),
            catalogue_entries::version.eq(version),
            catalogue_entries::updated_at.eq(edit.at.unix_micros()),
            catalogue_entries::retired_at.eq(micros(edit.retired_at)),
            seeded_version,
        ))
        .execute(c)?;
    Ok(if edited == 1 {
        Edited::Done
    } else {
        Edited::Stale
    })
}
