//! Figures, quality, health and track records, folded from events and reports. A reader and nothing else: its death does
//! not touch a run.
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod failures;
mod figures;
mod health;
mod quality;
mod track;

pub use failures::{FailureStore, Failures, FindPlan, TakenIn};
pub use figures::{Figures, Retried, Slow, Tasks};
pub use health::{CriticalFault, Deduction, Health, ProjectHealth, RunDetail, RunFacts, Storage, Verdict};
pub use quality::{FlowQuality, WeakStep};
pub use track::{LastFailure, TrackRecord, TrackRecords, order_by_track_record};
