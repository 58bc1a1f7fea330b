//! Where reports go.

use std::fs::File;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};

use super::{Report, html, table};
use crate::args::Common;

/// The files that were asked for.
#[derive(Clone, Debug)]
pub struct Files {
    json: Option<PathBuf>,
    html: Option<PathBuf>,
}

impl Files {
    /// Looks whether they can be written, so that no run is made for nothing.
    ///
    /// # Errors
    /// If one of them cannot.
    pub fn check(common: &Common) -> anyhow::Result<Self> {
        let (json, html) = (common.json.clone(), common.html.clone());
        ensure!(json != html || json.is_none(), "--json and --html: the same file");
        for (name, path) in [("--json", &json), ("--html", &html)] {
            if let Some(path) = path {
                may_write(path).with_context(|| format!("{name} {}", path.display()))?;
            }
        }
        Ok(Self { json, html })
    }

    /// Writes what was asked for; the table goes to standard output unless another report does.
    ///
    /// # Errors
    /// If a file cannot be written after all.
    pub fn write(&self, report: &Report) -> anyhow::Result<()> {
        let table = table::render(report);
        if [&self.json, &self.html].into_iter().flatten().any(|path| is_output(path)) {
            let coloured = std::io::stderr().is_terminal();
            write!(std::io::stderr(), "{}", table.paint(coloured))?;
        } else {
            let coloured = std::io::stdout().is_terminal();
            write!(std::io::stdout(), "{}", table.paint(coloured))?;
        }
        if let Some(path) = &self.json {
            let text = serde_json::to_string_pretty(report)? + "\n";
            put(path, &text)?;
        }
        if let Some(path) = &self.html {
            put(path, &html::render(report))?;
        }
        Ok(())
    }
}

fn is_output(path: &Path) -> bool {
    path == Path::new("-")
}

/// Fails if a file could not be written; leaves none behind.
fn may_write(path: &Path) -> anyhow::Result<()> {
    if is_output(path) {
        return Ok(());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    ensure!(folder.is_dir(), "there is no folder {}", folder.display());
    ensure!(!path.is_dir(), "it is a folder");
    let is_new = !path.exists();
    drop(File::options().append(true).create(true).open(path)?);
    if is_new {
        std::fs::remove_file(path)?;
    }
    Ok(())
}

fn put(path: &Path, text: &str) -> anyhow::Result<()> {
    if is_output(path) {
        return Ok(std::io::stdout().write_all(text.as_bytes())?);
    }
    std::fs::write(path, text).with_context(|| path.display().to_string())
}
