//! `segno cache clear`: forgets results, after asking.

use std::io::{IsTerminal as _, stdin};

use segno_errors::{Fault, Kind};
use segno_orchestrator::report::counted;

use super::cache::{Opened, fault, in_line, is_chosen};
use crate::args::CacheClearArguments;
use crate::exit::{End, Failure};
use crate::terminal::{print, say};
use crate::values::size_in_words;

/// The most subjects that are named.
const MAX_NAMED: usize = 10;

pub(super) fn clear(arguments: &CacheClearArguments) -> Result<End, Failure> {
    if !arguments.all && arguments.chosen.is_all() {
        let fault = Fault::new(Kind::Validation, "it is not said what is to be forgotten");
        return Err(fault.hint("say --all, --subject 'FLOW/*', --older 30d, --unused 30d or --expired").into());
    }
    let Some(opened) = Opened::existing()? else {
        print("nothing is remembered yet\n");
        return Ok(End::Done);
    };
    let listed = opened.listed(&arguments.chosen)?;
    if listed.is_empty() && !arguments.all {
        print("no such results\n");
        return Ok(End::Done);
    }
    let bytes: u64 = listed.iter().map(|listed| listed.bytes).sum();
    let what = format!("{} ({})", counted(listed.len(), "result"), size_in_words(bytes));
    if arguments.dry_run {
        print(&format!("would forget {what}\n"));
        for subject in listed.iter().filter_map(|listed| listed.subject.as_deref()).take(MAX_NAMED) {
            print(&format!("  {}\n", in_line(subject)));
        }
        return Ok(End::Done);
    }
    if !arguments.yes && !asked(&what)? {
        print("nothing was forgotten\n");
        return Ok(End::Done);
    }
    let store = opened.store();
    let cleared = match arguments.all {
        true => store.clear_all(opened.now),
        false => store.clear(&|listed| is_chosen(listed, &arguments.chosen, opened.now), opened.now),
    };
    let cleared = cleared.map_err(fault)?;
    print(&format!("forgot {}; {} are free\n", counted(cleared.entries, "result"), size_in_words(cleared.bytes)));
    Ok(End::Done)
}

/// Asks a person; a program that does not say `--yes` is refused.
fn asked(what: &str) -> Result<bool, Failure> {
    if !stdin().is_terminal() {
        let fault = Fault::new(Kind::Validation, format!("this would forget {what}, and nobody is there to ask"));
        return Err(fault.hint("say --yes, or see what it is with --dry-run").into());
    }
    say(&format!("forget {what}? [y/N]"));
    let mut answer = String::new();
    // Who says nothing says no.
    _ = stdin().read_line(&mut answer);
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
