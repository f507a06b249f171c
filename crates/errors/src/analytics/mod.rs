//! Failures counted: which are the same, how often each comes, since when, and whether trying again cures it.
//!
//! A [`Fingerprint`] says which failures are the same. A [`Ledger`] counts them in a fixed amount of memory and tells what
//! stands out as [`Account`]s; it is stored by serde and goes on from there.

mod occurrence;

mod fingerprint;

mod template;

mod word;

mod ledger;

mod entry;

mod spare;

mod ring;

mod seen;

mod places;

mod recent;

mod example;

mod account;

mod trend;

mod stored;

mod stable;

pub use account::{Account, Flag, Flags};
pub use entry::Retries;
pub use example::Example;
pub use fingerprint::{Fingerprint, NoFingerprint};
pub use ledger::{Ledger, Totals};
pub use occurrence::{Occurrence, REJECTIONS, Retry};
pub use trend::{Direction, Trend};
