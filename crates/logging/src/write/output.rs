//! Where the lines of a layer go, and what it says about itself: lines that were lost or suppressed.
//! Shared by the layer and its guard; leaves the making of lines to `line`.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use tracing::{Level, Metadata};

use super::gate::Gate;
use super::plan::{self, Plan};
use super::stamp::{Stamp, since_epoch};
use super::{escape, near};
use crate::Redactor;
use crate::loggers::Loggers;
use crate::sink::{Loss, Sink, notice};

/// How a layer writes.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) clock: fn() -> SystemTime,
    pub(super) redactor: Option<Redactor>,
    pub(super) loggers: Loggers,
}

/// The sinks of a layer and all that its threads share.
pub(super) struct Output {
    /// Tells the layers of a process apart.
    pub(super) id: usize,
    pub(super) settings: Settings,
    /// The first is for lines whose logger has no sink of its own.
    outlets: Vec<Outlet>,
    /// By the call site's address. As many as the program's text has.
    plans: RwLock<HashMap<usize, Arc<Plan>>>,
    /// The second after which suppressed events have to be told; `NOTHING` when there are none.
    owed: AtomicU64,
}

/// A sink, and what it could not take: that is told where the lines are missing.
pub(super) struct Outlet {
    pub(super) sink: Arc<dyn Sink>,
    pub(super) loss: Arc<Loss>,
}

const NOTHING: u64 = u64::MAX;

/// No event is in this second, so that all of them are over.
const THE_END: u64 = NOTHING - 1;

impl Output {
    pub(super) fn new(main: Outlet, settings: Settings) -> Output {
        static LAYERS: AtomicUsize = AtomicUsize::new(0);
        let own = settings.loggers.sinks().into_iter().map(|sink| Outlet::new(Arc::clone(sink)));
        let outlets = std::iter::once(main).chain(own).collect();
        Output {
            id: LAYERS.fetch_add(1, Ordering::Relaxed),
            settings,
            outlets,
            plans: RwLock::default(),
            owed: AtomicU64::new(NOTHING),
        }
    }

    /// Returns where lines go whose logger has no sink of its own.
    pub(super) fn main(&self) -> &Outlet {
        &self.outlets[0]
    }

    /// Returns the plan of a call site, made by the first who asks.
    pub(super) fn plan(&self, metadata: &'static Metadata<'static>) -> Arc<Plan> {
        let place = near::address(metadata);
        let known = self.plans.read().unwrap_or_else(PoisonError::into_inner).get(&place).cloned();
        known.unwrap_or_else(|| {
            let (logger, sink) = self.settings.loggers.of(metadata.target());
            let sink = sink.map_or(0, |own| own + 1);
            let plan = Plan::new(metadata, self.settings.redactor.as_ref(), sink, logger);
            let mut plans = self.plans.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(plans.entry(place).or_insert_with(|| Arc::new(plan)))
        })
    }

    /// Writes a line, and says after it what was lost before.
    pub(super) fn emit(&self, plan: &Plan, line: &[u8]) {
        let outlet = &self.outlets[plan.place];
        if outlet.sink.write_line(plan.level, line).is_err() {
            return outlet.loss.count(1);
        }
        self.tell_lost(outlet);
    }

    /// Says what is missing from a sink, if anything is.
    #[inline]
    fn tell_lost(&self, outlet: &Outlet) {
        match outlet.loss.take_untold() {
            0 => {}
            untold => self.tell_untold(outlet, untold),
        }
    }

    /// Writes the line that says how many are missing.
    #[cold]
    fn tell_untold(&self, outlet: &Outlet, untold: u64) {
        if self.write_warning(outlet, &notice::lost(untold)).is_err() {
            outlet.loss.give_back(untold);
        }
    }

    /// Writes a warning of the layer's own; if that fails, a line is missing.
    pub(super) fn warn(&self, message: &str) {
        if self.write_warning(self.main(), message).is_err() {
            self.main().loss.count(1);
        }
    }

    fn write_warning(&self, outlet: &Outlet, message: &str) -> io::Result<()> {
        let mut line = self.notice(Level::WARN, |out| plan::component_of(notice::COMPONENT, out), message);
        line.extend_from_slice(b"}\n");
        outlet.sink.write_line(Level::WARN, &line)
    }

    /// Notes that an event was suppressed in this second, so that it will be told.
    #[cold]
    pub(super) fn owe(&self, second: u64) {
        self.owed.fetch_min(second, Ordering::Release);
    }

