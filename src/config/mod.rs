//! The settings: one file per section, each a table of documentation, type, default and rule.
//!
//! Command line over environment over file over defaults. Unknown keys, values of a wrong type and
//! values that break a rule stop the start, with one line each that names the key and where it was
//! said. Knows nothing of what the settings are for. Read `section` for how a table becomes a
//! struct, then any section; `layers` has the order of the sources.

mod auth;
mod chatting;
mod control;
mod dm;
mod error;
mod http;
mod hub;
mod layers;
mod limits;
mod log;
mod mail;
mod mistakes;
mod node;
mod presence;
mod relations;
mod rewind;
mod rule;
mod secret;
mod section;
mod store;
mod toml;
mod value;
mod ws;

#[cfg(test)]
mod tests;

use std::path::Path;

pub use self::auth::Auth;
pub use self::chatting::{Chatting, Ids};
pub use self::control::Control;
pub use self::dm::{Audience, Dm};
pub use self::error::{ConfigError, Fault, Problem};
pub use self::http::Http;
pub use self::hub::Hub;
use self::layers::Layers;
pub use self::limits::Limits;
pub use self::log::{Log, LogFormat};
pub use self::mail::Mail;
pub use self::mistakes::{file, files, variables};
pub use self::node::Node;
pub use self::presence::Presence;
pub use self::rewind::{Compat, Rewind};
pub use self::secret::Secret;
pub use self::store::{Durability, Store};
pub use self::ws::{Adapter, Ws};

const FILE_ABOUT: &str = "\
# The settings of Tradewind with their defaults. Written by `tradewind config default`.
#
# Read from ./tradewind.toml, or the file named by --config. A setting can also be given as
# environment variable TRADEWIND__SECTION__KEY (lists with commas), which counts more than the file;
# flags of the command line count most.
";

macro_rules! sections {
    ($($section:ident: $type:ident,)+) => {
        /// All settings.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Config {
            $(
                #[doc = concat!("The section `", stringify!($section), "`.")]
                pub $section: $type,
            )+
        }

        impl Config {
            fn read(layers: &mut Layers) -> Self {
                Self { $( $section: $type::read(stringify!($section), layers), )+ }
            }

            fn faults(&self) -> Vec<Fault> {
                let mut faults = Vec::new();
                $( self.$section.check(stringify!($section), &mut faults); )+
                faults
            }

            /// All settings, as `section.key`.
            fn keys() -> Vec<String> {
                let mut keys = Vec::new();
                $( keys.extend($type::KEYS.iter().map(|key| {
                    format!("{}.{key}", stringify!($section))
                })); )+
                keys
            }

            /// The documented default file, committed as `config/tradewind.toml`.
            pub fn default_toml() -> String {
                let mut out = FILE_ABOUT.to_owned();
                $( $type::write_toml(stringify!($section), &mut out); )+
                out
            }
        }
    };
}

sections! {
    http: Http,
    ws: Ws,
    hub: Hub,
    store: Store,
    mail: Mail,
    auth: Auth,
    rewind: Rewind,
    chatting: Chatting,
    dm: Dm,
    presence: Presence,
    limits: Limits,
    node: Node,
    control: Control,
    log: Log,
}

impl Config {
    /// Reads and checks the settings: `overrides` (pairs of `section.key` and text) over `env`
    /// (all variables of the process) over the file over the defaults.
    ///
    /// `file` must exist if given; without it `./tradewind.toml` is read if it exists.
    ///
    /// # Errors
    /// [`ConfigError::Read`] and [`ConfigError::Syntax`] for the file, [`ConfigError::Faults`] for
    /// unknown keys, values of a wrong type and values that break a rule.
    pub fn load(
        file: Option<&Path>,
        env: impl Iterator<Item = (String, String)>,
        overrides: &[(String, String)],
    ) -> Result<Self, ConfigError> {
        let mut layers = Layers::default();
        layers.add_file(file)?;
        layers.add_env(env);
        layers.add_flags(overrides);
        let config = Self::read(&mut layers);
        let faults = layers.into_faults(config.faults());
        if faults.is_empty() { Ok(config) } else { Err(ConfigError::Faults(faults)) }
    }

    /// Checks the rules again, for settings that were changed in the program.
    ///
    /// # Errors
    /// [`ConfigError::Faults`] with every setting that breaks its rule.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let faults = self.faults();
        if faults.is_empty() { Ok(()) } else { Err(ConfigError::Faults(faults)) }
    }
}
