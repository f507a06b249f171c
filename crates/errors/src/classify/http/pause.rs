//! How long an answer asks to be left alone, read from its headers. Leaves what a body says of it to `body`.

use std::time::Duration;

use super::date::{http_date, rfc_3339};
use crate::Problem;

/// The longest pause that is taken from an answer. What asks for more, in error or in malice, gets this: whoever waits
/// has a deadline of his own, but nobody should be able to lock him in for years.
pub const MAX_PAUSE: Duration = Duration::from_hours(24);

/// What the headers say of trying again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Wish {
    /// Nothing.
    #[default]
    Silent,
    /// After this pause.
    After(Duration),
    /// Not at all.
    Never,
}

/// What was read from the headers, in the order in which it counts.
#[derive(Debug, Default)]
pub(super) struct Told {
    date: Option<i64>,
    milliseconds: Option<Duration>,
    after: Option<When>,
    pushback: Wish,
    /// The service says itself whether it is worth it, as Anthropic and OpenAI do.
    pub(super) should_retry: Option<bool>,
    /// The id of the request, for whoever asks the service about it.
    pub(super) request: Option<String>,
    /// Whether the body is a problem document by RFC 9457.
    pub(super) is_problem: bool,
    limits: Vec<Limit>,
}

/// The most limits that are compared; real services name up to four.
const MAX_LIMITS: usize = 16;
/// The longest id of a request.
const MAX_ID: usize = 200;

/// A pause, or the moment when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    In(Duration),
    /// Seconds since 1970, to be compared with the answer's own date: whose clock is wrong does not matter then.
    At(i64),
}

/// One of several limits, such as those of requests and of tokens.
#[derive(Debug)]
struct Limit {
    name: String,
    is_used_up: bool,
    reset: Option<When>,
}

impl Told {
    /// Reads one header; what is no text or makes no sense is passed over.
    pub(super) fn read(&mut self, name: &str, value: &[u8]) {
        let Some(value) = std::str::from_utf8(value).ok().map(str::trim) else { return };
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is("date") {
            self.date = http_date(value);
        } else if is("retry-after-ms") {
            self.milliseconds = seconds(value).map(|pause| pause / 1_000);
        } else if is("retry-after") {
            self.after = seconds(value).map(When::In).or_else(|| http_date(value).map(When::At));
        } else if is("grpc-retry-pushback-ms") {
            // By the design of gRPC what cannot be read means the same as a negative number.
            self.pushback = value.parse().map_or(Wish::Never, |pause| Wish::After(Duration::from_millis(pause)));
        } else if is("x-should-retry") {
            self.should_retry = value.parse().ok();
        } else if is("content-type") {
            let media = value.split(';').next().unwrap_or_default().trim();
            self.is_problem = media.eq_ignore_ascii_case(Problem::MEDIA_TYPE);
        } else if is("request-id") || is("x-request-id") {
            self.request = Some(value.chars().take(MAX_ID).collect());
        } else if name.len() < MAX_ID {
            self.limit(&name.to_ascii_lowercase(), value);
        }
    }

    fn limit(&mut self, name: &str, value: &str) {
        if !name.contains("ratelimit-") {
            return;
        }
        let (name, is_reset) = match (name.contains("reset"), name.contains("remaining")) {
            (true, false) => (name.replace("reset", ""), true),
            (false, true) => (name.replace("remaining", ""), false),
            _ => return,
        };
        let known = self.limits.iter().position(|limit| limit.name == name);
        let index = match known {
            Some(index) => index,
            None if self.limits.len() == MAX_LIMITS => return,
            None => {
                self.limits.push(Limit { name, is_used_up: false, reset: None });
                self.limits.len() - 1
            }
        };
        if is_reset {
            self.limits[index].reset = moment(value);
        } else {
            self.limits[index].is_used_up = value.parse().is_ok_and(|left: f64| left <= 0.0);
        }
    }

