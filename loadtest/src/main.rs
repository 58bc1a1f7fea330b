//! The command `tradewind-loadtest`.

use std::process::ExitCode;

use clap::Parser as _;
use tradewind_loadtest::{args::Cli, run};

fn main() -> ExitCode {
    match run::run(&Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("tradewind-loadtest: {error:#}");
            ExitCode::from(2)
        }
    }
}
