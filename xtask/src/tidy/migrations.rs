//! The two stores move together, and every step can be taken back.

use std::collections::{BTreeMap, BTreeSet};

use super::{Fault, tree::Tree};

const STORES: [&str; 2] = ["postgres", "sqlite"];
const SCRIPTS: [&str; 2] = ["up.sql", "down.sql"];

pub(super) fn check(tree: &Tree) -> Vec<Fault> {
    let migrations = STORES.map(|store| (store, migrations_of(tree, store)));
    let names: BTreeSet<&str> = migrations
        .iter()
        .flat_map(|(_, of_store)| of_store.keys().copied())
        .collect();

    let mut faults = Vec::new();
    for name in names {
        for (store, of_store) in &migrations {
            let Some(scripts) = of_store.get(name) else {
                faults.push(format!(
                    "migrations/{store}: has no {name}, which the other store has"
                ));
                continue;
            };
            for script in SCRIPTS {
                if !scripts.contains(script) {
                    faults.push(format!("migrations/{store}/{name}: has no {script}"));
                }
            }
        }
    }
    faults
}

/// The files of each migration folder of a store, by the folder's name.
fn migrations_of<'a>(tree: &'a Tree, store: &str) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let prefix = format!("migrations/{store}/");
    let mut migrations = BTreeMap::<_, BTreeSet<_>>::new();
    for file in &tree.files {
        let inside = file.path.strip_prefix(&prefix);
        if let Some((name, script)) = inside.and_then(|path| path.split_once('/')) {
            migrations.entry(name).or_default().insert(script);
        }
    }
    migrations
}

#[cfg(test)]
mod tests {
    use super::super::tree;
    use super::check;

    #[test]
    fn whole_and_matching_migrations_pass() {
        let tree = tree::of(&[
            ("migrations/README.md", ""),
            ("migrations/postgres/1_create_users/up.sql", ""),
            ("migrations/postgres/1_create_users/down.sql", ""),
            ("migrations/sqlite/1_create_users/up.sql", ""),
            ("migrations/sqlite/1_create_users/down.sql", ""),
        ]);
        assert_eq!(check(&tree), Vec::<String>::new());
    }

    #[test]
    fn a_migration_without_its_way_back_or_its_twin_fails() {
        let tree = tree::of(&[
            ("migrations/postgres/1_create_users/up.sql", ""),
            ("migrations/postgres/1_create_users/down.sql", ""),
            ("migrations/postgres/2_create_gifts/down.sql", ""),
            ("migrations/sqlite/1_create_users/up.sql", ""),
        ]);
        assert_eq!(
            check(&tree),
            [
                "migrations/sqlite/1_create_users: has no down.sql",
                "migrations/postgres/2_create_gifts: has no up.sql",
                "migrations/sqlite: has no 2_create_gifts, which the other store has",
            ]
        );
    }
}
