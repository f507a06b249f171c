//! Policies by name, their state as one list, and what changes in them told to whoever listens. Leaves
//! what a policy does to `policy`.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use crate::breaker::BreakerId;
use crate::{Breaker, Budget, Change, Policy, PolicyBuilder, PolicyState, Retry};

/// What a policy is made of that nobody set up.
const DEFAULT_ATTEMPTS: u32 = 3;
const DEFAULT_IN_A_ROW: u32 = 5;
/// Long enough for a service to draw breath, and short enough that it is back soon after an outage: in our
/// storm of a thousand clients half a minute kept clients away from a service that was well again.
const DEFAULT_OPEN_FOR: Duration = Duration::from_secs(5);
const DEFAULT_BUDGET: f64 = 0.1;

/// Something that changed in a policy of a registry.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A breaker went from one state to another.
    BreakerChanged {
        /// The policy's name.
        policy: Arc<str>,
        /// From what to what, and why.
        change: Change,
    },
    /// A policy was added, or took the place of another one of its name.
    Added {
        /// The policy's name.
        policy: Arc<str>,
    },
}

/// Somebody who is told of changes.
type Listener = Arc<dyn Fn(&Event) + Send + Sync>;

/// Policies by name, shared by clones.
///
/// ```
/// use segno_resilience::{Breaker, Policy, Registry};
///
/// let registry = Registry::new();
/// registry.add(Policy::named("github").breaker(Breaker::in_a_row(1)).build()?);
///
/// let github = registry.policy("github");
/// assert!(github.run_blocking(|_| Err::<(), _>("down")).is_err());
/// assert!(github.run_blocking(|_| Ok::<_, &str>("not called")).unwrap_err().is_rejected());
///
/// let states = registry.states();
/// assert_eq!((states[0].tally.failed, states[0].tally.rejected_by_breaker), (1, 1));
/// # Ok::<(), segno_resilience::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Registry(Arc<Shelves>);

#[derive(Default)]
struct Shelves {
    policies: RwLock<BTreeMap<Arc<str>, Policy>>,
    listeners: RwLock<Vec<Listener>>,
    /// The breakers that are followed, each with the name of the policy for which.
    followed: Mutex<Vec<(BreakerId, Arc<str>)>>,
}

impl fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.policies().keys()).finish()
    }
}

impl Registry {
    /// Creates an empty registry.
    pub fn new() -> Registry {
        Registry::default()
    }

