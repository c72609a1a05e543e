//! The table of layers: which crates each crate of the workspace may name. `cargo xtask tidy`
//! holds the manifests against it, so the crate graph cannot drift without an edit here.

/// What one crate of the workspace may name in its manifest.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) name: &'static str,
    /// What the crate is, said to whoever reaches out of its row.
    pub(crate) why: &'static str,
    /// The workspace's crates that it may name for use in its own code.
    pub(crate) crates: &'static [&'static str],
    /// Those that its tests may name besides.
    pub(crate) test_crates: &'static [&'static str],
    pub(crate) externals: Externals,
}

/// Which crates from outside of the workspace a crate may name.
#[derive(Debug)]
pub(crate) enum Externals {
    /// Any but those that [`RESERVED`] keeps for others.
    Unreserved,
    /// These alone; tests the second list besides.
    Only(&'static [&'static str], &'static [&'static str]),
}

/// Crates that few may name, so that what they do has one home.
#[derive(Debug)]
pub(crate) struct Reserved {
    /// Names, or beginnings of names that end in `*`.
    pub(crate) names: &'static [&'static str],
    pub(crate) holders: &'static [&'static str],
    /// Those whose tests may name them though their code may not.
    pub(crate) test_holders: &'static [&'static str],
    pub(crate) why: &'static str,
}

/// A row a crate; a crate without a row is a fault.
pub(crate) const LAYERS: &[Layer] = &[
    Layer {
        name: "waifu-domain",
        why: "it holds pure models and rules, and knows nobody",
        crates: &[],
        test_crates: &[],
        externals: Externals::Only(
            &[
                "aho-corasick",
                "base64",
                "crc32fast",
                "flate2",
                "icu_locale_core",
                "jiff",
                "regex-automata",
                "regex-syntax",
                "serde",
                "serde_json",
                "sha2",
                "thiserror",
                "time",
                "toml",
                "uuid",
                "zip",
            ],
            &["insta", "proptest"],
        ),
    },
    Layer {
        name: "waifu-app",
        why: "it holds ports and use cases, and knows the domain and no adapter",
        crates: &["waifu-domain"],
        test_crates: &["waifu-testkit"],
        externals: Externals::Only(
            &[
                "async-trait",
                "futures-util",
                "moka",
                "secrecy",
                "serde",
                "serde_json",
                "sha2",
                "subtle",
                "thiserror",
                "time",
                "tokio",
                "tokio-util",
                "tracing",
                "uuid",
            ],
            &["insta", "proptest"],
        ),
    },
    Layer {
        name: "adapters-postgres",
        why: ADAPTER,
        crates: &["waifu-domain", "waifu-app"],
        test_crates: &["waifu-testkit"],
        externals: Externals::Unreserved,
    },
    Layer {
        name: "adapters-sqlite",
        why: ADAPTER,
        crates: &["waifu-domain", "waifu-app"],
        test_crates: &["waifu-testkit"],
        externals: Externals::Unreserved,
    },
    Layer {
        name: "adapters-llm",
        why: ADAPTER,
        crates: &["waifu-domain", "waifu-app"],
        test_crates: &["waifu-testkit"],
        externals: Externals::Unreserved,
    },
    Layer {
        name: "waifu-server",
        why: "it composes the domain, the application and the adapters; the testkit's fakes \
              never ship",
        crates: &[
            "waifu-domain",
            "waifu-app",
            "adapters-postgres",
            "adapters-sqlite",
            "adapters-llm",
        ],
        test_crates: &["waifu-testkit"],
        externals: Externals::Unreserved,
    },
    Layer {
        name: "waifu-testkit",
        why: "it fakes the ports, and knows what they speak of and no adapter",
        crates: &["waifu-domain", "waifu-app"],
        test_crates: &[],
        externals: Externals::Unreserved,
    },
    Layer {
        name: "waifu-e2e",
        why: "it drives the built server from outside, and knows none of its code",
        crates: &[],
        test_crates: &["waifu-testkit"],
        externals: Externals::Unreserved,
    },
    Layer {
        name: "xtask",
        why: "it builds and checks the workspace, also when the workspace does not compile",
        crates: &[],
        test_crates: &[],
        externals: Externals::Unreserved,
    },
];

const ADAPTER: &str = "an adapter knows the domain and the application, and no other adapter; the \
                       testkit's fakes are for its tests";

pub(crate) const RESERVED: &[Reserved] = &[
    Reserved {
        names: &["diesel*", "deadpool*", "libsqlite3-sys"],
        holders: &["adapters-postgres", "adapters-sqlite"],
        test_holders: &["waifu-e2e"],
        why: "only the two SQL adapters speak SQL, and tests that look for what is left in a store",
    },
    Reserved {
        names: &["async-openai*"],
        holders: &["adapters-llm"],
        test_holders: &[],
        why: "only adapters-llm speaks to language models",
    },
    Reserved {
        names: &["reqwest"],
        holders: &["adapters-llm"],
        test_holders: &["waifu-e2e"],
        why: "only adapters-llm and the end-to-end tests are HTTP clients",
    },
    Reserved {
        names: &["actix*", "juniper*", "utoipa*", "jsonwebtoken", "argon2"],
        holders: &["waifu-server"],
        test_holders: &[],
        why: "only waifu-server has doors and signs people in",
    },
];

#[cfg(test)]
mod tests {
    use super::{LAYERS, RESERVED};

    #[test]
    fn every_crate_that_the_table_speaks_of_has_one_row() {
        let spoken_of = LAYERS
            .iter()
            .flat_map(|layer| layer.crates.iter().chain(layer.test_crates))
            .chain(
                RESERVED
                    .iter()
                    .flat_map(|reserved| reserved.holders.iter().chain(reserved.test_holders)),
            )
            .chain(LAYERS.iter().map(|layer| &layer.name));
        for name in spoken_of {
            let rows = LAYERS.iter().filter(|layer| layer.name == *name).count();
            assert_eq!(rows, 1, "rows of {name}");
        }
    }

    #[test]
    fn no_shipped_crate_may_link_the_testkit() {
        for layer in LAYERS {
            assert!(!layer.crates.contains(&"waifu-testkit"), "{}", layer.name);
        }
    }
}
