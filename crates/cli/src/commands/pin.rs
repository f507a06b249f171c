//! `segno pin RUN`, `segno unpin RUN`: keeps a run for ever, or no longer.

use crate::args::PinArguments;
use crate::exit::{End, Failure};
use crate::session::Session;
use crate::terminal::print;

pub(super) fn pin(arguments: &PinArguments, kept: bool) -> Result<End, Failure> {
    let session = Session::open_existing()?;
    let run = session.find(Some(&arguments.run))?;
    session.history().keep(&run, kept)?;
    match kept {
        true => print(&format!("pinned {run}: it is kept until you say segno unpin {run}\n")),
        false => print(&format!("unpinned {run}: it is kept as long as others are\n")),
    }
    Ok(End::Done)
}
