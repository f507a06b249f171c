//! The spans that this thread is in, as the layers were told, with what each adds to a line.
//! The registry knows them too, but behind two tables and a lock, for every event.

use std::cell::RefCell;
use std::sync::Arc;

use tracing::span::Id;

use super::span::Joined;

/// A span that a layer was told of.
struct Entered {
    layer: usize,
    span: Id,
    /// The span was entered already; like the registry, an event then belongs to the one that is not entered twice.
    again: bool,
    /// What the span adds to a line, once an event wanted it.
    joined: Option<Arc<Joined>>,
}

thread_local! {
    static ENTERED: RefCell<Vec<Entered>> = const { RefCell::new(Vec::new()) };
}

/// Notes that the thread enters a span. An open span keeps its id, so what is found for it stays right until it is left.
pub(crate) fn enter(layer: usize, span: &Id) {
    change(|entered| {
        let again = entered.iter().any(|known| known.layer == layer && known.span == *span);
        entered.push(Entered { layer, span: span.clone(), again, joined: None });
    });
}

/// Notes that the thread leaves a span, which need not be the innermost.
pub(crate) fn exit(layer: usize, span: &Id) {
    change(|entered| {
        if let Some(at) = entered.iter().rposition(|known| known.layer == layer && known.span == *span) {
            entered.remove(at);
        }
    });
}

fn change(work: impl FnOnce(&mut Vec<Entered>)) {
    // A thread that ends has no table any more, and `look` says so. Nobody else holds it: `look` runs no code of users.
    _ = ENTERED.try_with(|entered| {
        if let Ok(mut entered) = entered.try_borrow_mut() {
            work(&mut entered);
        }
    });
}

/// Shows what the innermost span adds to a line, or nothing when the thread is in none. `find` asks the registry.
///
/// Returns whether it could be told: a thread that is ending must ask the registry itself.
pub(crate) fn look(
    layer: usize,
    find: impl FnOnce(&Id) -> Option<Arc<Joined>>,
    mut show: impl FnMut(Option<&Joined>),
) -> bool {
    let told = ENTERED.try_with(|entered| {
        let Ok(mut entered) = entered.try_borrow_mut() else {
            return false;
        };
        let Some(innermost) = entered.iter_mut().rev().find(|known| known.layer == layer && !known.again) else {
            show(None);
            return true;
        };
        if !innermost.joined.as_ref().is_some_and(|joined| joined.is_current()) {
            innermost.joined = find(&innermost.span);
        }
        show(innermost.joined.as_deref());
        true
    });
    told.unwrap_or(false)
}
