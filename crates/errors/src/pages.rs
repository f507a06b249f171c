//! A page for each kind, written for a person, and finding the page that is meant. Leaves what a kind is to `kind`.

use crate::Kind;

/// A word that differs in so many letters from another may be a slip of it, for each three letters of its length.
const LETTERS_A_SLIP: usize = 3;
/// A longer word is none of those that are known.
const MAX_WORD: usize = 64;
/// A shorter word is not looked for in the texts: it begins too many.
const MIN_MENTION: usize = 2;

/// What is meant by a word that somebody gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meant {
    /// A kind, or several whose codes have the word in them.
    Kinds(Vec<Kind>),
    /// A reason, with the kinds whose pages name it.
    Reason(&'static str, Vec<Kind>),
    /// Nothing that is known, with what is near.
    Nothing(Option<&'static str>),
}

impl Kind {
    /// Returns the page about this kind in Markdown: what it means, whose fault it is, whether it may work later, what segno
    /// does, what a person can do, and typical reasons.
    ///
    /// ```
    /// use segno_errors::Kind;
    ///
    /// assert!(Kind::Timeout.page().starts_with("# TIMEOUT_ERROR\n"));
    /// assert_eq!(Kind::Timeout.meaning(), "The time that was allowed ran out.");
    /// ```
    pub fn page(self) -> &'static str {
        match self {
            Kind::Validation => include_str!("../pages/VALIDATION_ERROR.md"),
            Kind::Parse => include_str!("../pages/PARSE_ERROR.md"),
            Kind::Configuration => include_str!("../pages/CONFIGURATION_ERROR.md"),
            Kind::Authentication => include_str!("../pages/AUTHENTICATION_ERROR.md"),
            Kind::Authorization => include_str!("../pages/AUTHORIZATION_ERROR.md"),
            Kind::Network => include_str!("../pages/NETWORK_ERROR.md"),
            Kind::Timeout => include_str!("../pages/TIMEOUT_ERROR.md"),
            Kind::RateLimit => include_str!("../pages/RATE_LIMIT_ERROR.md"),
            Kind::QuotaExceeded => include_str!("../pages/QUOTA_EXCEEDED_ERROR.md"),
            Kind::Database => include_str!("../pages/DATABASE_ERROR.md"),
            Kind::Cache => include_str!("../pages/CACHE_ERROR.md"),
            Kind::ExternalService => include_str!("../pages/EXTERNAL_SERVICE_ERROR.md"),
            Kind::Resource => include_str!("../pages/RESOURCE_ERROR.md"),
            Kind::BusinessLogic => include_str!("../pages/BUSINESS_LOGIC_ERROR.md"),
            Kind::Internal => include_str!("../pages/INTERNAL_ERROR.md"),
        }
    }

    /// Returns the first sentence of its page.
    pub fn meaning(self) -> &'static str {
        self.page().lines().nth(2).unwrap_or_default()
    }

    /// Returns the reasons that its page names, with what each says.
    pub fn reasons(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let rows = self.page().lines().filter_map(|line| line.strip_prefix("| `"));
        rows.filter_map(|row| row.split_once("` | ")).map(|(reason, says)| (reason, says.trim_end_matches(" |")))
    }
}

/// Returns an index of all pages in Markdown; `link` says where the page of a kind is.
pub fn index(link: impl Fn(Kind) -> String) -> String {
    let mut text = "# What failed\n\nEach failure has one of fifteen types, by its code. `segno explain CODE` shows its page; \
         `segno errors` shows what failed in a project.\n\n| type | category | severity | what it means |\n|---|---|---|---|\n"
        .to_owned();
    for kind in Kind::ALL {
        let (code, category, severity) = (kind.code(), kind.category().name(), kind.severity().name());
        text += &format!("| [{code}]({}) | {category} | {severity} | {} |\n", link(kind), kind.meaning());
    }
    text
}

/// Finds what is meant by a code, in whatever letters, whole or in part, or by a reason.
///
/// ```
/// use segno_errors::{Kind, pages::{Meant, meant}};
///
/// assert_eq!(meant("timeout"), Meant::Kinds(vec![Kind::Timeout]));
/// assert_eq!(meant("oom_killed"), Meant::Reason("oom_killed", vec![Kind::Resource]));
/// assert_eq!(meant("netwrok"), Meant::Nothing(Some("NETWORK_ERROR")));
/// ```
pub fn meant(word: &str) -> Meant {
    let word: String = word.trim().to_lowercase().replace(['-', ' '], "_");
    if word.is_empty() || word.len() > MAX_WORD {
        return Meant::Nothing(None);
    }
    let kinds = |is_it: &dyn Fn(&str) -> bool| -> Vec<Kind> {
        Kind::ALL.into_iter().filter(|kind| is_it(&kind.code().to_lowercase())).collect()
    };
    let exact = kinds(&|code| code == word || code.strip_suffix("_error") == Some(&word));
    if !exact.is_empty() {
        return Meant::Kinds(exact);
    }
    let mut reasons = Kind::ALL.into_iter().flat_map(Kind::reasons).map(|(reason, _)| reason);
    if let Some(reason) = reasons.find(|reason| *reason == word) {
        return Meant::Reason(
            reason,
            Kind::ALL.into_iter().filter(|kind| kind.reasons().any(|(own, _)| own == word)).collect(),
        );
    }
    let partial = kinds(&|code| code.contains(&word) && word != "error");
    match partial.is_empty() {
        true => Meant::Nothing(nearest(&word)),
        false => Meant::Kinds(partial),
    }
}

