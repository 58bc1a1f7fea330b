//! The consoles and devices of an app, as far as a load tester needs them.

pub mod scan;
pub mod write;

/// Where a console's socket is.
pub const CONSOLE_PATH: &str = "/console/ws";
/// Where a device's socket is.
pub const DEVICE_PATH: &str = "/device/ws";
/// Devices that one frame of a console may name.
pub const LIST_MAX: usize = 2_000;
