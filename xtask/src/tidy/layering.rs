//! Holds the manifests against the table of layers.

use super::Fault;
use crate::layers::{Externals, LAYERS, Layer, RESERVED};
use crate::workspace::{Dependency, Kind, Package};

pub(super) fn check(packages: &[Package]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for package in packages {
        let Some(layer) = layer_of(&package.name) else {
            faults.push(format!(
                "{}: has no row in xtask/src/layers.rs: say there what it may name",
                package.name
            ));
            continue;
        };
        for dependency in &package.dependencies {
            let is_ours = layer_of(&dependency.name).is_some()
                || packages.iter().any(|other| other.name == dependency.name);
            let refusal = if is_ours {
                refuse_crate(layer, dependency)
            } else {
                refuse_external(layer, dependency)
            };
            if let Some(why) = refusal {
                faults.push(format!(
                    "{}: may not name {} in {}: {why}",
                    layer.name,
                    full_name(dependency),
                    table(dependency.kind)
                ));
            }
        }
    }
    for layer in LAYERS {
        if !packages.iter().any(|package| package.name == layer.name) {
            faults.push(format!(
                "xtask/src/layers.rs: has a row for {}, which is no crate of the workspace",
                layer.name
            ));
        }
    }
    faults
}

fn layer_of(name: &str) -> Option<&'static Layer> {
    LAYERS.iter().find(|layer| layer.name == name)
}

fn refuse_crate(layer: &Layer, dependency: &Dependency) -> Option<String> {
    let name = dependency.name.as_str();
    let is_allowed = layer.crates.contains(&name)
        || (is_for_tests(dependency) && layer.test_crates.contains(&name));
    (!is_allowed).then(|| layer.why.to_owned())
}

fn refuse_external(layer: &Layer, dependency: &Dependency) -> Option<String> {
    let name = dependency.name.as_str();
    if let Externals::Only(code, tests) = layer.externals {
        let is_allowed =
            code.contains(&name) || (is_for_tests(dependency) && tests.contains(&name));
        return (!is_allowed).then(|| {
            format!(
                "{}; of crates from outside, only {} ({} in tests)",
                layer.why,
                code.join(", "),
                tests.join(", ")
            )
        });
    }
    let reserved = RESERVED
        .iter()
        .find(|reserved| reserved.names.iter().any(|pattern| fits(pattern, name)))?;
    let is_allowed = reserved.holders.contains(&layer.name)
        || (is_for_tests(dependency) && reserved.test_holders.contains(&layer.name));
    (!is_allowed).then(|| reserved.why.to_owned())
}

fn is_for_tests(dependency: &Dependency) -> bool {
    dependency.kind == Some(Kind::Dev)
}

/// Whether a name is the pattern, or begins with it up to its `*`.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == pattern,
    }
}

fn full_name(dependency: &Dependency) -> String {
    match &dependency.rename {
        Some(alias) => format!("{} (as {alias})", dependency.name),
        None => dependency.name.clone(),
    }
}

