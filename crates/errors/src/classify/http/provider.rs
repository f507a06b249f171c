//! What the providers of language models call their errors, each word with its row.
//! Sources: docs.claude.com/en/api/errors, platform.openai.com/docs/guides/error-codes, ai.google.dev/gemini-api/docs/troubleshooting.

use super::status;
use crate::classify::row::{Row, find};
use crate::{Advice, Kind, Severity};

/// Says what a word of a body means. Some words are so wide that a status says more: those of `WIDE` hold only where
/// the status says no more than they do, or comes from a stream that began well.
pub(super) fn row_of(word: &str, status: u16) -> Option<&'static Row> {
    let says_no_more = |row: &&Row| match row.kind {
        Kind::Validation => matches!(status, 0..=400 | 422),
        _ => matches!(status, 0..=399 | 500),
    };
    find(WORDS, word).or_else(|| find(WIDE, word).filter(says_no_more))
}

/// Says what the text of a message means where the provider has no word for it: Anthropic reports a spent budget and an
/// input that is too long as plain bad requests.
pub(super) fn row_of_message(message: &str) -> Option<&'static Row> {
    let message = message.get(..message.floor_char_boundary(MAX_MESSAGE))?.to_ascii_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| message.contains(phrase));
    if says(&SPENT_PHRASES) {
        Some(&SPENT)
    } else if says(&LENGTH_PHRASES) {
        Some(&CONTEXT_LENGTH)
    } else {
        None
    }
}

/// Says whether a word is of a limit that may be one of money, when the answer names no pause.
pub(super) fn is_spend_limit(word: &str) -> bool {
    word == "enforced_spend_limit_reached"
}

/// How much of a message is read for its meaning.
const MAX_MESSAGE: usize = 2 << 10;

const SPENT_PHRASES: [&str; 5] =
    ["credit balance is too low", "spend limit", "spending limit", "api usage limits", "exceeded your current quota"];
const LENGTH_PHRASES: [&str; 4] =
    ["prompt is too long", "maximum context length", "exceed context limit", "exceeds the maximum number of tokens"];

const TRY_LATER: &str = "try again later";
const CHECK_REQUEST: &str = "check what was asked for";
const SIGN_IN: &str = "sign in or check the key";

pub(super) const SPENT: Row = Row::new(
    Kind::QuotaExceeded,
    "quota",
    "the money or the quota for the service is used up",
    "raise the limit or use another provider",
)
.no_effect();
pub(super) const RATE: Row =
    Row::new(Kind::RateLimit, "rate_limited", "the service asks for fewer requests", "wait a moment").no_effect();
pub(super) const CONTEXT_LENGTH: Row = Row::new(
    Kind::Validation,
    "context_length",
    "the input is too long for the model",
    "shorten the input or use a model that takes more",
)
.no_effect()
.advise(&[Advice::FixInput, Advice::Fallback, Advice::Abort]);
const OVERLOADED: Row = Row::new(Kind::ExternalService, "overloaded", "the service is overloaded", TRY_LATER)
    .severity(Severity::Medium)
    .no_effect();
/// Whoever cannot be reached may have begun already; only who says that there is too much to do has not.
const UNAVAILABLE: Row =
    Row::new(Kind::ExternalService, "overloaded", "the service is overloaded", TRY_LATER).severity(Severity::Medium);
const REFUSED: Row = Row::new(
    Kind::BusinessLogic,
    "refused",
    "the model refused to answer",
    "say it in another way or use another model",
)
.no_effect()
.advise(&[Advice::FixInput, Advice::Fallback, Advice::Escalate]);
const SIGNED_OUT: Row =
    Row::new(Kind::Authentication, "not_signed_in", "the service does not know who is calling", SIGN_IN).no_effect();
const FORBIDDEN: Row =
    Row::new(Kind::Authorization, "permission_denied", "the service does not allow this", "ask for the right to do it")
        .no_effect();
