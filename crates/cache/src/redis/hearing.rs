//! Who is told what others changed on the server, and how the server's words are read.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ::redis::{PushInfo, PushKind, Value};

use super::names::{Generation, Name, Names};
use crate::Digest;
use crate::layer::Outdated;

/// The listeners, and what is known of the namespace.
pub(super) struct Hearing {
    listeners: Mutex<Vec<Outdated>>,
    generation: Mutex<Option<Generation>>,
}

/// What a push says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// The connection has gone.
    End,
    /// Anything may have changed.
    Everything,
    /// These have changed; none of them is nothing to tell.
    Keys(Vec<Digest>),
}

impl Hearing {
    pub(super) fn new() -> Hearing {
        Hearing { listeners: Mutex::default(), generation: Mutex::default() }
    }

    pub(super) fn join(&self, listener: Outdated) {
        lock(&self.listeners).push(listener);
    }

    /// Returns whether anybody listens.
    pub(super) fn is_wanted(&self) -> bool {
        !lock(&self.listeners).is_empty()
    }

    /// Tells everybody; a listener that panics is not asked why.
    pub(super) fn tell(&self, keys: Option<&[Digest]>) {
        let listeners = lock(&self.listeners).clone();
        for listener in listeners {
            if catch_unwind(AssertUnwindSafe(|| listener(keys))).is_err() {
                tracing::error!("a listener of the redis layer panicked");
            }
        }
    }

    /// Returns the generation that was seen last.
    pub(super) fn generation(&self) -> Option<Generation> {
        *lock(&self.generation)
    }

    pub(super) fn learn(&self, generation: Option<Generation>) {
        *lock(&self.generation) = generation;
    }

    /// Reads a push. Entries of another generation than ours are on their way out, and nobody holds them.
    pub(super) fn read(&self, names: &Names, push: &PushInfo) -> Heard {
        match (&push.kind, push.data.as_slice()) {
            (PushKind::Disconnection, _) => Heard::End,
            (PushKind::Invalidate, [Value::Array(keys)]) => self.read_keys(names, keys),
            // The whole database was flushed.
            (PushKind::Invalidate, _) => Heard::Everything,
            _ => Heard::Keys(Vec::new()),
        }
    }

    fn read_keys(&self, names: &Names, keys: &[Value]) -> Heard {
        let generation = self.generation();
        let mut changed = Vec::with_capacity(keys.len());
        for key in keys {
            let Value::BulkString(key) = key else { return Heard::Everything };
            match names.read(key) {
                Some(Name::Generation) => return Heard::Everything,
                Some(Name::Entry(its, digest)) if generation.is_none_or(|ours| ours == its) => changed.push(digest),
                _ => {}
            }
        }
        Heard::Keys(changed)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn push(keys: &[String]) -> PushInfo {
        let keys = keys.iter().map(|key| Value::BulkString(key.clone().into_bytes())).collect();
        PushInfo { kind: PushKind::Invalidate, data: vec![Value::Array(keys)] }
    }

    #[test]
    fn pushes_are_read_by_namespace_and_generation() {
        let (hearing, names) = (Hearing::new(), Names::new("team").unwrap());
        let (ours, old, key) = (Generation::random(), Generation::random(), Digest::of(b"a"));
        hearing.learn(Some(ours));
        let (entry, past) = (names.entry(ours, &key), names.entry(old, &key));
        assert_eq!(hearing.read(&names, &push(&[entry.clone(), past.clone(), names.check()])), Heard::Keys(vec![key]));
        assert_eq!(hearing.read(&names, &push(&[entry, names.generation()])), Heard::Everything);
        hearing.learn(None);
        assert_eq!(hearing.read(&names, &push(&[past])), Heard::Keys(vec![key]));
        let flushed = PushInfo { kind: PushKind::Invalidate, data: vec![Value::Nil] };
        assert_eq!(hearing.read(&names, &flushed), Heard::Everything);
        let end = PushInfo { kind: PushKind::Disconnection, data: Vec::new() };
        assert_eq!(hearing.read(&names, &end), Heard::End);
    }

    #[test]
    fn a_listener_that_panics_keeps_nobody_from_hearing() {
        let (hearing, heard) = (Hearing::new(), Arc::new(AtomicUsize::new(0)));
        assert!(!hearing.is_wanted());
        let count = Arc::clone(&heard);
        hearing.join(Arc::new(|_| panic!("a listener's own mistake")));
        hearing.join(Arc::new(move |_| _ = count.fetch_add(1, Ordering::Relaxed)));
        hearing.tell(None);
        hearing.tell(Some(&[Digest::of(b"a")]));
        assert!(hearing.is_wanted());
        assert_eq!(heard.load(Ordering::Relaxed), 2);
    }
}
