//! The `segno` binary: thin. One file a command; data to stdout, talk to stderr, documented exit codes.
#![forbid(unsafe_code)]

mod args;
mod commands;
mod exit;
mod failures;
mod format;
mod replace;
mod session;
mod signals;
mod terminal;
mod track;
mod upkeep;
mod values;
mod view;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = args::parse(std::env::args_os());
    exit::code(commands::dispatch(arguments))
}
