//! The catalogue: entries come back whole, under keys that are theirs alone, and no edit is lost.

use serde_json::json;
use waifu_app::ports::store::{
    CatalogueEdit, CatalogueEntry, Definition, Edited, Editor, StoreError, Taken,
};
use waifu_domain::catalogue::Gift;
use waifu_domain::events::Trigger;
use waifu_domain::ids::EntryId;

use super::{Promise, StoreUnderTest};
use crate::builders::{
    catalogue_document, date_plan, display_name, entry, event, fresh, gate, gift, moment, slug,
};

pub async fn an_entry_of_each_kind_comes_back_whole(under_test: &StoreUnderTest) -> Promise {
    let rich_gift = catalogue_document(json!({
        "name": "ひまり's \"key\" 🗝",
        "description": "Line one.\nLine two, \\ and ' too.",
        "tags": ["brass", "old"],
        "base": 10,
        "least_level": 5,
        "keepsake": true,
        "requires": ["her-garden", "the_shelf"],
        "presses_for_return": true,
    }));
    let rich_date = catalogue_document(json!({
        "name": "The last train",
        "description": "To the end of the line.",
        "tags": ["trains"],
        "base": 15,
        "least_level": 10,
        "cooldown_hours": 8760,
        "requires": ["said_yes"],
    }));
    let trigger = Trigger::First {
        kind: waifu_domain::relationship::Presence::Date,
    };
    let written = [
        Definition::Gift(gift()),
        Definition::Gift(rich_gift),
        Definition::Date(date_plan()),
        Definition::Date(rich_date),
        Definition::Event(gate()),
        Definition::Event(event(&trigger, 365)),
    ]
    .into_iter()
    .zip(["a", "b", "c", "d", "e", "f"])
    .map(|(definition, key)| CatalogueEntry {
        version: 3,
        seeded_version: Some(2),
        updated_at: moment(9),
        ..entry(key, definition)
    });
    for written in written {
        insert(under_test, &written).await?;
        let read = by_id(under_test, written.id).await?;
        assert_eq!(read, written);
    }
    Ok(())
}

pub async fn a_catalogue_is_ordered_by_kind_and_key(under_test: &StoreUnderTest) -> Promise {
    assert_eq!(all(under_test).await?, []);
    let gate = || Definition::Event(gate());
    let gift = || Definition::Gift(gift());
    let date = || Definition::Date(date_plan());
    let entries = [
        entry("b", gate()),
        entry("a-c", gift()),
        entry("z", date()),
        entry("a_b", gift()),
        entry("ab", gift()),
        entry("a", gate()),
        entry("9", date()),
    ];
    for entry in &entries {
        insert(under_test, entry).await?;
    }
    let read = all(under_test).await?;
    let kinds_and_keys: Vec<_> = read.iter().map(|entry| (kind(entry), &entry.key)).collect();
    let mut expected = kinds_and_keys.clone();
    expected.sort();
    assert_eq!(kinds_and_keys, expected);
    assert_eq!(read.len(), entries.len());
    Ok(())
}

pub async fn an_entrys_key_is_taken_once_among_its_kind(under_test: &StoreUnderTest) -> Promise {
    let first = entry("rose", Definition::Gift(gift()));
    insert(under_test, &first).await?;
    let second = entry("rose", Definition::Gift(gift()));
    let of_another_kind = entry("rose", Definition::Date(date_plan()));
    let mut work = under_test.store.begin().await?;
    assert_eq!(work.catalogue().insert(&second).await?, Err(Taken));
    assert_eq!(work.catalogue().insert(&of_another_kind).await?, Ok(()));
    work.commit().await?;
    // Dates come before gifts.
    assert_eq!(all(under_test).await?, [of_another_kind, first]);
    Ok(())
}

pub async fn an_edit_makes_a_new_version_of_an_entry(under_test: &StoreUnderTest) -> Promise {
    let written = entry("rose", Definition::Gift(gift()));
    let other = entry("tulip", Definition::Gift(gift()));
    insert(under_test, &written).await?;
    insert(under_test, &other).await?;
    let renamed = edit_of(&written, "A red rose", Editor::Person);
    assert_eq!(edit(under_test, renamed.clone()).await?, Edited::Done);
    let expected = CatalogueEntry {
        definition: renamed.definition,
        version: 2,
        updated_at: moment(1),
        ..written
    };
    assert_eq!(all(under_test).await?, [expected, other]);
    Ok(())
}