const MISSING: Row =
    Row::new(Kind::BusinessLogic, "not_found", "the service does not have what was asked for", CHECK_REQUEST)
        .no_effect();
const SLOW: Row = Row::new(Kind::Timeout, "timed_out", "the service did not answer in time", TRY_LATER);
const UNFIT: Row =
    Row::new(Kind::BusinessLogic, "precondition", "the service is not in the state that this needs", CHECK_REQUEST)
        .no_effect();
const CONFLICT: Row = Row::new(Kind::BusinessLogic, "conflict", "two requests got in each other's way", TRY_LATER)
    .transient()
    .no_effect();

/// Words that mean one thing whatever the status.
const WORDS: &[(&str, Row)] = &[
    // Anthropic
    ("authentication_error", SIGNED_OUT),
    ("billing_error", SPENT),
    ("enforced_spend_limit_reached", SPENT),
    ("permission_error", FORBIDDEN),
    ("not_found_error", MISSING),
    ("conflict_error", CONFLICT),
    (
        "request_too_large",
        Row::new(Kind::Validation, "too_large", "the request is too large", "send less at once").no_effect(),
    ),
    ("rate_limit_error", RATE),
    ("timeout_error", SLOW),
    ("overloaded_error", OVERLOADED),
    // OpenAI and those who speak like it
    ("insufficient_quota", SPENT),
    ("credit_balance_exhausted", SPENT),
    ("billing_hard_limit_reached", SPENT),
    ("billing_not_active", SPENT),
    ("rate_limit_exceeded", RATE),
    ("context_length_exceeded", CONTEXT_LENGTH),
    ("string_above_max_length", CONTEXT_LENGTH),
    ("invalid_api_key", SIGNED_OUT),
    ("invalid_authentication", SIGNED_OUT),
    ("model_not_found", MISSING),
    ("content_policy_violation", REFUSED),
    ("content_filter", REFUSED),
    ("overloaded", OVERLOADED),
    ("slow_down", OVERLOADED),
    ("engine_overloaded", OVERLOADED),
    ("service_unavailable", UNAVAILABLE),
    // Gemini: the names of gRPC
    ("API_KEY_INVALID", SIGNED_OUT),
    ("UNAUTHENTICATED", SIGNED_OUT),
    ("PERMISSION_DENIED", FORBIDDEN),
    ("NOT_FOUND", MISSING),
    ("FAILED_PRECONDITION", UNFIT),
    ("ABORTED", CONFLICT),
    ("DEADLINE_EXCEEDED", SLOW),
    ("UNAVAILABLE", UNAVAILABLE),
];

/// Words that only say on whose side it failed.
const WIDE: &[(&str, Row)] = &[
    ("invalid_request_error", BAD_REQUEST),
    ("INVALID_ARGUMENT", BAD_REQUEST),
    ("OUT_OF_RANGE", BAD_REQUEST),
    ("api_error", SERVER),
    ("server_error", SERVER),
    ("internal_error", SERVER),
    ("INTERNAL", SERVER),
    ("UNKNOWN", SERVER),
];

const BAD_REQUEST: Row =
    Row::new(Kind::Validation, "bad_request", "the service did not accept the request", CHECK_REQUEST).no_effect();
const SERVER: Row = Row::new(Kind::ExternalService, "server_error", "the service failed on its side", TRY_LATER).once();

