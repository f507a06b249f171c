//! `segno man`: the manual page, or a folder of pages for packages.

use std::fs;

use clap_mangen::Man;
use segno_errors::from_io;

use crate::args::{self, ManArguments};
use crate::exit::{End, Failure};
use crate::terminal::print;

pub(super) fn man(arguments: &ManArguments) -> Result<End, Failure> {
    let Some(folder) = &arguments.output else {
        let mut page = Vec::new();
        Man::new(args::definition()).render(&mut page).map_err(|error| from_io(error).operation("man"))?;
        print(&String::from_utf8_lossy(&page));
        return Ok(End::Done);
    };
    let written = fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(args::definition(), folder));
    written.map_err(|error| from_io(error).operation("man").with("folder", folder.display()))?;
    Ok(End::Done)
}