pub async fn an_edit_of_an_older_version_of_an_entry_is_stale(
    under_test: &StoreUnderTest,
) -> Promise {
    let written = entry("rose", Definition::Gift(gift()));
    insert(under_test, &written).await?;
    let first = edit_of(&written, "Second", Editor::Person);
    assert_eq!(edit(under_test, first).await?, Edited::Done);
    let read = by_id(under_test, written.id).await?;

    let lost = edit_of(&written, "Lost", Editor::Person);
    assert_eq!(edit(under_test, lost).await?, Edited::Stale);
    let unknown = CatalogueEdit {
        id: fresh(),
        ..edit_of(&written, "Which?", Editor::Person)
    };
    assert_eq!(edit(under_test, unknown).await?, Edited::Stale);
    assert_eq!(all(under_test).await?, [read]);
    Ok(())
}

pub async fn an_entry_is_retired_and_brought_back(under_test: &StoreUnderTest) -> Promise {
    let written = entry("rose", Definition::Gift(gift()));
    insert(under_test, &written).await?;
    let retired = CatalogueEdit {
        retired_at: Some(moment(1)),
        ..edit_of(&written, "A rose", Editor::Person)
    };
    assert_eq!(edit(under_test, retired.clone()).await?, Edited::Done);
    let read = by_id(under_test, written.id).await?;
    assert_eq!((read.version, read.retired_at), (2, Some(moment(1))));
    let back = CatalogueEdit {
        expected_version: 2,
        retired_at: None,
        ..retired
    };
    assert_eq!(edit(under_test, back).await?, Edited::Done);
    assert_eq!(by_id(under_test, written.id).await?.retired_at, None);
    Ok(())
}

pub async fn a_seeds_version_of_an_entry_is_told_from_a_persons(
    under_test: &StoreUnderTest,
) -> Promise {
    let mut written = entry("rose", Definition::Gift(gift()));
    written.seeded_version = Some(1);
    insert(under_test, &written).await?;
    for (editor, seeded_version) in [(Editor::Seed, Some(2)), (Editor::Person, Some(2))] {
        let read = by_id(under_test, written.id).await?;
        let edited = edit(under_test, edit_of(&read, "Edited", editor)).await?;
        assert_eq!(edited, Edited::Done);
        let read = by_id(under_test, written.id).await?;
        assert_eq!(read.seeded_version, seeded_version, "by {editor:?}");
    }
    let read = by_id(under_test, written.id).await?;
    assert_eq!(read.version, 3);
    Ok(())
}

pub async fn an_entry_of_a_rolled_back_unit_of_work_is_not_there(
    under_test: &StoreUnderTest,
) -> Promise {
    let written = entry("rose", Definition::Gift(gift()));
    let mut work = under_test.store.begin().await?;
    assert_eq!(work.catalogue().insert(&written).await?, Ok(()));
    assert_eq!(work.catalogue().all().await?, [written]);
    work.rollback().await?;
    assert_eq!(all(under_test).await?, []);
    Ok(())
}

fn kind(entry: &CatalogueEntry) -> &'static str {
    match entry.definition {
        Definition::Gift(_) => "gift",
        Definition::Date(_) => "date",
        Definition::Event(_) => "event",
    }
}

fn edit_of(entry: &CatalogueEntry, name: &str, editor: Editor) -> CatalogueEdit {
    CatalogueEdit {
        id: entry.id,
        expected_version: entry.version,
        editor,
        definition: Definition::Gift(Gift {
            name: display_name(name),
            tags: [slug("thorny")].into(),
            ..gift()
        }),
        retired_at: entry.retired_at,
        at: moment(1),
    }
}

async fn insert(under_test: &StoreUnderTest, entry: &CatalogueEntry) -> Promise {
    let mut work = under_test.store.begin().await?;
    assert_eq!(work.catalogue().insert(entry).await?, Ok(()));
    work.commit().await
}

async fn edit(under_test: &StoreUnderTest, edit: CatalogueEdit) -> Result<Edited, StoreError> {
    let mut work = under_test.store.begin().await?;
    let edited = work.catalogue().edit(edit).await?;
    work.commit().await?;
    Ok(edited)
}

async fn all(under_test: &StoreUnderTest) -> Result<Vec<CatalogueEntry>, StoreError> {
    let mut look = under_test.store.snapshot().await?;
    look.catalogue().all().await
}

async fn by_id(under_test: &StoreUnderTest, id: EntryId) -> Result<CatalogueEntry, StoreError> {
    let all = all(under_test).await?;
    let found = all.into_iter().find(|entry| entry.id == id);
    Ok(found.expect("the entry was written"))
}
