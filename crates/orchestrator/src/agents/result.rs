//! The result file: what a program says of its work besides its output, as JSON in the file that `SEGNO_RESULT` names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use segno_errors::{Fault, Kind};
use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;

use crate::model::{Metrics, Output, Reply, Usage};

/// The variable that names the file.
pub(super) const RESULT_VARIABLE: &str = "SEGNO_RESULT";
/// The largest result file that is read, in bytes.
const MAX_BYTES: u64 = 4 << 20;

/// Where result files are written: a folder of this process that nobody else can read, made when it is needed.
#[derive(Debug, Default)]
pub(super) struct Results {
    folder: OnceLock<Option<TempDir>>,
    given: AtomicU64,
}

impl Results {
    /// Returns a path that no other attempt has; `None` when no folder can be made, and then there are no results.
    pub(super) fn path(&self) -> Option<PathBuf> {
        let make = || tempfile::Builder::new().prefix("segno-").tempdir().ok();
        let folder = self.folder.get_or_init(make).as_ref()?;
        Some(folder.path().join(format!("{}.json", self.given.fetch_add(1, Ordering::Relaxed))))
    }
}

/// What the file may say.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    status: Option<SaidStatus>,
    summary: Option<String>,
    output: Option<Value>,
    score: Option<f64>,
    #[serde(default)]
    metrics: Metrics,
    cost_usd: Option<f64>,
    tokens_in: Option<u64>,
    tokens_out: Option<u64>,
    #[serde(default)]
    put: BTreeMap<String, Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SaidStatus {
    Succeeded,
    Partial,
    Failed,
}

/// Takes in what the file says, if there is one, and removes it.
///
/// # Errors
/// When it is not what a result file is (reason `result`), or says that the work failed (reason `reported`).
pub(super) fn take(path: &Path, reply: &mut Reply) -> Result<(), Fault> {
    let Ok(facts) = path.metadata() else {
        return Ok(());
    };
    let text = match facts.len() > MAX_BYTES {
        true => Err(format!("is larger than {} MiB", MAX_BYTES >> 20)),
        false => std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}")),
    };
    // It is in a folder of our own, which goes with the process; what cannot be removed now goes then.
    _ = std::fs::remove_file(path);
    let said: Said = text.and_then(|text| parse(&text)).map_err(|reason| unusable(&reason))?;
    said.check().map_err(|reason| unusable(&reason))?;
    said.put_into(reply)
}

fn parse(text: &str) -> Result<Said, String> {
    if text.trim().is_empty() {
        return Ok(Said::default());
    }
    serde_json::from_str(text).map_err(|error| format!("is not understood: {error}"))
}

fn unusable(reason: &str) -> Fault {
    Fault::new(Kind::Validation, format!("the result file of the command {reason}")).reason("result").hint(
        "write JSON: {\"status\": \"succeeded\", \"summary\": \"..\", \"score\": 0.9, \"metrics\": {\"errors\": 0}}",
    )
}

impl Said {
    fn check(&self) -> Result<(), String> {
        let score = self.score.filter(|score| !(0.0..=1.0).contains(score));
        let cost = self.cost_usd.filter(|cost| !(cost.is_finite() && *cost >= 0.0));
        match (score, cost) {
            (Some(score), _) => Err(format!("has a score of {score}; a score is from 0 to 1")),
            (None, Some(cost)) => Err(format!("has a cost of {cost}; a cost is not below 0")),
            (None, None) => Ok(()),
        }
    }

    fn put_into(self, reply: &mut Reply) -> Result<(), Fault> {
        let Said { status, summary, output, score, metrics, cost_usd, tokens_in, tokens_out, put } = self;
        if let Some(output) = output {
            reply.output = Output::Inline(output.into());
        }
        (reply.summary, reply.quality, reply.metrics, reply.puts) = (summary, score, metrics, put);
        reply.usage = Usage { tokens_in, tokens_out, cost_usd };
        reply.partial |= status == Some(SaidStatus::Partial);
        if status == Some(SaidStatus::Failed) {
            let summary = reply.summary.as_deref().unwrap_or("it does not say why");
            let message = format!("the command reports that it failed: {summary}");
            return Err(Fault::new(Kind::ExternalService, message).reason("reported"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks what comes of a file: the reply in short, or the fault.
    fn check(text: &str, expected: &str) {
        let results = Results::default();
        let path = results.path().unwrap();
        std::fs::write(&path, text).unwrap();
        let mut reply = Reply::value("printed");
        let said = match take(&path, &mut reply) {
            Ok(()) => {
                let Reply { output, summary, quality, metrics, partial, usage, .. } = reply;
                let Output::Inline(output) = output else { unreachable!("it is small") };
                let counted = (metrics.errors, metrics.own.get("cases").copied());
                format!("{output} {summary:?} {quality:?} {partial} {counted:?} {:?}", usage.cost_usd)
            }
            Err(fault) => format!("{:?}: {}", fault.why().unwrap_or_default(), fault.message()),
        };
        assert_eq!(said, expected, "{text}");
        assert!(!path.exists());
    }

    #[test]
    fn a_result_file_adds_to_what_was_printed() {
        check("", "\"printed\" None None false (None, None) None");
        check(
            r#"{"summary": "2 found", "score": 0.5, "metrics": {"errors": 2, "cases": 7}, "cost_usd": 0.01}"#,
            "\"printed\" Some(\"2 found\") Some(0.5) false (Some(2), Some(7.0)) Some(0.01)",
        );
        check(r#"{"status": "partial", "output": [1]}"#, "[1] None None true (None, None) None");
    }

    #[test]
    fn a_result_file_that_is_none_is_a_fault_and_not_a_success() {
        check(
            r#"{"status": "failed", "summary": "no key"}"#,
            "\"reported\": the command reports that it failed: no key",
        );
        check(
            "done",
            "\"result\": the result file of the command is not understood: expected value at line 1 column 1",
        );
        check(r#"{"score": 7}"#, "\"result\": the result file of the command has a score of 7; a score is from 0 to 1");
        check(
            r#"{"cost_usd": -1}"#,
            "\"result\": the result file of the command has a cost of -1; a cost is not below 0",
        );
    }
}
