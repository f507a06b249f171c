//! The trait that everything that can do a step's work has.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use segno_errors::{Fault, Kind};
use segno_logging::Redactor;
use segno_logging::correlation::{Id, TraceContext};

use super::request::Request;
use super::stop::{Stop, Stopped};
use crate::model::{Address, Reply, RunId};

/// What an agent's call resolves to.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Reply, Failed>> + Send + 'a>>;

/// Something that can do a step's work.
pub trait Agent: Send + Sync {
    /// Makes one attempt. It ends soon after `call.stopped()` resolves, with nothing of it left running.
    fn call<'a>(&'a self, call: &'a Call) -> Answer<'a>;
}

/// One attempt, as an agent is given it.
pub struct Call {
    /// The run.
    pub run: RunId,
    /// The task.
    pub task: Address,
    /// The attempt, from 1.
    pub attempt: u32,
    /// The project's folder: relative paths are relative to it.
    pub root: PathBuf,
    /// What is asked.
    pub request: Request,
    /// The trace of another program that the run belongs to.
    pub trace: Option<TraceContext>,
    /// How long the attempt may take.
    pub timeout: Option<Duration>,
    /// The run's own end: Ctrl-C and the like.
    pub stop: Stop,
    /// What hides secrets; what an agent gives back goes through it in any case.
    pub redactor: Redactor,
    /// Told of a child process: its pid and birth.
    pub spawned: Arc<dyn Fn(u32, u64) + Send + Sync>,
}

impl Call {
    /// Resolves when the attempt must end: its time is over or the run stops.
    pub async fn stopped(&self) -> Stopped {
        let run = self.stop.wait();
        match self.timeout {
            None => run.await,
            Some(timeout) => tokio::select! {
                stopped = run => stopped,
                () = tokio::time::sleep(timeout) => Stopped::TimedOut,
            },
        }
    }

    /// Returns the W3C trace context for a child: the attempt is the span, and the run the trace unless it belongs to one.
    pub fn trace_context(&self) -> TraceContext {
        let id = Id::new(self.run.as_str());
        let attempt = blake3::hash(format!("{}#{}", self.task, self.attempt).as_bytes());
        let (seed, _) = attempt.as_bytes().split_first_chunk().expect("a hash has 32 bytes");
        let seed = u64::from_le_bytes(*seed);
        self.trace.as_ref().map_or_else(|| TraceContext::of(&id, seed), |trace| trace.inside(&id, seed))
    }

    /// Returns the failure of an attempt that was stopped.
    pub fn stopped_fault(&self, stopped: Stopped) -> Fault {
        match (stopped, self.timeout) {
            (Stopped::TimedOut, Some(timeout)) => {
                let limit = humantime::format_duration(timeout);
                Fault::new(Kind::Timeout, format!("the step took longer than {limit}"))
                    .hint("give it more time with 'timeout', or look why it hangs")
            }
            _ => interrupted(),
        }
    }
}

/// Returns the fault of an attempt that did not fail but was cut off, because its run stops.
pub(crate) fn interrupted() -> Fault {
    Fault::new(Kind::BusinessLogic, "the step was interrupted").reason("interrupted")
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("run", &self.run)
            .field("task", &self.task)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

/// A failed attempt: why, and what it had produced.
#[derive(Clone, Debug, PartialEq)]
pub struct Failed {
    /// Why.
    pub fault: Fault,
    /// What had come back by then.
    pub reply: Option<Box<Reply>>,
}

impl Failed {
    /// Makes the failure of an attempt that had produced something.
    pub fn with(fault: Fault, reply: Reply) -> Failed {
        Failed { fault, reply: Some(Box::new(reply)) }
    }
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Failed {
        Failed { fault, reply: None }
    }
}
