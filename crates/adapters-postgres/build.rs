//! The migrations are compiled in; a new folder among them is a change too.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations/postgres");
}