    /// Says whether some limit is used up; GitHub answers 403 then.
    pub(super) fn is_used_up(&self) -> bool {
        self.limits.iter().any(|limit| limit.is_used_up)
    }

    /// Says whether the answer names a pause of its own, apart from the resets of limits. A date that is past is none;
    /// one that cannot be compared is.
    pub(super) fn names_a_pause(&self) -> bool {
        match self.after {
            Some(When::At(_)) if self.date.is_some() => self.named().is_some(),
            after => self.milliseconds.is_some() || after.is_some(),
        }
    }

    /// Returns the pause that the answer names, however long it is.
    pub(super) fn named(&self) -> Option<Duration> {
        self.milliseconds.or_else(|| self.after.and_then(|after| self.pause(after)))
    }

    /// Returns when to try again. Of the limits the one that is used up and ends last counts, and if none says so the
    /// one that ends first; they count only `if limited`, since healthy answers bear them too.
    pub(super) fn wish(&self, if_limited: bool) -> Wish {
        if self.should_retry == Some(false) || self.pushback == Wish::Never {
            return Wish::Never;
        }
        let limited = || self.limits.iter().filter_map(|limit| Some((limit.is_used_up, self.pause(limit.reset?)?)));
        let last_used_up = || limited().filter(|(is_used_up, _)| *is_used_up).map(|(_, pause)| pause).max();
        let first = || limited().map(|(_, pause)| pause).min();
        match (self.named(), self.pushback) {
            (Some(pause), _) | (None, Wish::After(pause)) => Wish::After(pause.min(MAX_PAUSE)),
            _ if !if_limited => Wish::Silent,
            _ => last_used_up().or_else(first).map_or(Wish::Silent, |pause| Wish::After(pause.min(MAX_PAUSE))),
        }
    }

    /// Returns the pause until then; a moment that is past, or that cannot be compared, is no wish.
    fn pause(&self, when: When) -> Option<Duration> {
        match when {
            When::In(pause) => Some(pause),
            When::At(moment) => {
                let left = moment.checked_sub(self.date?)?;
                u64::try_from(left).ok().filter(|left| *left > 0).map(Duration::from_secs)
            }
        }
    }
}

/// Reads a number of seconds that is not negative, however large.
fn seconds(text: &str) -> Option<Duration> {
    let number: f64 = text.parse().ok().filter(|number: &f64| *number >= 0.0)?;
    Some(Duration::try_from_secs_f64(number).unwrap_or(Duration::MAX))
}

/// Reads a reset: seconds, seconds or milliseconds since 1970, a moment, or a span such as `6m0s`.
fn moment(text: &str) -> Option<When> {
    /// No service counts a pause of thirty years, and none has a clock before 2001.
    const EPOCH_FROM: f64 = 1e9;
    const EPOCH_MILLISECONDS_FROM: f64 = 1e12;
    match text.parse::<f64>() {
        Ok(number) if number >= EPOCH_MILLISECONDS_FROM => Some(When::At((number / 1_000.0) as i64)),
        Ok(number) if number >= EPOCH_FROM => Some(When::At(number as i64)),
        Ok(_) => seconds(text).map(When::In),
        Err(_) => span(text).map(When::In).or_else(|| rfc_3339(text).or_else(|| http_date(text)).map(When::At)),
    }
}

