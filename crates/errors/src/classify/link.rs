//! One link of a chain of errors: asked for its type, followed to the next, and what it may say of its meaning. Leaves the
//! walk to `chain` and the meanings to the modules beside it.

use std::error::Error;
use std::io;
use std::sync::Arc;

use super::row::Row;

/// The most links that are looked at; a chain that bites its own tail ends here too.
pub(super) const MAX_LINKS: usize = 64;

/// How sure an error is of what it means.
#[derive(Clone, Copy)]
pub(crate) enum Sign {
    /// Nothing below it can say more.
    Sure(&'static Row),
    /// What lies below it may say more; if nothing does, this holds.
    Maybe(&'static Row),
}

/// Returns the links of a chain, as `chain` walks them.
pub(super) fn links<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| next(*error)).take(MAX_LINKS)
}

/// Does what `downcast_ref` does. A type of another size is none of it, which is told by a look into the vtable; asking
/// for the type is a call through it, and a link that nobody knows is asked for two dozen types.
pub(crate) fn cast<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    if size_of_val(error) == size_of::<E>() { error.downcast_ref() } else { None }
}

/// Says whether an error is of a type, as [`cast`] does.
pub(crate) fn is<E: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    cast::<E>(error).is_some()
}

fn next<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    match system_error(error) {
        Some(error) => inside(error),
        None => error.source(),
    }
}

/// Returns the link as an operating system error, also out of the `Arc` that makes one cloneable: the `Arc` passes its
/// error's source on and hides the error itself.
pub(super) fn system_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e io::Error> {
    cast::<io::Error>(error).or_else(|| cast::<Arc<io::Error>>(error).map(|error| &**error))
}

/// Returns the error that an operating system error carries. `io::Error::source` skips that one and goes on below it.
pub(super) fn inside(error: &io::Error) -> Option<&(dyn Error + 'static)> {
    error.get_ref().map(|inner| inner as &(dyn Error + 'static))
}
