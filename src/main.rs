//! The `tradewind` binary: runs the command line, prints the chain of an error on one line.

use std::process::ExitCode;

fn main() -> ExitCode {
    match tradewind::cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
            eprintln!("tradewind: {}", chain.join(": "));
            ExitCode::FAILURE
        }
    }
}
