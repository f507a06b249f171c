//! What the types of a function must be able to do for its results to be remembered, said in a way that the compiler
//! repeats to whoever uses another type.

use std::hash::Hash;

use crate::{Digest, Key};

/// An argument that tells calls apart.
#[diagnostic::on_unimplemented(
    message = "an argument of type `{Self}` cannot tell calls of a memoized function apart",
    label = "this must be `Hash + Eq + Clone + Send + Sync + 'static`",
    note = "leave it out with `skip(name)` if the result does not depend on it",
    note = "or say with `key = expression` what the result depends on, as a `Digest` or a `Key`"
)]
pub trait Argument: Hash + Eq + Clone + Send + Sync + 'static {}

impl<T: Hash + Eq + Clone + Send + Sync + 'static> Argument for T {}

/// An error that is given to everybody who waited for one call.
#[diagnostic::on_unimplemented(
    message = "the error `{Self}` of a memoized function cannot be given to everybody who waited for it",
    label = "this must be `Clone + Send + Sync + 'static`",
    note = "return it in an `Arc`: `Result<T, Arc<E>>`"
)]
pub trait SharedError: Clone + Send + Sync + 'static {}

impl<E: Clone + Send + Sync + 'static> SharedError for E {}

/// What may stand after `key =`: something of which a digest is a part.
pub trait ToKey {
    /// Returns the digest by which the result is found.
    fn to_key(&self) -> Digest;
}

impl ToKey for Digest {
    fn to_key(&self) -> Digest {
        *self
    }
}

impl ToKey for Key {
    fn to_key(&self) -> Digest {
        self.digest()
    }
}

impl<T: ToKey + ?Sized> ToKey for &T {
    fn to_key(&self) -> Digest {
        (**self).to_key()
    }
}
