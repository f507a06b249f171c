//! What can be a part of a key: the trait, and the types of the standard library that have it. How a value is written
//! is told in `writer`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::writer::PartWriter;
use crate::{Digest, Key, Manifest};

/// A value that a key can be made of.
///
/// Two values that differ must write something that differs; that is all, since the writer keeps what it is given
/// apart. Numbers of all widths, texts, options, tuples, lists, sets, maps, paths and times have it; the order of a
/// set or a map makes no difference, and `2` is the same number as `u8` and as `i64`.
///
/// ```
/// use segno_cache::Key;
///
/// let key = |value: (&str, &[u32], Option<bool>)| {
///     let mut builder = Key::builder("call");
///     builder.part("arguments", &value);
///     builder.finish().digest()
/// };
/// assert_eq!(key(("a", &[1, 2], None)), key(("a", &[1, 2], None)));
/// assert_ne!(key(("a", &[1, 2], None)), key(("a", &[1], Some(false))));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a key",
    note = "implement `KeyPart` for it: `writer.part(&self.field)` for each of its fields"
)]
pub trait KeyPart {
    /// Writes the value, all of it that makes a difference.
    fn write(&self, writer: &mut PartWriter);

    /// Writes several of them; bytes are written at once and not one by one.
    #[doc(hidden)]
    fn write_slice(items: &[Self], writer: &mut PartWriter)
    where
        Self: Sized,
    {
        writer.list(items.iter());
    }
}

macro_rules! numbers {
    ($write:ident as $wide:ty: $($number:ty)*) => {$(
        impl KeyPart for $number {
            fn write(&self, writer: &mut PartWriter) {
                writer.$write(<$wide>::from(*self));
            }
        }
    )*};
}

numbers!(natural as u128: u16 u32 u64 u128);
numbers!(integer as i128: i8 i16 i32 i64 i128);
numbers!(float as f64: f32 f64);
numbers!(bool as bool: bool);

impl KeyPart for u8 {
    fn write(&self, writer: &mut PartWriter) {
        writer.natural(u128::from(*self));
    }

    fn write_slice(items: &[u8], writer: &mut PartWriter) {
        writer.bytes(items);
    }
}

impl KeyPart for usize {
    fn write(&self, writer: &mut PartWriter) {
        writer.natural(*self as u128);
    }
}

impl KeyPart for isize {
    fn write(&self, writer: &mut PartWriter) {
        writer.integer(*self as i128);
    }
}

impl KeyPart for str {
    fn write(&self, writer: &mut PartWriter) {
        writer.text(self);
    }
}

impl KeyPart for String {
    fn write(&self, writer: &mut PartWriter) {
        writer.text(self);
    }
}

impl KeyPart for char {
    fn write(&self, writer: &mut PartWriter) {
        writer.text(self.encode_utf8(&mut [0; 4]));
    }
}

/// A text that may be none: bytes as the system keeps them.
impl KeyPart for OsStr {
    fn write(&self, writer: &mut PartWriter) {
        match self.to_str() {
            Some(text) => writer.text(text),
            None => writer.bytes(self.as_encoded_bytes()),
        };
    }
}

macro_rules! seen_as {
    ($($own:ty => $other:ty)*) => {$(
        impl KeyPart for $own {
            fn write(&self, writer: &mut PartWriter) {
                AsRef::<$other>::as_ref(self).write(writer);
            }
        }
    )*};
}

seen_as!(OsString => OsStr Path => OsStr PathBuf => OsStr);

macro_rules! pointers {
    ($($pointer:ty)*) => {$(
        impl<P: KeyPart + ?Sized> KeyPart for $pointer {
            fn write(&self, writer: &mut PartWriter) {
                (**self).write(writer);
            }
        }
    )*};
}

pointers!(&P &mut P Box<P> Rc<P> Arc<P>);

impl<P: KeyPart + ToOwned + ?Sized> KeyPart for Cow<'_, P> {
    fn write(&self, writer: &mut PartWriter) {
        (**self).write(writer);
    }
}