/// Returns the lines of the pages in which a word begins like this one, in whatever letters: for a status, an exit code or a name that
/// is no code and no reason.
///
/// ```
/// use segno_errors::{Kind, pages::mentions};
///
/// let found = mentions("429");
/// assert!(found.iter().any(|(kind, line)| *kind == Kind::RateLimit && line.contains("HTTP 429")));
/// assert!(mentions("elephant").is_empty());
/// ```
pub fn mentions(word: &str) -> Vec<(Kind, &'static str)> {
    let plain = |text: &str| text.to_lowercase().replace(['-', '_', '`'], " ");
    let word = plain(word).trim().to_owned();
    if word.chars().count() < MIN_MENTION || word.len() > MAX_WORD {
        return Vec::new();
    }
    let begins = |line: &str| {
        let line = plain(line);
        let is_begin = |at: usize| !line[..at].ends_with(char::is_alphanumeric);
        line.match_indices(&word).any(|(at, _)| is_begin(at))
    };
    let lines = |kind: Kind| kind.page().lines().filter(|line| begins(line)).map(move |line| (kind, line));
    Kind::ALL.into_iter().flat_map(lines).collect()
}

/// Returns the code or reason that a word is a slip of.
fn nearest(word: &str) -> Option<&'static str> {
    let codes = Kind::ALL.into_iter().map(Kind::code);
    let known = codes.chain(Kind::ALL.into_iter().flat_map(Kind::reasons).map(|(reason, _)| reason));
    let distance = |known: &str| {
        let known = known.to_lowercase();
        let whole = edits(word, &known);
        known.strip_suffix("_error").map_or(whole, |short| whole.min(edits(word, short)))
    };
    let (edits, best) = known.map(|known| (distance(known), known)).min_by_key(|(edits, _)| *edits)?;
    (edits <= (word.chars().count() / LETTERS_A_SLIP).max(1)).then_some(best)
}

/// Returns how many letters have to be put in, taken out or exchanged (Levenshtein 1966).
fn edits(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (number, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = number + 1;
        for (column, wanted) in other.iter().enumerate() {
            let exchanged = diagonal + usize::from(letter != *wanted);
            diagonal = row[column + 1];
            row[column + 1] = exchanged.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, expected: Meant) {
        assert_eq!(meant(word), expected, "{word}");
    }

    #[test]
    fn a_code_is_found_in_any_letters_and_in_part() {
        check("NETWORK_ERROR", Meant::Kinds(vec![Kind::Network]));
        check("rate-limit", Meant::Kinds(vec![Kind::RateLimit]));
        check("exceeded", Meant::Kinds(vec![Kind::QuotaExceeded]));
        check("auth", Meant::Kinds(vec![Kind::Authentication, Kind::Authorization]));
    }

    #[test]
    fn a_reason_is_found_with_all_kinds_that_have_it() {
        check("circuit_open", Meant::Reason("circuit_open", vec![Kind::ExternalService]));
        check("disk full", Meant::Reason("disk_full", vec![Kind::Database, Kind::Resource]));
    }

    #[test]
    fn a_slip_is_told_and_anything_else_is_nothing() {
        check("validaton", Meant::Nothing(Some("VALIDATION_ERROR")));
        check("oom_kiled", Meant::Nothing(Some("oom_killed")));
        check("elephant", Meant::Nothing(None));
        check("error", Meant::Nothing(None));
        check("", Meant::Nothing(None));
        check(&"x".repeat(1_000_000), Meant::Nothing(None));
    }

    #[test]
    fn what_is_no_code_and_no_reason_is_found_in_the_texts() {
        let kinds = |word: &str| {
            let mut kinds: Vec<Kind> = mentions(word).into_iter().map(|(kind, _)| kind).collect();
            kinds.dedup();
            kinds
        };
        assert!(kinds("429").contains(&Kind::RateLimit) && kinds("HTTP 429").contains(&Kind::RateLimit));
        assert!(kinds("oom").contains(&Kind::Resource) && kinds("OOM").contains(&Kind::Resource));
        assert!(kinds("http").len() > 3 && kinds("oom kil") == kinds("OOM-kil"));
        assert_eq!(
            (kinds("retry budget"), kinds("retry_budget")),
            (kinds("Retry-Budget"), vec![Kind::ExternalService])
        );
        for nothing in ["elephant", "netwrok", "", " ", "a", "ttp", &"x".repeat(1_000_000)] {
            assert_eq!(kinds(nothing), [], "{nothing:.40}");
        }
    }

    #[test]
    fn each_page_says_what_the_code_says() {
        for kind in Kind::ALL {
            let page = kind.page();
            let (category, severity) = (kind.category().name(), kind.severity().name());
            assert!(page.starts_with(&format!("# {}\n\n", kind.code())), "{kind:?}");
            assert!(page.contains(&format!("| category | {category} |\n| severity | {severity} |\n")), "{kind:?}");
            let headings: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
            let expected =
                ["What it means", "May it work later?", "What segno does", "What you can do", "Typical reasons"];
            assert_eq!(headings, expected, "{kind:?}");
            assert!(kind.reasons().count() >= 1 && kind.meaning().ends_with('.'), "{kind:?}");
        }
    }
}
