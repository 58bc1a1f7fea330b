//! Customer chat at its socket.

mod auth;
mod downstream;
mod files;
mod presence;
mod send;
mod shop;

use super::on_both;
