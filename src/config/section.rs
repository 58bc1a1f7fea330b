//! The macro that makes a section: its struct, its defaults, its documentation and its rules.
//!
//! A section file is a table: documentation, name, type, default and, after `=>`, the rule the
//! value must keep. Everything else is derived from that table, so that no list of settings is
//! ever written twice.

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

        impl $name {
            pub(in crate::config) const KEYS: &'static [&'static str] = &[$(stringify!($key)),+];

            pub(in crate::config) fn read(
                section: &str,
                layers: &mut $crate::config::layers::Layers,
            ) -> Self {
                let defaults = Self::default();
                Self { $( $key: layers.take(section, stringify!($key), defaults.$key), )+ }
            }

            // A section without rules leaves the list as it is.
            #[allow(unused_variables)]
            pub(in crate::config) fn check(
                &self,
                section: &str,
                faults: &mut impl Extend<$crate::config::error::Fault>,
            ) {
                $( $( faults.extend(($rule).fault(section, stringify!($key), &self.$key)); )? )+
            }

            pub(in crate::config) fn write_toml(section: &str, out: &mut String) {
                let defaults = Self::default();
                $crate::config::toml::header(out, &[$($about),+], section);
                $( $crate::config::toml::entry(
                    out, &[$($doc),+], stringify!($key), &defaults.$key,
                ); )+
            }
        }
    };
}

pub(super) use section;
