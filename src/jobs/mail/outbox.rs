//! A folder of letters, for development: nothing leaves the machine.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tokio::task;

use crate::domain::accounts::user::Email;
use crate::jobs::mail::MailError;
use crate::jobs::mail::letter::Letter;
use crate::private;

pub(in crate::jobs::mail) struct Outbox {
    folder: PathBuf,
}

impl Outbox {
    /// The folder, made if only it is missing.
    pub(in crate::jobs::mail) fn open(folder: PathBuf) -> Result<Self, MailError> {
        match private::create_folder(&folder) {
            Err(source) if !folder.is_dir() => Err(MailError::Outbox { folder, source }),
            Ok(()) | Err(_) => Ok(Self { folder }),
        }
    }

    /// Writes the letter as one finished `*.eml` and logs its link.
    pub(in crate::jobs::mail) async fn put(
        &self,
        letter: Letter,
        to: &Email,
        link: &str,
    ) -> Result<(), MailError> {
        let file = self.folder.join(&letter.name).with_extension("eml");
        let target = file.clone();
        task::spawn_blocking(move || write(&target, &letter.message.formatted()))
            .await
            .map_err(io::Error::other)
            .flatten()
            .map_err(|source| MailError::Outbox { folder: self.folder.clone(), source })?;
        log::info!(to:% = to, link, file:% = file.display(); "mail written");
        Ok(())
    }
}

/// Whoever sees the file sees all of it, since it gets its name at the end.
fn write(file: &Path, letter: &[u8]) -> io::Result<()> {
    let draft = file.with_extension("tmp");
    let mut open = private::create_file(&draft)?;
    open.write_all(letter)?;
    open.sync_all()?;
    fs::rename(draft, file)
}
