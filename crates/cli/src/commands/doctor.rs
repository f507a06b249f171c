//! `segno doctor`: examines the machine, the store and the settings, and changes nothing.

use std::time::SystemTime;

use segno_orchestrator::doctor::{Area, Examination, Finding, Verdict};
use segno_orchestrator::engine::check_shared;
use segno_orchestrator::journal::SQLITE_FORMAT;
use segno_orchestrator::report::{counted, short_duration};
use segno_orchestrator::spec::Settings;
use serde_json::{Value, json};

use super::cache::in_line;
use crate::args::DoctorArguments;
use crate::exit::{End, Failure};
use crate::session;
use crate::terminal::{Terminal, print};

pub(super) fn doctor(arguments: &DoctorArguments) -> Result<End, Failure> {
    let project = session::project()?;
    let mut examination = project.examine(SystemTime::now());
    let terminal = Terminal::look();
    examination.findings.splice(0..0, [version(), shown(terminal)]);
    examination.findings.extend(examination.settings.as_ref().and_then(shared));
    match arguments.json {
        true => print(&format!("{:#}\n", to_json(&examination))),
        false => print(&format!("{}: {}\n{}", project.root().display(), verdict(&examination), told(&examination))),
    }
    Ok(match &examination {
        Examination { mistakes: Some(_), .. } => End::Broken,
        examination if count(examination, Verdict::Bad) > 0 => End::Amiss,
        _ => End::Done,
    })
}

fn version() -> Finding {
    let words = format!("{}, store format {SQLITE_FORMAT}", env!("CARGO_PKG_VERSION"));
    Finding::new(Area::Machine, "segno").good(words)
}

/// Asks the cache that is shared with other machines, if the settings name one.
fn shared(settings: &Settings) -> Option<Finding> {
    let shared = settings.cache.shared.as_ref()?;
    let finding = Finding::new(Area::Store, "shared cache");
    Some(match check_shared(shared, &|name: &str| std::env::var(name).ok()) {
        Ok(took) => finding.good(format!("answers within {}", short_duration(took))),
        Err(reason) => finding
            .bad(in_line(&reason), "runs go on without it: look at [cache.shared] in segno.toml and at the server"),
    })
}

fn shown(terminal: Terminal) -> Finding {
    let has = |what: bool, name: &str| format!("{}{name}", if what { "" } else { "no " });
    let words =
        [has(terminal.live, "live view"), has(terminal.colour, "colours"), has(terminal.unicode, "signs beyond ASCII")];
    Finding::new(Area::Machine, "terminal").good(words.join(", "))
}

fn count(examination: &Examination, verdict: Verdict) -> usize {
    examination.findings.iter().filter(|finding| finding.verdict == verdict).count()
}

fn verdict(examination: &Examination) -> String {
    let (bad, notes) = (count(examination, Verdict::Bad), count(examination, Verdict::Note));
    match (bad, notes) {
        (0, 0) => "all is well".into(),
        (0, notes) => format!("all is well, {}", counted(notes, "note")),
        (bad, 0) => counted(bad, "problem"),
        (bad, notes) => format!("{}, {}", counted(bad, "problem"), counted(notes, "note")),
    }
}

fn told(examination: &Examination) -> String {
    let mut text = String::new();
    for area in Area::ALL {
        text.push_str(&format!("{}\n", area.name()));
        for finding in examination.findings.iter().filter(|finding| finding.area == area) {
            text.push_str(&format!("  {:<5} {:<12} {}\n", finding.verdict.name(), finding.name, finding.words));
            if let Some(advice) = &finding.advice {
                text.push_str(&format!("{:21}{advice}\n", ""));
            }
        }
    }
    if let Some(mistakes) = &examination.mistakes {
        text.push_str(&format!("\n{mistakes}"));
    }
    text
}

fn to_json(examination: &Examination) -> Value {
    let Examination { findings, settings: _, mistakes } = examination;
    let mistakes = mistakes.iter().flat_map(|mistakes| mistakes.list()).map(super::validate::mistake);
    json!({
        "healthy": count(examination, Verdict::Bad) == 0,
        "findings": findings,
        "mistakes": mistakes.collect::<Value>(),
    })
}
