//! All settings: the list of the sections, in the order of the default file.
//!
//! A section is written where it is used; those of the process itself are here. What stands here is what
//! is about several of them: how they are loaded, how they must stand to each other (`relations`), and what
//! looks like a setting and is none (`mistakes`).

mod apps;
mod control;
mod dm;
mod mistakes;
mod node;
mod pubsub;
mod refusals;
mod relations;

#[cfg(test)]
mod tests;

use std::path::Path;

use crate::auth::{self, limits};
use crate::config::{ConfigError, Fault, Layers, Section};
use crate::jobs::{downstream, mail};
use crate::wire::{chatting, console, device, owl, ppcom, rewind};
use crate::{http, hub, session, store, telemetry};

pub use self::apps::AppTokens;
pub use self::control::Control;
pub use self::dm::Dm;
pub use self::mistakes::{file, files, variables};
pub use self::node::Node;

const FILE_ABOUT: &str = "\
# The settings of Tradewind with their defaults. Written by `tradewind config default`.
#
# Read from ./tradewind.toml, or the file named by --config. A setting can also be given as
# environment variable TRADEWIND__SECTION__KEY (lists with commas), which counts more than the file;
# flags of the command line count most.
";

macro_rules! sections {
    ($($section:ident: $type:ty,)+) => {
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
                Self { $( $section: <$type>::read(stringify!($section), layers), )+ }
            }

            fn faults(&self) -> Vec<Fault> {
                let mut faults = self.refusals();
                $( faults.extend(self.$section.faults(stringify!($section))); )+
                faults
            }

            /// All settings, as `section.key`.
            fn keys() -> Vec<String> {
                let mut keys = Vec::new();
                $( keys.extend(<$type>::KEYS.iter().map(|key| {
                    format!("{}.{key}", stringify!($section))
                })); )+
                keys
            }

            /// The documented default file, committed as `config/tradewind.toml`.
            pub fn default_toml() -> String {
                let mut out = FILE_ABOUT.to_owned();
                $( <$type>::write_toml(stringify!($section), &mut out); )+
                out
            }
        }
    };
}

sections! {
    http: http::Settings,
    ws: session::Settings,
    hub: hub::Settings,
    store: store::Settings,
    mail: mail::Settings,
    auth: auth::Settings,
    rewind: rewind::Settings,
    chatting: chatting::Settings,
    app_server: console::Settings,
    dm: Dm,
    apps: AppTokens,
    device: device::Settings,
    owl: owl::Settings,
    downstream: downstream::Settings,
    ppcom: ppcom::Settings,
    pubsub: http::pubsub::Settings,
    presence: hub::PresenceSettings,
    limits: limits::Settings,
    node: Node,
    control: Control,
    log: telemetry::Settings,
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
        layers.add_env(env, pubsub::VARIABLES);
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
