//! Moments in headers: the three forms of an HTTP date, and RFC 3339. Seconds since 1970, no time zones but UTC's
//! offsets, no clock.

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Reads an HTTP date (RFC 9110, section 5.6.7) in any of its three forms.
pub(super) fn http_date(text: &str) -> Option<i64> {
    let parts: Vec<&str> = text.split([' ', ',', '-', ':']).filter(|part| !part.is_empty()).take(9).collect();
    let (day, month, year, clock) = match *parts.as_slice() {
        [_, day, month, year, hour, minute, second, "GMT"] => (day, month, year, [hour, minute, second]),
        [_, month, day, hour, minute, second, year] => (day, month, year, [hour, minute, second]),
        _ => return None,
    };
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let year = match (number(year)?, year.len()) {
        // Two digits are of the years around the turn of the century.
        (year @ 70..=99, 2) => year + 1900,
        (year @ 0..70, 2) => year + 2000,
        (year, 4) => year,
        _ => return None,
    };
    let [hour, minute, second] = clock.map(number);
    moment((year, i64::try_from(month).ok()?, number(day)?), (hour?, minute?, second?))
}

/// Reads a moment such as `2026-11-27T08:49:37.5+01:00`; fractions of a second are left out.
pub(super) fn rfc_3339(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let mut parts = date.splitn(3, '-').map(number);
    let date = (parts.next()??, parts.next()??, parts.next()??);
    let zone = time.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = time.split_at(zone);
    let clock = clock.split('.').next()?;
    let mut parts = clock.splitn(3, ':').map(number);
    let clock = (parts.next()??, parts.next()??, parts.next()??);
    Some(moment(date, clock)? - offset(zone)?)
}

/// Returns the seconds by which a zone is ahead.
fn offset(zone: &str) -> Option<i64> {
    let (sign, rest) = match zone.as_bytes().first()? {
        b'Z' | b'z' => return (zone.len() == 1).then_some(0),
        b'+' => (1, &zone[1..]),
        _ => (-1, &zone[1..]),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

fn number(text: &str) -> Option<i64> {
    let is_short = !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_short)
}

/// Returns the seconds since 1970 of a date and time that exist; a leap second counts as the next one.
fn moment((year, month, day): (i64, i64, i64), (hour, minute, second): (i64, i64, i64)) -> Option<i64> {
    let exists = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    exists.then(|| days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// Returns the days since 1970 of a date of the Gregorian calendar; years begin in March, so that the leap day is the
/// last one (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, month) = (year.div_euclid(400), (month + 9) % 12);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Checks both readers; `None` where the text is not of that form.
    fn check(text: &str, http: Option<i64>, rfc: Option<i64>) {
        assert_eq!((http_date(text), rfc_3339(text)), (http, rfc), "{text}");
    }

    #[test]
    fn the_three_forms_of_an_http_date_are_one_moment() {
        check("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777), None);
        check("Sunday, 06-Nov-94 08:49:37 GMT", Some(784_111_777), None);
        check("Sun Nov  6 08:49:37 1994", Some(784_111_777), None);
        check("Thu, 29 Feb 2024 00:00:00 GMT", Some(1_709_164_800), None);
        check("Thu, 01 Jan 1970 00:00:00 GMT", Some(0), None);
    }

    #[test]
    fn a_moment_of_rfc_3339_has_an_offset() {
        check("1994-11-06T08:49:37Z", None, Some(784_111_777));
        check("1994-11-06T09:49:37.25+01:00", None, Some(784_111_777));
        check("1994-11-06 03:19:37-05:30", None, Some(784_111_777));
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in ["", "soon", "Sun, 06 Nov 1994", "Sun, 06 Nov 1994 25:00:00 GMT", "Sun, 06 Foo 1994 08:49:37 GMT"] {
            check(text, None, None);
        }
        for text in ["1994-13-06T08:49:37Z", "1994-11-06T08:49:37", "1994-11-06T08:49Z", "T:Z", "1994-11-06T08:49:37+ü"]
        {
            check(text, None, None);
        }
    }

    proptest! {
        #[test]
        fn no_text_is_a_panic(text in any::<String>(), date in "[0-9TZ:+ ,JanGMT-]{0,40}") {
            for text in [text, date] {
                _ = (http_date(&text), rfc_3339(&text));
            }
        }
    }
}
