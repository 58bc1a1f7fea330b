//! What has still to be done.

pub mod mails;
