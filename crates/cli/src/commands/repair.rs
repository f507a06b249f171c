//! `segno repair`: checks the store, and makes a new one of what is whole if it is damaged.

use std::time::SystemTime;

use segno_orchestrator::model::Timestamp;

use crate::exit::{End, Failure};
use crate::session;
use crate::terminal::print;

pub(super) fn repair() -> Result<End, Failure> {
    let project = session::project()?;
    if !project.has_state() {
        print("there is no store here, so nothing to repair\n");
        return Ok(End::Done);
    }
    let stamp = Timestamp::from_system(SystemTime::now()).0 / 1_000;
    let done = project.repair(stamp)?;
    let Some(kept) = done.kept else {
        print("the store is whole; nothing was changed\n");
        return Ok(End::Done);
    };
    print(&format!("carried over {} runs with {} events into a new store\n", done.runs, done.events));
    if !done.cut.is_empty() {
        print(&format!("these runs lost events: {}\n", done.cut.join(", ")));
    }
    print(&format!("the damaged store is kept as {}\n", project.name(&kept)));
    Ok(End::Done)
}
