//! The macro that makes a section: its struct, its defaults, its documentation and its rules.
//!
//! A section is a table: documentation, name, type, default and, after `=>`, the rule the value must
//! keep. It is written in the module that is set by it. Everything else is derived from that table, so
//! that no list of settings is ever written twice.

use super::error::Fault;
use super::layers::Layers;
use super::rule::Rule;

/// A part of the configuration, under a name of its own. Made by `section!`.
pub trait Section: Sized {
    /// Its settings.
    const KEYS: &'static [&'static str];

    /// Takes its settings out of the layers.
    fn read(name: &str, layers: &mut Layers) -> Self;

    /// The settings that break their rules.
    fn faults(&self, name: &str) -> Vec<Fault>;

    /// Writes the default file's part.
    fn write_toml(name: &str, out: &mut String);
}

/// Makes one section of the configuration; see the module documentation.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        $name:ident {
            $(
                $(#[doc = $doc:literal])+
                $key:ident: $type:ty = $default:expr $(=> $rule:expr)?;
            )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            $( $(#[doc = $doc])+ pub $key: $type, )+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $key: $default, )+ }
            }
        }

        impl $crate::config::Section for $name {
            const KEYS: &'static [&'static str] = &[$(stringify!($key)),+];

            fn read(name: &str, layers: &mut $crate::config::Layers) -> Self {
                let defaults = Self::default();
                Self { $( $key: layers.take(name, stringify!($key), defaults.$key), )+ }
            }

            fn faults(&self, name: &str) -> Vec<$crate::config::Fault> {
                let faults = [$(
                    $crate::config::fault((name, stringify!($key)), &self.$key, [$($rule)?]),
                )+];
                faults.into_iter().flatten().collect()
            }

            fn write_toml(name: &str, out: &mut String) {
                let defaults = Self::default();
                $crate::config::header(out, &[$($about),+], name);
                $( $crate::config::entry(
                    out, &[$($doc),+], stringify!($key), &defaults.$key,
                ); )+
            }
        }
    };
}

pub(crate) use section;

/// The fault of a setting of a section, if its value breaks its rule: it has one, or none.
pub fn fault<T, const N: usize>(
    (section, key): (&str, &str),
    value: &T,
    rules: [Rule<T>; N],
) -> Option<Fault> {
    rules.into_iter().find_map(|rule| rule.fault(section, key, value))
}
