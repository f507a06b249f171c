//! `segno cache export` and `import`: results in a file, for another machine.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;
use std::process::{Command, Stdio};

use segno_cache::Secret;
use segno_errors::{Fault, Kind};
use segno_orchestrator::report::counted;
use tempfile::NamedTempFile;

use super::cache::{Opened, in_line, is_meant};
use crate::args::{CacheExportArguments, CacheImportArguments};
use crate::exit::{End, Failure};
use crate::session::Session;
use crate::terminal::{print, say};

/// The most refusals that are told one by one.
const MAX_TOLD: usize = 20;

pub(super) fn export(arguments: &CacheExportArguments) -> Result<End, Failure> {
    let secret = secret(arguments.secret_env.as_deref())?;
    let opened = Opened::of(Session::open_existing()?)?;
    let path = &arguments.file;
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let failed = |error| Failure::from(unusable(error, "write", path));
    let staged = NamedTempFile::new_in(folder).map_err(failed)?;
    let is_wanted = |subject: &str| is_meant(subject, &arguments.subjects);
    let exported = opened.memory.export(&is_wanted, BufWriter::new(staged.as_file()), secret.as_ref())?;
    staged.as_file().sync_all().map_err(failed)?;
    staged.persist(path).map_err(|failure| failed(failure.error))?;
    let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    // Whoever has forgotten or outlived results did not ask for them.
    let without = match exported.without {
        0 => String::new(),
        without => format!("; {} not there any more", counted(count(without), "other")),
    };
    print(&format!("exported {} to {}{without}\n", counted(count(exported.written), "result"), path.display()));
    tell("left out", &exported.left_out);
    if let Some(hint) = seen_by_git(opened.memory.files().root(), path) {
        say(&hint);
    }
    Ok(if exported.left_out.is_empty() { End::Done } else { End::Amiss })
}

/// Says so if a file lies where git sees it: it is part of what a step with the whole work tree depends on.
fn seen_by_git(root: &Path, file: &Path) -> Option<String> {
    let file = file.canonicalize().ok().filter(|file| file.starts_with(root))?;
    let mut git = Command::new("git");
    let asked =
        git.arg("-C").arg(root).args(["check-ignore", "--quiet", "--"]).arg(&file).stderr(Stdio::null()).status();
    // 0 says that it is ignored, 128 that this is no repository, where `.gitignore` alone counts.
    let is_seen = asked.is_ok_and(|status| status.code() == Some(1));
    is_seen.then(|| {
        format!(
            "segno: {} lies in the project, where git sees it: steps with 'cache: true' depend on it and run again\n  \
             hint: export to a file outside, such as ../results.cache, or have git ignore it",
            in_line(&file.display().to_string())
        )
    })
}

/// Tells reasons one by one, as long as there are not too many.
fn tell(what: &str, reasons: &[String]) {
    for reason in reasons.iter().take(MAX_TOLD) {
        say(&format!("segno: {what}: {}", in_line(reason)));
    }
    if reasons.len() > MAX_TOLD {
        say(&format!("segno: .. and {} more", reasons.len() - MAX_TOLD));
    }
}

pub(super) fn import(arguments: &CacheImportArguments) -> Result<End, Failure> {
    let secret = secret(arguments.secret_env.as_deref())?;
    let path = &arguments.file;
    let file = File::open(path).map_err(|error| unusable(error, "read", path))?;
    // A clone that has run nothing yet is where results are wanted most: its state is made.
    let opened = Opened::of(Session::open()?)?;
    let imported = opened.memory.import(BufReader::new(file), secret.as_ref())?;
    let taken = usize::try_from(imported.taken).unwrap_or(usize::MAX);
    let expired = if imported.expired > 0 { format!(", {} past their time", imported.expired) } else { String::new() };
    print(&format!("{} remembered now{expired}\n", counted(taken, "result")));
    tell("not taken", &imported.refused);
    if let Some(reason) = &imported.ended_early {
        say(&format!("segno: the file was not read to its end: {}", in_line(reason)));
    }
    let is_whole = imported.refused.is_empty() && imported.ended_early.is_none();
    Ok(if is_whole { End::Done } else { End::Amiss })
}

/// Says which file it is that cannot be used.
fn unusable(error: std::io::Error, action: &str, path: &Path) -> Fault {
    Fault::new(Kind::Validation, format!("cannot {action} {}: {error}", path.display()))
}

/// Reads the secret from the variable that is named.
fn secret(variable: Option<&str>) -> Result<Option<Secret>, Failure> {
    let Some(variable) = variable else { return Ok(None) };
    match std::env::var(variable).ok().filter(|secret| !secret.is_empty()) {
        Some(secret) => match Secret::new(secret.as_bytes()) {
            Ok(secret) => Ok(Some(secret)),
            Err(error) => Err(Fault::new(Kind::Validation, format!("the variable {variable} cannot be used: {error}"))
                .hint("openssl rand -hex 32 makes a good one")
                .into()),
        },
        None => Err(Fault::new(Kind::Validation, format!("the variable {variable} is not set"))
            .hint("it has to hold the secret")
            .into()),
    }
}
