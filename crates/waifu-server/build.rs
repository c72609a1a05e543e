//! Compiles the shipped companions in, so that a server with no files at all has somebody to talk to.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let folder = Path::new("../../config/seed/companions");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<_> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()?;
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    });
    files.sort();
    let mut code = String::from("/// Names and texts of the files under config/seed/companions.\n");
    code.push_str("const SHIPPED: &[(&str, &str)] = &[\n");
    for path in files {
        let name = path
            .file_name()
            .expect("a file has a name")
            .to_string_lossy();
        // The text itself, not its path: a checkout may move, and its build with it.
        let text = fs::read_to_string(&path)?;
        writeln!(code, "    ({name:?}, {text:?}),").map_err(io::Error::other)?;
    }
    code.push_str("];\n");
    #[expect(
        clippy::disallowed_methods,
        reason = "cargo tells build scripts their folder this way"
    )]
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join("shipped_companions.rs"), code)
}
