//! Where the socket is.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process;

use crate::private;
use crate::server::Config;
use crate::store::Database;

/// The longest path that the system takes for a socket, less some room (`sun_path` has 108 bytes).
const PATH_BYTES_MAX: usize = 100;

/// The paths at which a hub with these settings may listen, the best first.
pub fn candidates(config: &Config) -> Vec<PathBuf> {
    if !config.control.socket.is_empty() {
        return vec![PathBuf::from(&config.control.socket)];
    }
    match Database::file(&config.store) {
        Some(file) => {
            let mut named = std::ffi::OsString::from("control-");
            named.push(file.file_name().unwrap_or_default());
            named.push(".sock");
            vec![file.with_file_name("control.sock"), file.with_file_name(named)]
        }
        None => vec![Path::new(&config.auth.secret_file).with_file_name("control.sock")],
    }
}

/// Connects to whoever listens at a path.
pub fn connect(path: &Path) -> io::Result<UnixStream> {
    let (_folder, short) = short(path)?;
    UnixStream::connect(short)
}

/// Listens at a path, for the owner only, in the place of a socket that nobody listens at any more.
///
/// The socket is made in a folder of its own and moved to its name when its mode is set: nobody else can
/// connect at any moment.
pub fn bind(path: &Path) -> io::Result<UnixListener> {
    if fs::symlink_metadata(path).is_ok_and(|found| !found.file_type().is_socket()) {
        return Err(io::Error::other("is there, and is no socket"));
    }
    let nest = path.with_file_name(format!(".control-{}", process::id()));
    // One that was killed just here may have had the same number.
    drop(fs::remove_dir_all(&nest));
    private::create_folder(&nest)?;
    let bound = bind_in(&nest, path);
    let removed = fs::remove_dir_all(&nest);
    let bound = bound?;
    removed?;
    Ok(bound)
}

fn bind_in(nest: &Path, path: &Path) -> io::Result<UnixListener> {
    let fresh = nest.join("s");
    let (_folder, short) = short(&fresh)?;
    let listener = UnixListener::bind(short)?;
    fs::set_permissions(&fresh, fs::Permissions::from_mode(0o600))?;
    fs::rename(&fresh, path)?;
    Ok(listener)
}

/// A path by which the system finds the same socket, short enough for it. Good while the folder is open.
fn short(path: &Path) -> io::Result<(Option<File>, PathBuf)> {
    if path.as_os_str().len() <= PATH_BYTES_MAX {
        return Ok((None, path.to_owned()));
    }
    let folder = File::open(path.parent().unwrap_or(Path::new(".")))?;
    let name = path.file_name().unwrap_or_default();
    let short = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name);
    Ok((Some(folder), short))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn works(path: &Path) {
        let listener = bind(path).unwrap();
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        connect(path).unwrap();
        listener.accept().unwrap();
    }

    #[test]
    fn a_socket_is_its_owners_at_any_length_of_the_path() {
        let folder = tempfile::tempdir().unwrap();
        for depth in [1, 40, 90, 140, 200] {
            let deep = folder.path().join("x".repeat(depth));
            fs::create_dir(&deep).unwrap();
            works(&deep.join("control.sock"));
            assert_eq!(fs::read_dir(&deep).unwrap().count(), 1, "nothing else is left");
            // Nobody listens any more: it is replaced.
            assert!(connect(&deep.join("control.sock")).is_err());
            works(&deep.join("control.sock"));
        }
    }

    #[test]
    fn what_is_no_socket_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        fs::write(&path, "precious").unwrap();
        assert!(bind(&path).unwrap_err().to_string().contains("no socket"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
        assert!(bind(&folder.path().join("no/control.sock")).is_err());
    }
}