/// Reads a span of numbers with units, such as `1h6m0.5s` or `20ms`.
pub(super) fn span(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut whole = Duration::ZERO;
    while !rest.is_empty() {
        let (number, unit) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit() && c != '.')?);
        let length = unit.find(|c: char| c.is_ascii_digit()).unwrap_or(unit.len());
        let (unit, next) = unit.split_at(length);
        let factor = match unit.trim() {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        let part = Duration::try_from_secs_f64(number.parse::<f64>().ok()? * factor).unwrap_or(Duration::MAX);
        whole = whole.saturating_add(part);
        rest = next;
    }
    (!text.trim().is_empty()).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: (&str, &str) = ("Date", "Sun, 06 Nov 1994 08:49:37 GMT");

    /// Checks what an answer of 429 with these headers asks for.
    fn check(headers: &[(&str, &str)], expected: Wish) {
        let mut told = Told::default();
        headers.iter().for_each(|(name, value)| told.read(name, value.as_bytes()));
        assert_eq!(told.wish(true), expected, "{headers:?}");
    }

    fn after(milliseconds: u64) -> Wish {
        Wish::After(Duration::from_millis(milliseconds))
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        check(&[("Retry-After", "17")], after(17_000));
        check(&[("retry-after", " 0.5 ")], after(500));
        check(&[DATE, ("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT")], after(60_000));
        check(&[("retry-after-ms", "1500"), ("retry-after", "9")], after(1_500));
        check(&[("retry-after", "0")], after(0));
    }

    #[test]
    fn a_pause_of_ages_is_cut_and_nonsense_is_refused() {
        check(&[("retry-after", "1000000000")], Wish::After(MAX_PAUSE));
        check(&[("retry-after", "1e300")], Wish::After(MAX_PAUSE));
        check(&[("retry-after", "inf")], Wish::After(MAX_PAUSE));
        check(&[DATE, ("retry-after", "Sun, 06 Nov 2094 08:49:37 GMT")], Wish::After(MAX_PAUSE));
        check(&[DATE, ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")], Wish::Silent);
        check(&[DATE, ("retry-after", "Sun, 06 Nov 1993 08:49:37 GMT")], Wish::Silent);
        for text in ["-1", "NaN", "soon", "", "\u{fffd}"] {
            check(&[("retry-after", text)], Wish::Silent);
        }
        check(&[("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT")], Wish::Silent);
    }

    #[test]
    fn a_service_can_forbid_another_try() {
        check(&[("grpc-retry-pushback-ms", "250")], after(250));
        check(&[("grpc-retry-pushback-ms", "-1")], Wish::Never);
        check(&[("grpc-retry-pushback-ms", "soon")], Wish::Never);
        check(&[("x-should-retry", "false"), ("retry-after", "1")], Wish::Never);
    }

    #[test]
    fn of_several_limits_the_used_up_one_that_ends_last_counts() {
        check(&[("x-ratelimit-reset-requests", "1s"), ("x-ratelimit-reset-tokens", "6m0s")], after(1_000));
        let used_up = [("x-ratelimit-reset-tokens", "6m0s"), ("x-ratelimit-remaining-tokens", "0")];
        check(&[used_up[0], used_up[1], ("x-ratelimit-reset-requests", "1s")], after(360_000));
        let today = ("date", "Fri, 27 Nov 2026 00:00:00 GMT");
        check(&[today, ("X-RateLimit-Reset", "1795737623"), ("X-RateLimit-Remaining", "0")], after(23_000));
        check(&[today, ("X-RateLimit-Reset", "1795737623000")], after(23_000));
        check(&[DATE, ("anthropic-ratelimit-tokens-reset", "1994-11-06T08:49:40Z")], after(3_000));
        check(&[DATE, ("anthropic-ratelimit-tokens-reset", "1994-11-06T08:49:30Z")], Wish::Silent);
        check(&[("x-ratelimit-reset", "30")], after(30_000));
    }

    #[test]
    fn a_thousand_limits_are_not_kept() {
        let mut told = Told::default();
        (0..1_000).for_each(|index| told.read(&format!("x-ratelimit-reset-{index}"), b"1s"));
        assert_eq!(told.limits.len(), MAX_LIMITS);
    }

    #[test]
    fn bytes_that_are_no_text_are_passed_over() {
        let mut told = Told::default();
        told.read("retry-after", &[0xff, b'1']);
        assert_eq!(told.wish(true), Wish::Silent);
    }
}
