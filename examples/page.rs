//! Writes sample pages into a folder: `cargo run --example page -- FOLDER`. `infra/check/page` shows them in a
//! browser.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

#[path = "../tests/it/sample_pages.rs"]
mod sample_pages;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).ok_or("usage: page FOLDER")?;
    let folder = PathBuf::from(folder);
    for (name, page) in sample_pages::pages() {
        fs::write(folder.join(format!("{name}.html")), page)?;
    }
    Ok(())
}
