//! Finds the error in a chain that tells what failed. Leaves what single errors mean to the modules beside it.

use std::error::Error;

use super::finding::{Finding, Meaning};
use super::link::{MAX_LINKS, Sign, cast, inside, system_error};
use super::row::Row;
use super::{foreign, io as system, standard};
use crate::{Fault, Kind, Severity};

/// What is said of an error that nobody knows.
const UNKNOWN: Row =
    Row::new(Kind::Internal, "unclassified", "an error happened that is not known here", "read the causes")
        .severity(Severity::High);

/// Finds out what an error means, without taking it or allocating.
///
/// The chain is walked from the outside in, at most 64 links of it, also below an `io::Error` that merely carries
/// another error. The first [`Fault`] in it decides; otherwise the innermost error that tells something does.
/// Known are the errors of `std` and `serde_json`, and those of other crates by features.
///
/// ```
/// use segno_errors::{Kind, classify};
///
/// let error: Box<dyn std::error::Error> = "twelve".parse::<u8>().unwrap_err().into();
/// let finding = classify(&*error);
/// assert_eq!((finding.kind(), finding.is_retryable()), (Kind::Validation, false));
/// assert_eq!(finding.fault().causes(), ["invalid digit found in string"]);
/// ```
pub fn classify<'e>(error: &'e (dyn Error + 'static)) -> Finding<'e> {
    Finding { meaning: meaning(error), error }
}

impl Fault {
    /// Makes a fault of any error, which it takes and keeps as its live source.
    ///
    /// Boxed errors are taken too, and texts, which become faults of kind [`Kind::Internal`]. A fault comes back as it
    /// is, also from inside a chain.
    ///
    /// ```
    /// use segno_errors::{Fault, Kind};
    ///
    /// fn read() -> Result<String, Fault> {
    ///     std::fs::read_to_string("/no/such/file").map_err(Fault::of)
    /// }
    /// assert_eq!(read().unwrap_err().kind(), Kind::Resource);
    /// ```
    #[track_caller]
    pub fn of(error: impl Into<Box<dyn Error + Send + Sync>>) -> Fault {
        let error = match error.into().downcast::<Fault>() {
            Ok(fault) => return *fault,
            Err(error) => error,
        };
        match meaning(&*error) {
            Meaning::Row(row) => row.fault().below(error),
            Meaning::Fault(fault) => fault.clone(),
            Meaning::Own(fault) => fault,
        }
    }
}

/// Returns what the telling error of a chain means.
pub(super) fn meaning<'e>(error: &'e (dyn Error + 'static)) -> Meaning<'e> {
    let mut best = &UNKNOWN;
    let mut link = Some(error);
    for _ in 0..MAX_LINKS {
        let Some(error) = link else { break };
        if let Some(fault) = cast::<Fault>(error) {
            return Meaning::Fault(fault);
        }
        let (sign, next) = match system_error(error) {
            Some(error) => (system::sign(error), inside(error)),
            None => (standard::sign(error).or_else(|| foreign::sign(error)), error.source()),
        };
        match sign {
            Some(Sign::Sure(row)) => return Meaning::Row(row),
            Some(Sign::Maybe(row)) => best = row,
            None => {}
        }
        link = next;
    }
    Meaning::Row(best)
}

#[cfg(test)]
mod tests {
    use std::fmt;
    use std::io;
    use std::sync::Arc;

    use super::super::row::outline;
    use super::*;

    /// An error of somebody's own with something below it.
    #[derive(Debug)]
    struct Layer(Option<Box<dyn Error + Send + Sync>>);

    impl fmt::Display for Layer {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("layer")
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.0.as_deref().map(|error| error as &(dyn Error + 'static))
        }
    }

    fn layers(count: usize, error: impl Into<Box<dyn Error + Send + Sync>>) -> Layer {
        (1..count).fold(Layer(Some(error.into())), |inner, _| Layer(Some(inner.into())))
    }

    /// Checks what is found, borrowed and taken: `kind reason later effect severity`.
    fn check(error: impl Error + Send + Sync + 'static, expected: &str) {
        let finding = classify(&error);
        let (later, breaker, retryable) = (finding.may_work_later(), finding.breaker(), finding.is_retryable());
        let fault = finding.fault();
        assert_eq!(outline(&fault), expected);
        assert_eq!((later, breaker, retryable), (fault.may_work_later(), fault.breaker(), fault.is_retryable()));
        assert_eq!(outline(&Fault::of(error)), expected);
    }

    fn reset() -> io::Error {
        io::Error::from(io::ErrorKind::ConnectionReset)
    }

    #[test]
    fn the_innermost_telling_error_decides() {
        check(layers(3, reset()), "network connection_reset transient unknown medium");
        check(layers(3, Arc::new(reset())), "network connection_reset transient unknown medium");
        check(layers(2, io::Error::other(layers(2, reset()))), "network connection_reset transient unknown medium");
        check(layers(2, "x".parse::<u8>().unwrap_err()), "validation not_a_number never none low");
        check(Layer(None), "internal unclassified never unknown high");
        check(layers(2, io::Error::other(Layer(None))), "resource io_unknown never unknown high");
    }

    #[test]
    fn a_carrier_is_judged_by_what_it_carries_and_a_translation_by_itself() {
        let unreadable = |inner| io::Error::new(io::ErrorKind::InvalidData, inner);
        check(unreadable(layers(1, reset())), "network connection_reset transient unknown medium");
        check(unreadable(Layer(None)), "parse invalid_data never unknown medium");
        let told = io::Error::new(io::ErrorKind::TimedOut, layers(1, reset()));
        check(told, "timeout timed_out transient unknown medium");
    }

    #[test]
    fn a_fault_in_the_chain_comes_out_as_it_was_put_in() {
        let fault = Fault::new(Kind::RateLimit, "slow down").caused_by(reset());
        let chain = layers(3, io::Error::other(fault.clone()));
        assert_eq!(classify(&chain).fault(), fault);
        assert_eq!(Fault::of(chain), fault);
        assert_eq!(Fault::of(fault.clone()), fault);
    }

    #[test]
    fn a_chain_of_ten_thousand_links_ends() {
        check(layers(10_000, reset()), "internal unclassified never unknown high");
        check(layers(MAX_LINKS - 1, reset()), "network connection_reset transient unknown medium");
    }

    #[test]
    fn a_cycle_ends() {
        #[derive(Debug)]
        struct Ouroboros;
        impl fmt::Display for Ouroboros {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("tail")
            }
        }
        impl Error for Ouroboros {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                Some(self)
            }
        }
        check(Ouroboros, "internal unclassified never unknown high");
    }

    #[test]
    fn texts_and_boxes_are_taken_too() {
        assert_eq!(Fault::of("boom").causes(), ["boom"]);
        let boxed: Box<dyn Error + Send + Sync> = reset().into();
        let fault = Fault::of(boxed);
        assert!(fault.source().is_some_and(|source| source.is::<io::Error>()));
    }

    #[test]
    fn the_place_is_the_callers() {
        let error = reset();
        let (seen, taken, line) = (classify(&error).fault(), Fault::of(error), line!());
        let place = format!("{}:{line}:", file!());
        assert!(seen.location().starts_with(&place) && taken.location().starts_with(&place), "{taken:?}");
    }
}
