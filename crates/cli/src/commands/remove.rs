//! `segno remove RUN..`: removes runs by name, with their events and logs.

use crate::args::RemoveArguments;
use crate::exit::{End, Failure};
use crate::failures::keep_failures;
use crate::session::Session;
use crate::terminal::print;

pub(super) fn remove(arguments: &RemoveArguments) -> Result<End, Failure> {
    let session = Session::open_existing()?;
    // All names are looked up first: a wrong one must not be found after others are gone.
    let runs: Vec<_> = arguments.runs.iter().map(|name| session.find(Some(name))).collect::<Result<_, _>>()?;
    keep_failures(&session);
    for run in runs {
        session.history().remove(&run, arguments.force)?;
        print(&format!("removed {run}\n"));
    }
    Ok(End::Done)
}
