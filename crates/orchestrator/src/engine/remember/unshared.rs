//! What stands for a shared cache where this crate was built without one: opening it says so.

use std::time::{Duration, SystemTime};

use segno_cache::{Bundle, Digest};
use segno_errors::{Fault, Kind};

use super::ReadVariable;
use crate::spec::SharedCache;

/// There is none of these.
#[derive(Debug)]
pub(crate) enum Shared {}

impl Shared {
    pub(crate) fn open(_settings: &SharedCache, _variable: &ReadVariable) -> Result<Shared, Fault> {
        let fault = Fault::new(Kind::Configuration, "this program was built without shared caches");
        Err(fault.hint("build it with the feature 'redis' of segno-orchestrator"))
    }

    pub(super) fn fetch(&self, _keys: Vec<Digest>) -> Vec<Bundle> {
        match *self {}
    }

    pub(super) fn keep(&self, _bundle: &Bundle, _now: SystemTime) {
        match *self {}
    }

    pub(super) fn flush(&self) {
        match *self {}
    }

    pub(super) fn trouble(&self) -> Option<String> {
        match *self {}
    }

    pub(super) fn check(&self) -> Result<Duration, String> {
        match *self {}
    }
}
