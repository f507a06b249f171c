//! Examines what segno stands on: the machine, the store, the settings. It reads and never repairs.

mod finding;

mod machine;
mod store;

use std::time::SystemTime;

pub use finding::{Area, Finding, Verdict};

use crate::Project;
use crate::report::counted;
use crate::spec::{FallbackOrder, Mistakes, SETTINGS_FILE, Settings};

/// What an examination found.
#[derive(Debug)]
pub struct Examination {
    /// All that was looked at, in a fixed order.
    pub findings: Vec<Finding>,
    /// What `segno.toml` sets, if it can be read.
    pub settings: Option<Settings>,
    /// The mistakes of `segno.toml`.
    pub mistakes: Option<Mistakes>,
}

impl Project {
    /// Examines the machine, the project's state and its settings, and changes nothing.
    pub fn examine(&self, now: SystemTime) -> Examination {
        let mut findings = machine::examine(self, now);
        findings.extend(store::examine(self, now));
        let settings = Settings::load(self.root());
        findings.push(settings_finding(self, settings.as_ref()));
        let (settings, mistakes) = match settings {
            Ok(settings) => (Some(settings), None),
            Err(mistakes) => (None, Some(mistakes)),
        };
        Examination { findings, settings, mistakes }
    }
}

fn settings_finding(project: &Project, settings: Result<&Settings, &Mistakes>) -> Finding {
    let finding = Finding::new(Area::Settings, SETTINGS_FILE);
    match settings {
        Ok(_) if !project.root().join(SETTINGS_FILE).exists() => finding.good("not there; everything is preset"),
        Ok(settings) => finding.good(settings_words(settings)),
        Err(mistakes) => {
            finding.bad(counted(mistakes.list().len(), "mistake"), "they stand below, each with its place")
        }
    }
}

fn settings_words(settings: &Settings) -> String {
    let mut words = vec!["read".to_owned()];
    let names: Vec<&str> = settings.agents.iter().map(|agent| agent.name.as_str()).collect();
    if !names.is_empty() {
        words.push(format!("agents: {}", names.join(", ")));
    }
    if let FallbackOrder::TrackRecord { min_calls } = settings.fallback {
        words.push(format!("fallbacks by track record, from {min_calls} calls on"));
    }
    words.join("; ")
}
