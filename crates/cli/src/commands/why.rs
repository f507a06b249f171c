//! `segno why RUN STEP`: why a step was run again, in a sentence a person would say.

use std::fmt::Write as _;

use segno_orchestrator::model::{Outcome, Skip};
use segno_orchestrator::report::{Shape, TaskReport, joined_reasons};

use crate::args::WhyArguments;
use crate::exit::{End, Failure};
use crate::session::{Session, Stored};
use crate::terminal::print;

/// The most tasks of a fan-out that are told one by one.
const MAX_TOLD: usize = 20;

pub(super) fn why(arguments: &WhyArguments) -> Result<End, Failure> {
    let session = Session::open_existing()?;
    let run = session.find(Some(&arguments.run))?;
    let stored = session.read(&run)?;
    let step = stored.report.steps.iter().find(|step| step.step.as_str() == arguments.step);
    match step {
        Some(step) if step.shape == Shape::Many && !step.tasks.is_empty() => print(&many(&step.tasks)),
        _ => print(&format!("{}\n", told(&stored, &arguments.step)?)),
    }
    Ok(End::Done)
}

fn told(stored: &Stored, step: &str) -> Result<String, Failure> {
    let task = super::show::task(stored, step)?;
    Ok(format!("{step}: {}", sentence(task)))
}

/// Tells the tasks of a fan-out that were run; those that were remembered are counted.
fn many(tasks: &[TaskReport]) -> String {
    let (cached, ran): (Vec<&TaskReport>, Vec<&TaskReport>) = tasks.iter().partition(|task| task.cached);
    let mut text = String::new();
    for task in ran.iter().take(MAX_TOLD) {
        let label = task.label.as_ref().map(|label| format!(" {label}")).unwrap_or_default();
        writeln!(text, "{}{label}: {}", task.address, sentence(task)).expect("a string takes any text");
    }
    if ran.len() > MAX_TOLD {
        writeln!(text, ".. and {} more that ran", ran.len() - MAX_TOLD).expect("a string takes any text");
    }
    if !cached.is_empty() {
        writeln!(text, "{} cached: nothing they depend on changed", cached.len()).expect("a string takes any text");
    }
    text
}

fn sentence(task: &TaskReport) -> String {
    let unremembered = task.outcome.as_ref().and_then(Outcome::reply).and_then(|reply| reply.unremembered.as_ref());
    let also = unremembered.map(|reason| format!("; it is not remembered: {reason}")).unwrap_or_default();
    reason(task) + &also
}

fn reason(task: &TaskReport) -> String {
    match (&task.outcome, &task.because[..]) {
        (Some(Outcome::Skipped { because: Skip::Guard }), _) => "skipped, because its 'if' did not hold".into(),
        (Some(Outcome::Skipped { because: Skip::Needs { step } }), _) => {
            format!("skipped, because '{step}', which it needs, did not end well")
        }
        (Some(Outcome::Skipped { because: Skip::Unreached }), _) | (None, []) if task.attempts == 0 => {
            "not reached".into()
        }
        _ if task.cached && !task.restored.is_empty() => {
            format!("cached; restored {}", task.restored.join(", "))
        }
        _ if task.cached => "cached: nothing it depends on changed".into(),
        (_, []) if task.cacheable => "run, because nothing is stored for it yet".into(),
        (_, []) => "run, because it is not cached; 'cache: true' or 'cache: { files: [..] }' would remember it".into(),
        (_, because) => format!("re-run because {}", joined_reasons(because)),
    }
}