fn table(kind: Option<Kind>) -> &'static str {
    match kind {
        None => "[dependencies]",
        Some(Kind::Build) => "[build-dependencies]",
        Some(Kind::Dev) => "[dev-dependencies]",
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::check;
    use crate::layers::LAYERS;
    use crate::workspace::Workspace;

    /// The faults of a workspace that has every crate of the table, `additions` being what
    /// their manifests hold besides.
    fn faults_with(additions: &[(&str, &str)]) -> Vec<String> {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let place = root.path().join(path);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(place, text).unwrap();
        };
        write(
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n\
             [workspace.dependencies]\ndatabase = { package = \"diesel\", version = \"2\" }\n",
        );
        let extra = additions.iter().map(|(name, _)| *name);
        for name in LAYERS.iter().map(|layer| layer.name).chain(extra) {
            let addition: String = additions
                .iter()
                .filter(|(of, _)| *of == name)
                .map(|(_, text)| *text)
                .collect();
            write(
                &format!("crates/{name}/Cargo.toml"),
                &format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\n{addition}"),
            );
            write(&format!("crates/{name}/src/lib.rs"), "");
        }
        check(&Workspace::read(root.path()).unwrap().packages)
    }

    fn assert_one_fault(krate: &str, addition: &str, beginning: &str) {
        let faults = faults_with(&[(krate, addition)]);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with(beginning), "{faults:?}");
    }

    #[test]
    fn the_manifests_of_this_workspace_keep_to_the_table() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let packages = Workspace::read(here).unwrap().packages;
        assert_eq!(check(&packages), Vec::<String>::new());
    }

    #[test]
    fn the_edges_of_the_table_pass() {
        let faults = faults_with(&[
            (
                "waifu-server",
                "[dependencies]\nadapters-llm.path = \"../adapters-llm\"\nactix-web = \"4\"\n\
                 [dev-dependencies]\nwaifu-testkit.path = \"../waifu-testkit\"\n",
            ),
            (
                "adapters-sqlite",
                "[dependencies]\ndatabase.workspace = true\nlibsqlite3-sys = \"0.38\"\n",
            ),
            ("waifu-e2e", "[dev-dependencies]\nreqwest = \"0.13\"\n"),
            ("waifu-domain", "[dev-dependencies]\nproptest = \"1\"\n"),
        ]);
        assert_eq!(faults, Vec::<String>::new());
    }

    #[test]
    fn a_layer_that_names_an_outer_one_fails() {
        assert_one_fault(
            "waifu-app",
            "[dependencies]\nadapters-llm.path = \"../adapters-llm\"\n",
            "waifu-app: may not name adapters-llm in [dependencies]: it holds ports",
        );
        assert_one_fault(
            "xtask",
            "[dev-dependencies]\nwaifu-domain.path = \"../waifu-domain\"\n",
            "xtask: may not name waifu-domain in [dev-dependencies]: ",
        );
    }

    #[test]
    fn the_testkit_is_for_tests_alone() {
        assert_one_fault(
            "adapters-sqlite",
            "[dependencies]\nwaifu-testkit.path = \"../waifu-testkit\"\n",
            "adapters-sqlite: may not name waifu-testkit in [dependencies]: an adapter knows",
        );
    }

    #[test]
    fn a_crate_from_outside_that_the_domain_has_no_row_for_fails() {
        assert_one_fault(
            "waifu-domain",
            "[dependencies]\ntokio = \"1\"\n",
            "waifu-domain: may not name tokio in [dependencies]: it holds pure models",
        );
        assert_one_fault(
            "waifu-domain",
            "[dependencies]\nproptest = \"1\"\n",
            "waifu-domain: may not name proptest in [dependencies]: ",
        );
    }

    #[test]
    fn a_reserved_crate_fails_in_every_table_of_another_crate() {
        let why = "only the two SQL adapters speak SQL";
        for (heading, table) in [
            ("dependencies", "dependencies"),
            ("build-dependencies", "build-dependencies"),
            ("dev-dependencies", "dev-dependencies"),
            ("target.'cfg(unix)'.dependencies", "dependencies"),
        ] {
            assert_one_fault(
                "waifu-server",
                &format!("[{heading}]\ndiesel-async = \"0.9\"\n"),
                &format!("waifu-server: may not name diesel-async in [{table}]: {why}"),
            );
        }
        assert_one_fault(
            "waifu-e2e",
            "[dependencies]\nreqwest = \"0.13\"\n",
            "waifu-e2e: may not name reqwest in [dependencies]: ",
        );
    }

    #[test]
    fn a_renamed_dependency_is_seen_by_its_real_name() {
        assert_one_fault(
            "adapters-llm",
            "[dependencies]\nserde = { package = \"actix-web\", version = \"4\" }\n",
            "adapters-llm: may not name actix-web (as serde) in [dependencies]: ",
        );
        assert_one_fault(
            "waifu-server",
            "[dependencies]\ndatabase.workspace = true\n",
            "waifu-server: may not name diesel (as database) in [dependencies]: ",
        );
    }

    #[test]
    fn a_crate_without_a_row_and_a_row_without_a_crate_fail() {
        assert_one_fault("newcomer", "", "newcomer: has no row in ");
        assert_eq!(check(&[]).len(), LAYERS.len());
    }

    #[test]
    fn every_fault_is_listed() {
        let faults = faults_with(&[
            (
                "waifu-domain",
                "[dependencies]\ntokio = \"1\"\nrand = \"1\"\n",
            ),
            ("waifu-app", "[dependencies]\nargon2 = \"1\"\n"),
        ]);
        assert_eq!(faults.len(), 3, "{faults:?}");
    }
}
