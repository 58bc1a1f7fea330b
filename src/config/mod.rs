//! What configurations are made of: sections with their rules, the layers that values come from, and the
//! default file.
//!
//! Command line over environment over file over defaults. Unknown keys, values of a wrong type and
//! values that break a rule are all found at once, each with its key and where it was said. Knows no
//! section and no setting: a module that is set by some writes its `section!`, and `server::config` has
//! the list. Read `section` for how a table becomes a struct; `layers` has the order of the sources.

mod default_file;
mod error;
mod file;
mod layers;
mod rule;
mod secret;
mod section;
mod value;

pub use default_file::{entry, header};
pub use error::{ConfigError, Fault, SettingProblem};
pub use layers::{ENV_PREFIX, FILE_DEFAULT, Layers};
pub use rule::{
    Rule, at_least, at_most, not_empty, socket_address, socket_address_or_empty, url_of, within,
};
pub use secret::Secret;
pub use section::{Section, fault};
pub use value::{Choice, SettingValue, Tables, Typed};

pub(crate) use section::section;
pub(crate) use value::choice;
