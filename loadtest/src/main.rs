//! The command `tradewind-loadtest`.

use std::process::ExitCode;

use clap::Parser as _;
use tradewind_loadtest::args::Cli;
use tradewind_loadtest::command_line;
use tradewind_loadtest::run::{self, Outcome};

fn main() -> ExitCode {
    let words = command_line::words(std::env::args_os());
    match run::run(&Cli::parse().settled(), words) {
        Ok(Outcome::Good) => ExitCode::SUCCESS,
        Ok(Outcome::Failed) => ExitCode::from(1),
        Ok(Outcome::Beyond) => ExitCode::from(3),
        Err(error) => {
            eprintln!("tradewind-loadtest: {error:#}");
            ExitCode::from(2)
        }
    }
}
