//! Apps, and what belongs to them: keys and tokens, servers, users, devices and groups of devices, what an app
//! sends to devices and they to it, and customer chat.

pub mod app;
pub mod body;
pub mod command;
pub mod console;
pub mod customer;
pub mod customer_request;
pub mod device;
pub mod downstream;
pub mod event;
pub mod presence;
pub mod server;
pub mod token;
