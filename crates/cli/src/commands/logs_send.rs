//! Sending bodies to another system over HTTP: again where that may help, a bounded number of times.

use std::borrow::Cow;
use std::cell::Cell;
use std::time::Duration;

use segno_errors::{Fault, Kind};
use segno_logging::export::gzip;
use serde_json::Value;
use ureq::http::{HeaderName, HeaderValue, Uri};

/// How often a body is sent at most.
const MAX_TRIES: u32 = 5;
/// How long is waited before the second time; each time twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The longest wait, whatever the other side asks for.
const MAX_WAIT: Duration = Duration::from_secs(30);
/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// So much of an answer is read.
const MAX_ANSWER: u64 = 64 << 10;
/// So much of a refusal is told.
const MAX_TOLD: usize = 300;

/// Sends bodies to one address.
pub(super) struct Sender {
    agent: ureq::Agent,
    url: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// The other side takes nothing that is compressed.
    is_plain: Cell<bool>,
}

/// What came of one request.
enum Answer {
    /// With what was said to it.
    Taken(Value),
    /// It may be taken later, after this time if the other side says one.
    Later(String, Option<Duration>),
    Refused(String),
    /// It takes nothing that is compressed, perhaps: some say so with 415, and some cannot tell it from a bad body.
    Unreadable(String),
}

impl Sender {
    /// Makes a sender to a path below `base`.
    pub(super) fn new(base: &str, path: &str, headers: &[String]) -> Result<Sender, Fault> {
        let bad = |message: String| Fault::new(Kind::Validation, message);
        let base = base.trim_end_matches('/');
        // Who gives the whole address means the same.
        let url = if base.ends_with(path) { base.to_owned() } else { format!("{base}{path}") };
        let uri: Uri = url.parse().map_err(|error| bad(format!("'{url}' is no address: {error}")))?;
        match uri.scheme_str() {
            Some("http") if uri.host().is_some() => {}
            Some("https") => {
                let fault = bad(format!("{url} needs encryption, which this program does not do"));
                return Err(
                    fault.hint("send to an agent on this machine, such as Alloy or a collector, which passes it on")
                );
            }
            _ => return Err(bad(format!("'{url}' is no address")).hint("such as http://localhost:3100")),
        }
        let headers = headers.iter().map(|header| parse_header(header)).collect::<Result<_, Fault>>()?;
        let config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(false);
        Ok(Sender { agent: config.build().into(), url, headers, is_plain: Cell::new(false) })
    }

    /// Returns where the bodies go.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Sends a body until it is taken, and returns what was answered: nothing unless it was JSON.
    pub(super) fn send(&self, body: &str) -> Result<Value, Fault> {
        let mut sent = if self.is_plain.get() { Cow::Borrowed(body.as_bytes()) } else { Cow::Owned(gzip(body)) };
        let mut wait = FIRST_WAIT;
        let mut tries = 1;
        loop {
            match self.post(&sent) {
                Answer::Taken(answer) => return Ok(answer),
                Answer::Unreadable(_) if !self.is_plain.replace(true) => sent = Cow::Borrowed(body.as_bytes()),
                Answer::Later(_, asked) if tries < MAX_TRIES => {
                    std::thread::sleep(asked.unwrap_or(wait).min(MAX_WAIT));
                    wait = (wait * 2).min(MAX_WAIT);
                    tries += 1;
                }
                Answer::Later(why, _) => {
                    let message = format!("{} did not take the lines after {tries} tries: {why}", self.url);
                    return Err(Fault::new(Kind::Network, message).hint("is it there, and does it take so much?"));
                }
                Answer::Refused(why) | Answer::Unreadable(why) => {
                    return Err(Fault::new(Kind::Validation, format!("{} refuses the lines: {why}", self.url)));
                }
            }
        }
    }

    fn post(&self, body: &[u8]) -> Answer {
        let mut request = self.agent.post(&self.url).content_type("application/json");
        if !self.is_plain.get() {
            request = request.header("Content-Encoding", "gzip");
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let mut response = match request.send(body) {
            Ok(response) => response,
            Err(error) => return Answer::Later(error.to_string(), None),
        };
        let status = response.status();
        let mut text = || response.body_mut().with_config().limit(MAX_ANSWER).read_to_string().unwrap_or_default();
        if status.is_success() {
            return Answer::Taken(serde_json::from_str(&text()).unwrap_or_default());
        }
        let text = text();
        let after = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let why = format!("{status} {}", told(&text)).trim_end().to_owned();
        match status.as_u16() {
            408 | 429 | 500..=599 => Answer::Later(why, after.map(Duration::from_secs)),
            400 | 415 => Answer::Unreadable(why),
            _ => Answer::Refused(why),
        }
    }
}

/// Returns what the other side says, as much of it as is told.
pub(super) fn told(text: &str) -> String {
    super::cache::in_line(&text.trim().chars().take(MAX_TOLD).collect::<String>())
}

/// Reads a header; `$NAME` as its value, or as a word of it, is what the variable holds, so that no secret is in the list of
/// processes.
fn parse_header(text: &str) -> Result<(HeaderName, HeaderValue), Fault> {
    let bad = |why: &str| {
        let name = text.split(':').next().unwrap_or_default();
        Fault::new(Kind::Validation, format!("the header '{name}' cannot be used: {why}"))
            .hint("--header 'X-Scope-OrgID: team', --header 'Authorization: Bearer $TOKEN'")
    };
    let (name, value) = text.split_once(':').ok_or_else(|| bad("there is no colon"))?;
    let mut words = Vec::new();
    for word in value.split_whitespace() {
        words.push(match word.strip_prefix('$') {
            Some(variable) => std::env::var(variable).map_err(|_| bad(&format!("{variable} is not set")))?,
            None => word.to_owned(),
        });
    }
    let name = HeaderName::try_from(name.trim()).map_err(|_| bad("its name is none"))?;
    let mut value = HeaderValue::try_from(words.join(" ")).map_err(|_| bad("its value is none"))?;
    value.set_sensitive(true);
    Ok((name, value))
}
