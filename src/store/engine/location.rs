//! Where the database is: `store.url`, taken apart.
//!
//! The backend is chosen here by the scheme and nowhere else: SQLite would take any text for the
//! name of a file.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::private;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::files::Files;

/// Where the database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) enum Location {
    /// The path of a file; begins with `/` or `./`.
    Sqlite(String),
    /// A URL for libpq.
    Postgres(String),
}

impl Location {
    /// Takes `store.url` apart.
    ///
    /// # Errors
    /// [`StoreError::Url`].
    pub fn parse(url: &str) -> Result<Self, StoreError> {
        match url.split_once("://") {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(plain_path(path))),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(url.to_owned())),
            Some((scheme, _)) => Err(StoreError::Url(format!("{scheme}://"))),
            None => Err(StoreError::Url(url.to_owned())),
        }
    }

    /// Where it is, for people: without user and password.
    pub fn place(&self) -> String {
        match self {
            Self::Sqlite(path) => path.strip_prefix("./").unwrap_or(path).to_owned(),
            Self::Postgres(url) => {
                // Taken apart as libpq does: a password may hold anything but a slash.
                let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
                let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
                let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
                let shown = format!("postgres://{host}/{path}");
                shown.split_once('?').map_or(shown.as_str(), |(place, _)| place).to_owned()
            }
        }
    }

    /// Makes sure that a file can be read and written there; its folder is made, but not the
    /// folders above, which a slip of the pen would make in the wrong place.
    ///
    /// # Errors
    /// [`StoreError::Failed`] with the system's own words, which SQLite swallows.
    pub fn prepare(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(path) => prepare_file(Path::new(path), &self.place()),
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Refuses a place from which a restore has taken the old database, and to which it has not brought
    /// the new one: an empty one made there would look like a good start.
    ///
    /// # Errors
    /// [`StoreError::Failed`], which says what to do.
    pub fn refuse_half_restored(&self) -> Result<(), StoreError> {
        let Self::Sqlite(path) = self else { return Ok(()) };
        let (there, coming) = (Path::new(path).exists(), format!("{path}{RESTORING}"));
        if there || !Path::new(&coming).exists() {
            return Ok(());
        }
        let cause = format!(
            "a restore was cut off: run it again; what was there before is beside it, as {path}.before-…"
        );
        Err(StoreError::failed(&self.place(), cause))
    }

    /// Keeps an eye on the files that a first connection has open.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn keep(&self, first: Connection) -> Result<Files, StoreError> {
        match (self, first) {
            (Self::Sqlite(path), Connection::Sqlite(anchor)) => {
                Files::keep(path, anchor).map_err(|error| StoreError::failed(&self.place(), error))
            }
            (Self::Sqlite(_) | Self::Postgres(_), _) => Ok(Files::none()),
        }
    }

    /// Makes sure that something is there already, where that can be seen without connecting.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn must_exist(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(path) => {
                let found = fs::metadata(path).map(drop);
                found.map_err(|error| StoreError::failed(&self.place(), error))
            }
            Self::Postgres(_) => Ok(()),
        }
    }
}

/// What a copy is called on its way into the place of a database.
pub(in crate::store) const RESTORING: &str = ".restoring";

/// A path that SQLite takes for nothing but a path: no URI, no `:memory:`.
pub(in crate::store) fn plain_path(path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("./{path}") }
}

fn prepare_file(path: &Path, place: &str) -> Result<(), StoreError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    match private::create_folder(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let missing = folder.parent().unwrap_or(folder).display();
            return Err(StoreError::failed(place, format!("folder {missing} does not exist")));
        }
        // Any other trouble with the folder shows in opening the file.
        Ok(()) | Err(_) => (),
    }
    private::ensure_file(path).map_err(|error| StoreError::failed(place, error))
}

#[cfg(test)]
mod tests {
    use crate::store::engine::location::*;

    #[test]
    fn the_scheme_chooses_the_backend() {
        let sqlite = |path: &str| Location::Sqlite(path.to_owned());
        assert_eq!(Location::parse("sqlite://data/a.db").unwrap(), sqlite("./data/a.db"));
        assert_eq!(Location::parse("sqlite:///srv/a.db").unwrap(), sqlite("/srv/a.db"));
        assert_eq!(Location::parse("sqlite://:memory:").unwrap(), sqlite("./:memory:"));
        for url in ["postgres://u:p@h/d", "postgresql://h/d"] {
            assert_eq!(Location::parse(url).unwrap(), Location::Postgres(url.to_owned()));
        }
        for bad in ["", "sqlite://", "data/a.db", "mysql://root:hush@h/d", "SQLITE://a"] {
            let error = Location::parse(bad).unwrap_err().to_string();
            assert!(error.contains("store.url") && !error.contains("hush"), "{error}");
        }
    }

    #[test]
    fn the_place_shows_no_password() {
        let place = |url| Location::parse(url).unwrap().place();
        assert_eq!(place("sqlite://data/a.db"), "data/a.db");
        assert_eq!(place("postgres://u:hush@h:1/d?password=hush"), "postgres://h:1/d");
        assert_eq!(place("postgres://u:hu?s@h@h/d?options=a@b"), "postgres://h/d");
        assert_eq!(place("postgres://u:hush@h"), "postgres://h/");
    }
}