impl<P: KeyPart> KeyPart for Option<P> {
    fn write(&self, writer: &mut PartWriter) {
        match self {
            Some(value) => writer.some(value),
            None => writer.state("none"),
        };
    }
}

impl<P: KeyPart, E: KeyPart> KeyPart for Result<P, E> {
    fn write(&self, writer: &mut PartWriter) {
        match self {
            Ok(value) => writer.named("ok", value),
            Err(error) => writer.named("error", error),
        };
    }
}

impl<P: KeyPart> KeyPart for [P] {
    fn write(&self, writer: &mut PartWriter) {
        P::write_slice(self, writer);
    }
}

impl<P: KeyPart> KeyPart for Vec<P> {
    fn write(&self, writer: &mut PartWriter) {
        P::write_slice(self, writer);
    }
}

impl<P: KeyPart, const N: usize> KeyPart for [P; N] {
    fn write(&self, writer: &mut PartWriter) {
        P::write_slice(self, writer);
    }
}

impl<P: KeyPart> KeyPart for VecDeque<P> {
    fn write(&self, writer: &mut PartWriter) {
        writer.list(self.iter());
    }
}

impl<P: KeyPart> KeyPart for BTreeSet<P> {
    fn write(&self, writer: &mut PartWriter) {
        writer.set(self.iter());
    }
}

impl<P: KeyPart, S> KeyPart for HashSet<P, S> {
    fn write(&self, writer: &mut PartWriter) {
        writer.set(self.iter());
    }
}

impl<K: KeyPart, V: KeyPart> KeyPart for BTreeMap<K, V> {
    fn write(&self, writer: &mut PartWriter) {
        writer.map(self.iter());
    }
}

impl<K: KeyPart, V: KeyPart, S> KeyPart for HashMap<K, V, S> {
    fn write(&self, writer: &mut PartWriter) {
        writer.map(self.iter());
    }
}

impl KeyPart for () {
    fn write(&self, writer: &mut PartWriter) {
        writer.state("()");
    }
}

macro_rules! tuples {
    ($($name:ident)+) => {
        tuples!(@one $($name)+);
        tuples!(@shorter $($name)+);
    };
    (@shorter $first:ident $($name:ident)+) => { tuples!($($name)+); };
    (@shorter $first:ident) => {};
    (@one $($name:ident)+) => {
        impl<$($name: KeyPart),+> KeyPart for ($($name,)+) {
            #[allow(non_snake_case, reason = "a value is named as its type is")]
            fn write(&self, writer: &mut PartWriter) {
                let ($($name,)+) = self;
                $(writer.part($name);)+
            }
        }
    };
}

tuples!(A B C D E F G H I J K L);

impl KeyPart for Duration {
    fn write(&self, writer: &mut PartWriter) {
        writer.natural(self.as_nanos());
    }
}

impl KeyPart for SystemTime {
    fn write(&self, writer: &mut PartWriter) {
        let nanos = |span: Duration| i128::try_from(span.as_nanos()).unwrap_or(i128::MAX);
        match self.duration_since(UNIX_EPOCH) {
            Ok(after) => writer.integer(nanos(after)),
            Err(before) => writer.integer(-nanos(before.duration())),
        };
    }
}

macro_rules! by_text {
    ($($own:ty)*) => {$(
        impl KeyPart for $own {
            fn write(&self, writer: &mut PartWriter) {
                writer.text(&self.to_string());
            }
        }
    )*};
}

by_text!(IpAddr Ipv4Addr Ipv6Addr SocketAddr);

impl KeyPart for Digest {
    fn write(&self, writer: &mut PartWriter) {
        writer.digest_of(self);
    }
}

impl KeyPart for Key {
    fn write(&self, writer: &mut PartWriter) {
        writer.digest_of(&self.digest());
    }
}

impl KeyPart for Manifest {
    fn write(&self, writer: &mut PartWriter) {
        writer.digest_of(&self.digest());
    }
}
