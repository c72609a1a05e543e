//! Compiles the shipped companions and the shipped catalogue in, so that a server with no files at all has somebody to
//! talk to and something to do with her.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs, io};

const KINDS: [&str; 4] = ["companions", "gifts", "dates", "events"];

fn main() -> io::Result<()> {
    let mut code = String::new();
    for kind in KINDS {
        let folder = Path::new("../../config/seed").join(kind);
        println!("cargo::rerun-if-changed={}", folder.display());
        write_kind(&mut code, kind, &folder)?;
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "cargo tells build scripts their folder this way"
    )]
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join("shipped_seeds.rs"), code)
}

fn write_kind(code: &mut String, kind: &str, folder: &Path) -> io::Result<()> {
    let mut files: Vec<_> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()?;
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    });
    files.sort();
    let name = kind.to_uppercase();
    writeln!(code, "const SHIPPED_{name}: &[(&str, &str)] = &[").map_err(io::Error::other)?;
    for path in files {
        let name = path
            .file_name()
            .expect("a file has a name")
            .to_string_lossy();
        // The text itself, not its path: a checkout may move, and its build with it.
        let text = fs::read_to_string(&path)?;
        writeln!(code, "    (\"{kind}/{name}\", {text:?}),").map_err(io::Error::other)?;
    }
    code.push_str("];\n");
    Ok(())
}