    /// Tells what was suppressed in seconds that are over. Costs one load when nothing was.
    pub(super) fn settle(&self, now: u64) {
        let owed = self.owed.load(Ordering::Relaxed);
        if owed != NOTHING && owed != now {
            self.settle_all(now);
        }
    }

    #[cold]
    fn settle_all(&self, now: u64) {
        // Who suppresses an event meanwhile owes it again, and all that was owed before is seen below.
        self.owed.swap(NOTHING, Ordering::Acquire);
        let gated: Vec<Arc<Plan>> = {
            let plans = self.plans.read().unwrap_or_else(PoisonError::into_inner);
            plans.values().filter(|plan| plan.gate.is_some()).cloned().collect()
        };
        for plan in gated {
            let Some(gate) = &plan.gate else { continue };
            match gate.take_suppressed(now) {
                0 => {}
                suppressed => self.tell_suppressed(&plan, suppressed),
            }
            // Its second is not over.
            if gate.has_suppressed() {
                self.owe(now);
            }
        }
    }

    /// Writes the line that says how many events of a call site were held back.
    #[cold]
    pub(super) fn tell_suppressed(&self, plan: &Plan, suppressed: u64) {
        let component = |out: &mut Vec<u8>| plan::component_of(plan.target, out);
        let mut line = self.notice(plan.level, component, &format!("suppressed {suppressed}"));
        let mut source = String::new();
        plan.write_source(&mut source);
        line.extend_from_slice(format!(r#","suppressed":{suppressed},"callsite":"#).as_bytes());
        escape::string(&source, &mut line);
        if let Some(one_of) = plan.gate.as_ref().and_then(Gate::one_of) {
            line.extend_from_slice(format!(r#","sampled":{one_of}"#).as_bytes());
        }
        line.extend_from_slice(b"}\n");
        if self.outlets[plan.place].sink.write_line(plan.level, &line).is_err() {
            plan.gate.iter().for_each(|gate: &Gate| gate.give_back(suppressed));
            // Tried again when this second is over, and not for each event while a disk is full.
            self.owe(since_epoch((self.settings.clock)()).as_secs());
        }
    }

    /// Tells what was suppressed up to now, whether or not its second is over and whoever owes it.
    fn settle_rest(&self) {
        self.settle_all(THE_END);
    }

    /// Does something with all outlets, whatever the first one says.
    fn for_all(&self, act: impl Fn(&Outlet) -> io::Result<()>) -> io::Result<()> {
        let results: Vec<io::Result<()>> = self.outlets.iter().map(act).collect();
        results.into_iter().collect()
    }

    /// Begins a line of the layer's own, up to its message.
    fn notice(&self, level: Level, component: impl FnOnce(&mut Vec<u8>), message: &str) -> Vec<u8> {
        let mut line = Stamp::default().text(since_epoch((self.settings.clock)())).to_vec();
        plan::open_head(level, false, &mut line);
        component(&mut line);
        line.extend_from_slice(plan::MESSAGE);
        escape::string(message, &mut line);
        line
    }
}

/// As the guard sees it: all the sinks of the layer, and what they have to be told before they close.
impl Sink for Output {
    fn write_line(&self, level: Level, line: &[u8]) -> io::Result<()> {
        self.main().sink.write_line(level, line)
    }

    fn flush(&self) -> io::Result<()> {
        self.settle_rest();
        self.for_all(|outlet| outlet.sink.flush())
    }

    fn close(&self) -> io::Result<()> {
        self.settle_rest();
        self.for_all(|outlet| {
            self.tell_lost(outlet);
            outlet.sink.close()
        })
    }

    fn lost(&self) -> u64 {
        self.outlets.iter().map(|outlet| outlet.loss.total() + outlet.sink.lost()).sum()
    }

    fn hold(&self) {
        self.outlets.iter().for_each(|outlet| outlet.sink.hold());
    }

    fn release(&self) -> u64 {
        // Counted here, where it is known which sink lost them.
        self.outlets.iter().for_each(|outlet| outlet.loss.count(outlet.sink.release()));
        0
    }
}

impl Outlet {
    pub(super) fn new(sink: Arc<dyn Sink>) -> Outlet {
        Outlet { sink, loss: Arc::default() }
    }

    /// The same sink, which has lost the same, for another layer.
    pub(super) fn share(&self) -> Outlet {
        Outlet { sink: Arc::clone(&self.sink), loss: Arc::clone(&self.loss) }
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Output")
            .field("settings", &self.settings)
            .field("lost", &self.lost())
            .finish_non_exhaustive()
    }
}