/// Returns what a status means by itself; a used-up limit behind a 403 is a limit, as with GitHub.
pub(super) fn row_of_status(status: u16, is_used_up: bool) -> &'static Row {
    if status == 403 && is_used_up { &RATE } else { status::row_of(status) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::row::outline;

    /// Checks words behind a status against `kind reason later effect severity`, or `-` where the status decides.
    fn check(status: u16, words: &[&str], expected: &str) {
        for word in words {
            let found = row_of(word, status).map_or("-".to_owned(), |row| outline(&row.fault()));
            assert_eq!(found, expected, "{word} behind {status}");
        }
    }

    /// The words of the tables with what each means; `each_word_has_a_case` keeps it whole.
    const CASES: [(&[&str], &str); 15] = [
        (
            &[
                "authentication_error",
                "invalid_api_key",
                "invalid_authentication",
                "API_KEY_INVALID",
                "UNAUTHENTICATED",
            ],
            "authentication not_signed_in never none high",
        ),
        (
            &["billing_error", "enforced_spend_limit_reached", "insufficient_quota", "credit_balance_exhausted"],
            "quota_exceeded quota never none high",
        ),
        (&["billing_hard_limit_reached", "billing_not_active"], "quota_exceeded quota never none high"),
        (&["permission_error", "PERMISSION_DENIED"], "authorization permission_denied never none high"),
        (&["not_found_error", "model_not_found", "NOT_FOUND"], "business_logic not_found never none medium"),
        (&["conflict_error", "ABORTED"], "business_logic conflict transient none medium"),
        (&["request_too_large"], "validation too_large never none low"),
        (&["rate_limit_error", "rate_limit_exceeded"], "rate_limit rate_limited throttled(none) none low"),
        (&["timeout_error", "DEADLINE_EXCEEDED"], "timeout timed_out transient unknown medium"),
        (
            &["overloaded_error", "overloaded", "slow_down", "engine_overloaded"],
            "external_service overloaded transient none medium",
        ),
        (&["service_unavailable", "UNAVAILABLE"], "external_service overloaded transient unknown medium"),
        (&["context_length_exceeded", "string_above_max_length"], "validation context_length never none low"),
        (&["content_policy_violation", "content_filter"], "business_logic refused never none medium"),
        (&["FAILED_PRECONDITION"], "business_logic precondition never none medium"),
        (&["a_word_of_tomorrow", "", "overloaded_Error"], "-"),
    ];

    #[test]
    fn a_word_means_one_thing_whatever_the_status() {
        for (words, expected) in CASES {
            for status in [0, 200, 400, 429, 500, 503] {
                check(status, words, expected);
            }
        }
    }

    #[test]
    fn each_word_has_a_case() {
        let cases: Vec<&str> = CASES.iter().flat_map(|(words, _)| words.iter().copied()).collect();
        for (word, _) in WORDS {
            assert!(cases.contains(word), "{word}");
        }
        let wide: Vec<&str> = WIDE.iter().map(|(word, _)| *word).collect();
        assert_eq!(wide, [REQUESTS.as_slice(), &SERVERS].concat());
    }

    const REQUESTS: [&str; 3] = ["invalid_request_error", "INVALID_ARGUMENT", "OUT_OF_RANGE"];
    const SERVERS: [&str; 5] = ["api_error", "server_error", "internal_error", "INTERNAL", "UNKNOWN"];

    #[test]
    fn a_wide_word_holds_where_the_status_says_no_more() {
        for status in [0, 200, 400, 422] {
            check(status, &REQUESTS, "validation bad_request never none low");
        }
        for status in [0, 200, 500] {
            check(status, &SERVERS, "external_service server_error transient unknown high");
        }
        check(401, &REQUESTS, "-");
        check(429, &REQUESTS, "-");
        check(503, &SERVERS, "-");
        check(400, &SERVERS, "-");
    }

    #[test]
    fn sentences_are_read_where_there_is_no_word() {
        let meant = |message: &str| row_of_message(message).map(|row| row.reason);
        for phrase in SPENT_PHRASES {
            assert_eq!(meant(&format!("Your {} now", phrase.to_uppercase())), Some("quota"), "{phrase}");
        }
        for phrase in LENGTH_PHRASES {
            assert_eq!(meant(&format!("This {phrase}: 5 > 4")), Some("context_length"), "{phrase}");
        }
        assert_eq!(meant("the field is missing"), None);
        assert_eq!(meant(&format!("{} spend limit", "x".repeat(MAX_MESSAGE))), None);
    }
}
