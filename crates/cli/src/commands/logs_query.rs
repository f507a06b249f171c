//! `segno logs query`: the lines that are meant, file after file.

use std::ops::ControlFlow;

use segno_logging::read::each;

use super::logs::{fault, open, tell};
use super::logs_line::Printer;
use super::logs_out::Out;
use crate::args::LogsQueryArguments;
use crate::exit::{End, Failure};

pub(super) fn query(arguments: &LogsQueryArguments) -> Result<End, Failure> {
    let query = arguments.wanted.query()?;
    let sources = open(&arguments.wanted.paths()?)?;
    let mut out = Out::new();
    let printer = Printer::new(arguments.format, &arguments.fields, &query.keys, out.colour);
    let mut left = arguments.limit.unwrap_or(usize::MAX);
    let begun = out.write(|out| printer.head(out));
    if begun.is_continue() && left > 0 {
        let tally = each(sources, &query, |line| {
            out.write(|out| printer.line(out, line))?;
            left -= 1;
            if left > 0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        tell(&tally.map_err(fault)?);
    }
    out.finish()?;
    Ok(End::Done)
}