    /// Returns the registry of this process, which `#[policy("name")]` looks into.
    pub fn global() -> &'static Registry {
        static GLOBAL: OnceLock<Registry> = OnceLock::new();
        GLOBAL.get_or_init(Registry::new)
    }

    /// Adds a policy under its name and returns it; one that had the name is no longer found, but goes
    /// on for those who hold it.
    pub fn add(&self, policy: Policy) -> Policy {
        let name: Arc<str> = policy.state().name;
        self.follow(&policy);
        let mut policies = self.0.policies.write().unwrap_or_else(PoisonError::into_inner);
        policies.insert(Arc::clone(&name), policy.clone());
        drop(policies);
        self.tell(&Event::Added { policy: name });
        policy
    }

    /// Returns the policy of this name, if there is one.
    pub fn find(&self, name: &str) -> Option<Policy> {
        self.policies().get(name).cloned()
    }

    /// Returns the policy of this name; one that nobody set up is added with the default parts: three
    /// attempts with full jitter, a breaker that opens for 5 s after five failures in a row, and a
    /// retry budget of a tenth.
    pub fn policy(&self, name: &str) -> Policy {
        self.policy_or(name, preset)
    }

    /// Returns the policy of this name, or adds the one that is built of this builder.
    ///
    /// # Panics
    ///
    /// If the policy has to be built and one of its numbers cannot be: use [`Registry::add`] for
    /// numbers that come from outside.
    pub fn policy_or(&self, name: &str, make: impl FnOnce(PolicyBuilder) -> PolicyBuilder) -> Policy {
        if let Some(found) = self.find(name) {
            return found;
        }
        let made = make(Policy::named(name)).build().expect("the numbers of a policy in code are good");
        // Before anybody can find it, so that no change is missed.
        self.follow(&made);
        // Of two threads that come here at once the first wins, so that both share one state.
        let mut policies = self.0.policies.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = policies.get(name) {
            return found.clone();
        }
        policies.insert(made.state().name, made.clone());
        drop(policies);
        self.tell(&Event::Added { policy: made.state().name });
        made
    }

    /// Returns how all policies stand now, by name.
    pub fn states(&self) -> Vec<PolicyState> {
        self.policies().values().map(Policy::state).collect()
    }

    /// Calls this whenever something changes; a listener that panics is not heard, and does no harm.
    ///
    /// It is called on the thread on which the change happened and should be quick.
    pub fn listen(&self, listener: impl Fn(&Event) + Send + Sync + 'static) {
        self.0.listeners.write().unwrap_or_else(PoisonError::into_inner).push(Arc::new(listener));
    }

    /// Has the breaker of a policy tell this registry of its changes, for as long as there is one.
    fn follow(&self, policy: &Policy) {
        let Some(breaker) = policy.breaker() else {
            return;
        };
        let (shelves, policy, id) = (Arc::downgrade(&self.0), policy.state().name, breaker.id());
        let mut followed = self.0.followed.lock().unwrap_or_else(PoisonError::into_inner);
        followed.retain(|(known, _)| known.is_alive());
        // One that is added again under its name is followed already.
        if followed.iter().any(|(known, name)| *known == id && *name == policy) {
            return;
        }
        followed.push((id, Arc::clone(&policy)));
        drop(followed);
        breaker.watch(move |change| {
            if let Some(shelves) = shelves.upgrade() {
                Registry(shelves).tell(&Event::BreakerChanged { policy: Arc::clone(&policy), change: *change });
            }
        });
    }

    fn tell(&self, event: &Event) {
        let listeners = self.0.listeners.read().unwrap_or_else(PoisonError::into_inner).clone();
        for listener in listeners {
            // What a listener does to itself is not the caller's trouble, and the panic was printed.
            let _ = catch_unwind(AssertUnwindSafe(|| listener(event)));
        }
    }

    fn policies(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<Arc<str>, Policy>> {
        self.0.policies.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn preset(policy: PolicyBuilder) -> PolicyBuilder {
    policy
        .retry(Retry::attempts(DEFAULT_ATTEMPTS).budget(Budget::ratio(DEFAULT_BUDGET)))
        .breaker(Breaker::in_a_row(DEFAULT_IN_A_ROW).open_for(DEFAULT_OPEN_FOR))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::State;

    /// Writes down what a registry tells.
    fn told(registry: &Registry) -> Arc<Mutex<Vec<String>>> {
        let told = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&told);
        registry.listen(move |event| {
            log.lock().unwrap().push(match event {
                Event::BreakerChanged { policy, change } => format!("{policy} {:?}", change.to),
                Event::Added { policy } => format!("{policy} added"),
            });
        });
        told
    }

    fn check(told: &Mutex<Vec<String>>, expected: &str) {
        assert_eq!(std::mem::take(&mut *told.lock().unwrap()).join(", "), expected);
    }

    fn with(name: &str, breaker: &Breaker) -> Policy {
        Policy::named(name).breaker(breaker.clone()).build().unwrap()
    }

    #[test]
    fn a_change_is_told_once_however_often_its_breaker_was_added() {
        let (registry, breaker) = (Registry::new(), Breaker::in_a_row(1).build().unwrap());
        (0..100).for_each(|_| _ = registry.add(with("one", &breaker)));
        registry.add(with("two", &breaker));
        let told = told(&registry);
        breaker.trip();
        check(&told, "one Open, two Open");
        breaker.reset();
        check(&told, "one Closed, two Closed");
        let other = Registry::new();
        other.add(with("one", &breaker));
        breaker.trip();
        check(&told, "one Open, two Open");
    }

    #[test]
    fn breakers_that_are_gone_are_forgotten() {
        let registry = Registry::new();
        for _ in 0..100 {
            registry.add(with("one", &Breaker::in_a_row(1).build().unwrap()));
        }
        // The one before the last is dropped only when the last has taken its place.
        assert!(registry.0.followed.lock().unwrap().len() <= 2);
    }

    #[test]
    fn a_policy_that_nobody_set_up_is_added_once_and_followed() {
        let registry = Registry::new();
        let told = told(&registry);
        registry.listen(|_| panic!("as it should in this test"));
        let policy = registry.policy("github");
        registry.policy("github").breaker().unwrap().trip();
        assert_eq!(policy.breaker().unwrap().state(), State::Open);
        check(&told, "github added, github Open");
    }

    #[test]
    fn states_show_what_breakers_have_counted() {
        let registry = Registry::new();
        registry.add(with("one", &Breaker::failures(0.9).min_calls(4).build().unwrap()));
        registry.add(Policy::named("two").build().unwrap());
        let policy = registry.find("one").unwrap();
        for result in [Ok(1), Err("down"), Err("down"), Ok(2)] {
            // What comes of it is not the question here.
            _ = policy.run_blocking(|_| result);
        }
        policy.breaker().unwrap().trip();
        assert!(policy.run_blocking(|_| Ok::<_, ()>(())).unwrap_err().is_rejected());
        let states = registry.states();
        let breaker = states[0].breaker.unwrap();
        assert_eq!((&*states[0].name, &*states[1].name, states[1].breaker), ("one", "two", None));
        assert_eq!((breaker.state, breaker.failure_rate, breaker.total_rejected), (State::Open, Some(0.5), 1));
    }

    #[test]
    fn the_preset_breaker_is_open_for_five_seconds() {
        let policy = Registry::new().policy("github");
        (0..DEFAULT_IN_A_ROW).for_each(|_| policy.breaker().unwrap().try_acquire().unwrap().failure());
        let wait = policy.run_blocking(|_| Ok::<_, ()>(())).unwrap_err().rejection().unwrap().retry_after.unwrap();
        assert!(wait <= Duration::from_secs(5) && wait > Duration::from_secs(4), "{wait:?}");
    }
}
