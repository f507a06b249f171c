//! `segno init`: a first workflow and an empty settings file for the working folder; nothing that is there is lost.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use segno_errors::from_io;
use segno_orchestrator::spec::SETTINGS_FILE;
use segno_orchestrator::starter::{FLOW_FILE, SETTINGS, Starter};

use crate::args::InitArguments;
use crate::exit::{End, Failure};
use crate::terminal::print;

/// What came of a file.
#[derive(Debug, PartialEq, Eq)]
enum Written {
    /// It is new.
    New,
    /// One was there and stays.
    Kept,
    /// It is new, and the one that was there has another name now.
    Moved(PathBuf),
}

pub(super) fn init(arguments: &InitArguments) -> Result<End, Failure> {
    let folder = std::env::current_dir().map_err(|error| from_io(error).operation("working folder"))?;
    let starter = Starter::detect(&folder);
    let flow = write(&folder.join(FLOW_FILE), &starter.flow(), arguments.force)?;
    let settings = write(&folder.join(SETTINGS_FILE), SETTINGS, arguments.force)?;
    let mut text = recognised(&starter);
    text.push_str(&told(FLOW_FILE, &flow, &format!("with the steps {}", starter.steps().join(", "))));
    text.push_str(&told(SETTINGS_FILE, &settings, "in which nothing is set yet"));
    if flow == Written::Kept || settings == Written::Kept {
        text.push_str("what was there stays; --force writes anew and keeps the old file beside\n");
    }
    text.push_str(&format!("next:\n  segno plan {FLOW_FILE}    # what would run, and why\n"));
    text.push_str(&format!("  segno run {FLOW_FILE}     # run it; then run it again\n"));
    print(&text);
    Ok(End::Done)
}

fn recognised(starter: &Starter) -> String {
    let Starter { ecosystem, mark, others, .. } = starter;
    let name = ecosystem.name();
    match mark {
        None => "no project that segno knows was found here\n".into(),
        Some(mark) if others.is_empty() => format!("found a {name} project ({mark})\n"),
        Some(mark) => format!("found a {name} project ({mark}); {} is there too and left to you\n", others.join(", ")),
    }
}

fn told(name: &str, written: &Written, what: &str) -> String {
    match written {
        Written::New => format!("wrote {name} {what}\n"),
        Written::Kept => format!("kept {name} as it is\n"),
        Written::Moved(old) => {
            let old = old.file_name().unwrap_or_default().to_string_lossy();
            format!("wrote {name} {what}; the old one is now {old}\n")
        }
    }
}

/// Writes a new file. One that is there stays, or gets another name when the file is to be made anew.
fn write(path: &Path, text: &str, anew: bool) -> Result<Written, Failure> {
    let failed = |error| from_io(error).operation("init").with("file", path.display());
    let create = || File::create_new(path).and_then(|mut file| file.write_all(text.as_bytes()));
    match create() {
        Ok(()) => Ok(Written::New),
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(failed(error).into()),
        Err(_) if !anew => Ok(Written::Kept),
        Err(_) => {
            let old = free_name(path);
            fs::rename(path, &old).and_then(|()| create()).map_err(failed)?;
            Ok(Written::Moved(old))
        }
    }
}

/// Returns a name beside `path` that no file has.
fn free_name(path: &Path) -> PathBuf {
    let named = |number: usize| {
        let mut name = path.as_os_str().to_owned();
        name.push(if number == 1 { ".old".to_owned() } else { format!(".old-{number}") });
        PathBuf::from(name)
    };
    (1..).map(named).find(|name| !name.exists()).expect("some number is free")
}
