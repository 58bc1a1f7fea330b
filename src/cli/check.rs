//! `tradewind config check`.

use std::path::Path;

use anyhow::bail;
use clap::Args;

use crate::server::config::{self, Config};

/// The command `config check`.
#[derive(Args)]
pub struct Check {
    /// End with 1 also if something is only probably wrong
    #[arg(long)]
    strict: bool,
}

impl Check {
    /// Says what is probably wrong with settings that were loaded; what is wrong for sure has ended
    /// the command before.
    pub fn run(self, config: &Config, file: Option<&Path>) -> anyhow::Result<()> {
        match config::file(file) {
            Some(file) => println!("read {}", file.display()),
            None => println!("no file was read: there is no tradewind.toml here"),
        }
        let remarks = remarks(config, file);
        remarks.iter().for_each(|remark| eprintln!("warning: {remark}"));
        match remarks.len() {
            0 => println!("the settings are good"),
            count if self.strict => bail!("{count} settings are probably wrong"),
            count => println!("the settings can be used; {count} are probably wrong"),
        }
        Ok(())
    }
}

/// What is probably a mistake: in the settings together, in names of variables, in names of files.
pub fn remarks(config: &Config, file: Option<&Path>) -> Vec<String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut remarks = config.remarks();
    remarks.extend(config::variables(names));
    if config::file(file).is_none() {
        remarks.extend(config::files(Path::new(".")));
    }
    remarks
}
