//! Files and folders that only their owner may look into: whoever reads them has the users' words,
//! hashes or links.
//!
//! Modes are Unix's; elsewhere the system's own default holds.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

/// Makes a folder (mode 0700).
///
/// # Errors
/// Those of [`fs::create_dir`].
pub fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes a file (mode 0600) that must not exist yet.
///
/// # Errors
/// Those of [`File::create_new`].
pub fn create_file(file: &Path) -> io::Result<File> {
    options().write(true).create_new(true).open(file)
}

/// Makes sure that a file can be read and written, and makes it (mode 0600) if it is missing.
///
/// # Errors
/// Those of [`OpenOptions::open`].
pub fn ensure_file(file: &Path) -> io::Result<()> {
    open_file(file).map(drop)
}

/// Opens a file to read and write, as it is; makes it (mode 0600) if it is missing.
///
/// # Errors
/// Those of [`OpenOptions::open`].
pub fn open_file(file: &Path) -> io::Result<File> {
    options().read(true).write(true).create(true).truncate(false).open(file)
}

fn options() -> OpenOptions {
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn only_the_owner_gets_in() {
        let base = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let folder = base.path().join("folder");
        create_folder(&folder).unwrap();
        let (new, ensured) = (folder.join("new"), folder.join("ensured"));
        create_file(&new).unwrap();
        ensure_file(&ensured).unwrap();
        assert_eq!([mode(&folder), mode(&new), mode(&ensured)], [0o700, 0o600, 0o600]);
        assert_eq!(create_file(&new).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        fs::write(&ensured, "kept").unwrap();
        ensure_file(&ensured).unwrap();
        assert_eq!(fs::read_to_string(&ensured).unwrap(), "kept");
    }
}
