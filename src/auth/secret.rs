//! The file of the signing secret: made at the first start, for its owner's eyes only.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{AuthError, random};
use crate::config::Secret;
use crate::private;

/// The shortest secret, in bytes (RFC 7518, section 3.2).
pub const BYTES_MIN: usize = 32;

/// The bits of a mode that let others in.
const OTHERS: u32 = 0o077;

/// The secret in `file`; if there is none, a random one is made and kept there. The folder is made
/// too if only the folder is missing. Nodes that start at once end with the same secret.
///
/// # Errors
/// [`AuthError::SecretFile`], [`AuthError::SecretExposed`], [`AuthError::SecretShort`],
/// [`AuthError::Random`].
pub fn load_or_make(file: &Path) -> Result<Secret, AuthError> {
    let fault = |source| AuthError::SecretFile { file: file.to_owned(), source };
    match File::open(file) {
        Ok(open) => read(file, open),
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => {
            let secret = random::url_safe_text::<BYTES_MIN>()?;
            let draft = draft_name(file)?;
            publish(file, &draft, &format!("{secret}\n")).map_err(fault)?;
            read(file, File::open(file).map_err(fault)?)
        }
        Err(source) => Err(fault(source)),
    }
}

/// The text of a file that only its owner may read, if there is one.
///
/// # Errors
/// [`AuthError::SecretFile`], [`AuthError::SecretExposed`].
pub(super) fn text_of(file: &Path) -> Result<Option<String>, AuthError> {
    match File::open(file) {
        Ok(open) => private_text(file, open).map(Some),
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(AuthError::SecretFile { file: file.to_owned(), source }),
    }
}

/// Writes such a file; if somebody was faster, theirs stays.
///
/// # Errors
/// [`AuthError::SecretFile`], [`AuthError::Random`].
pub(super) fn publish_first(file: &Path, text: &str) -> Result<(), AuthError> {
    let fault = |source| AuthError::SecretFile { file: file.to_owned(), source };
    publish(file, &draft_name(file)?, text).map_err(fault)
}

/// Writes such a file in place of one that there is.
///
/// # Errors
/// As [`publish_first`].
pub(super) fn replace(file: &Path, text: &str) -> Result<(), AuthError> {
    let fault = |source| AuthError::SecretFile { file: file.to_owned(), source };
    let draft = draft_name(file)?;
    let write = || {
        let mut open = private::create_file(&draft)?;
        open.write_all(text.as_bytes())?;
        open.sync_all()?;
        fs::rename(&draft, file)?;
        File::open(folder_of(file).unwrap_or(Path::new(".")))?.sync_all()
    };
    write().map_err(fault)
}

fn private_text(file: &Path, mut open: File) -> Result<String, AuthError> {
    let fault = |source| AuthError::SecretFile { file: file.to_owned(), source };
    let mode = open.metadata().map_err(fault)?.permissions().mode() & 0o777;
    if mode & OTHERS != 0 {
        return Err(AuthError::SecretExposed { file: file.to_owned(), mode });
    }
    let mut text = String::new();
    open.read_to_string(&mut text).map_err(fault)?;
    Ok(text)
}

fn read(file: &Path, open: File) -> Result<Secret, AuthError> {
    let text = private_text(file, open)?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.len() < BYTES_MIN {
        return Err(AuthError::SecretShort { file: file.to_owned() });
    }
    Ok(Secret::new(secret.to_owned()))
}

/// A name beside `file` that nobody else uses.
fn draft_name(file: &Path) -> Result<PathBuf, AuthError> {
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{}", random::url_safe_text::<8>()?));
    Ok(name.into())
}

fn folder_of(file: &Path) -> Option<&Path> {
    file.parent().filter(|folder| !folder.as_os_str().is_empty())
}

/// Puts the whole secret on disk under the name `draft`, then gives it its name by a hard link,
/// which fails if somebody was faster: nobody ever sees half a secret, and the first one stays.
fn publish(file: &Path, draft: &Path, secret: &str) -> io::Result<()> {
    let folder = folder_of(file);
    if let Some(folder) = folder {
        unless(io::ErrorKind::AlreadyExists, private::create_folder(folder))?;
    }
    let mut open = private::create_file(draft)?;
    let linked = open
        .write_all(secret.as_bytes())
        .and_then(|()| open.sync_all())
        .and_then(|()| unless(io::ErrorKind::AlreadyExists, fs::hard_link(draft, file)));
    fs::remove_file(draft)?;
    linked?;
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn unless(fine: io::ErrorKind, outcome: io::Result<()>) -> io::Result<()> {
    outcome.or_else(|fault| if fault.kind() == fine { Ok(()) } else { Err(fault) })
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::thread;

    use super::*;

    fn kept(file: &Path, secret: &str, mode: u32) {
        fs::write(file, secret).unwrap();
        fs::set_permissions(file, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_secret_is_made_once_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data/jwt.key");
        let made = load_or_make(&file).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(made.expose().len() >= BYTES_MIN);
        assert_eq!(load_or_make(&file).unwrap(), made);
        let names = fs::read_dir(file.parent().unwrap()).unwrap().count();
        assert_eq!(names, 1, "no draft is left");
    }

    #[test]
    fn starts_at_once_end_with_the_same_secret() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data/jwt.key");
        let secrets: Vec<_> = thread::scope(|scope| {
            let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| load_or_make(&file))).collect();
            starts.into_iter().map(|start| start.join().unwrap().unwrap()).collect()
        });
        assert!(secrets.iter().all(|secret| *secret == secrets[0]));
    }

    #[test]
    fn a_secret_that_others_can_read_is_refused_in_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("jwt.key");
        for mode in [0o640, 0o604, 0o644, 0o620] {
            kept(&file, &"hush".repeat(8), mode);
            let line = load_or_make(&file).unwrap_err().to_string();
            let expected =
                format!("{}: mode {mode:o} lets others in, use chmod 600", file.display());
            assert_eq!(line, expected);
        }
        kept(&file, &"hush".repeat(8), 0o400);
        assert_eq!(load_or_make(&file).unwrap().expose(), "hush".repeat(8));
    }

    #[test]
    fn a_short_secret_and_a_missing_grandparent_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("jwt.key");
        kept(&file, &format!("{}\n", "x".repeat(BYTES_MIN - 1)), 0o600);
        assert!(matches!(load_or_make(&file), Err(AuthError::SecretShort { .. })));
        let deep = folder.path().join("no/such/jwt.key");
        assert!(matches!(load_or_make(&deep), Err(AuthError::SecretFile { .. })));
    }
}
