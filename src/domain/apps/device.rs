//! Devices: what a user of an app sits at.

use crate::domain::id::{AppId, DeviceId, UserId};

/// A device of an app's user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    pub id: DeviceId,
    pub app: AppId,
    pub owner: UserId,
    pub os: OsType,
}

/// What a device runs on. Presence tells two classes apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeviceClass {
    Mobile,
    Browser,
}

macro_rules! os_types {
    ($($variant:ident = $number:literal $name:literal $class:ident),+ $(,)?) => {
        /// What a device runs on, as the wire of customer chat says it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum OsType {
            $(#[doc = concat!("`", $name, "`.")] $variant,)+
        }

        impl OsType {
            /// The type of a name, which has capitals only.
            pub fn parse(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// The name on the wire.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// The number by which it is stored.
            pub const fn number(self) -> i16 {
                match self {
                    $(Self::$variant => $number,)+
                }
            }

            /// The type of a stored number.
            pub const fn from_number(number: i16) -> Option<Self> {
                match number {
                    $($number => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// Whether it is carried about, or a page.
            pub const fn class(self) -> DeviceClass {
                match self {
                    $(Self::$variant => DeviceClass::$class,)+
                }
            }
        }
    };
}

os_types! {
    Android = 0 "AND" Mobile,
    Ios = 1 "IOS" Mobile,
    AndroidBrowser = 2 "ANB" Browser,
    IosBrowser = 3 "IOB" Browser,
    WindowsPhone = 4 "WIP" Browser,
    Mac = 5 "MAC" Browser,
    Linux = 6 "LIN" Browser,
    Windows = 7 "WIN" Browser,
    MacBrowser = 8 "MAB" Browser,
    LinuxBrowser = 9 "LIB" Browser,
    WindowsBrowser = 10 "WIB" Browser,
    Windows32 = 11 "W32" Browser,
    Windows64 = 12 "W64" Browser,
}
