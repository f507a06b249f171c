//! One file a command.

mod agents;
mod cache;
mod cache_carry;
mod cache_clear;
mod cache_du;
mod cache_explain;
mod cache_get;
mod cache_ls;
mod cache_stats;
mod cache_verify;
mod cache_warm;
mod cancel;
mod columns;
mod completions;
mod diff;
mod doctor;
mod errors;
mod errors_show;
mod errors_table;
mod explain;
mod fmt;
mod fork;
mod gc;
mod go;
mod graph;
mod health;
mod import;
mod init;
mod logs;
mod logs_analyze;
mod logs_export;
mod logs_level;
mod logs_line;
mod logs_out;
mod logs_query;
mod logs_send;
mod logs_sent;
mod logs_tail;
mod logs_trace;
mod man;
mod pin;
mod plan;
mod remove;
mod repair;
mod resume;
mod retry;
mod run;
mod runs;
mod schema;
mod select;
mod show;
mod test;
mod validate;
mod why;

use crate::args::{Arguments, Command};
use crate::exit::{End, Failure};

/// Does what the command line says.
pub(crate) fn dispatch(arguments: Arguments) -> Result<End, Failure> {
    match arguments.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Resume(arguments) => resume::resume(&arguments),
        Command::Fork(arguments) => fork::fork(&arguments),
        Command::Retry(arguments) => retry::retry(&arguments),
        Command::Cancel(arguments) => cancel::cancel(&arguments),
        Command::Plan(arguments) => plan::plan(&arguments),
        Command::Why(arguments) => why::why(&arguments),
        Command::Runs(arguments) => runs::runs(&arguments),
        Command::Show(arguments) => show::show(&arguments),
        Command::Diff(arguments) => diff::diff(&arguments),
        Command::Health(arguments) => health::health(&arguments),
        Command::Errors(arguments) => errors::errors(&arguments),
        Command::Explain(arguments) => explain::explain(&arguments),
        Command::Cache(arguments) => cache::cache(&arguments),
        Command::Logs(arguments) => logs::logs(&arguments),
        Command::Agents(arguments) => agents::agents(&arguments),
        Command::Pin(arguments) => pin::pin(&arguments, true),
        Command::Unpin(arguments) => pin::pin(&arguments, false),
        Command::Remove(arguments) => remove::remove(&arguments),
        Command::Gc(arguments) => gc::gc(&arguments),
        Command::Test(arguments) => test::test(&arguments),
        Command::Repair => repair::repair(),
        Command::Graph(arguments) => graph::graph(&arguments),
        Command::Schema(arguments) => schema::schema(&arguments),
        Command::Doctor(arguments) => doctor::doctor(&arguments),
        Command::Select(arguments) => select::select(&arguments),
        Command::Init(arguments) => init::init(&arguments),
        Command::Fmt(arguments) => fmt::fmt(&arguments),
        Command::Completions(arguments) => completions::completions(&arguments),
        Command::Man(arguments) => man::man(&arguments),
        Command::Import(arguments) => import::import(&arguments),
        Command::Validate(arguments) => validate::validate(&arguments),
    }
}
