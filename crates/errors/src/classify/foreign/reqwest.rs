//! Errors of reqwest 0.13. Where the connection failed the operating system below says why; that nothing was sent then is
//! known only here.

use std::error::Error;

use super::super::http::row_of;
use super::super::io;
use super::super::link::{Sign, cast, links, system_error};
use super::super::row::Row;
use crate::{Effect, Kind};

const AGAIN: &str = "try again over a new connection";
const CHECK_ADDRESS: &str = "check the address and the network";

const TIMED_OUT: Row = Row::new(Kind::Timeout, "timed_out", "the service did not answer in time", "try again later");
const NOT_REACHED: Row =
    Row::new(Kind::Timeout, "connect_timed_out", "the service could not be reached in time", CHECK_ADDRESS).no_effect();
const UNKNOWN_HOST: Row =
    Row::new(Kind::Network, "unknown_host", "the name of the service is not known", CHECK_ADDRESS).no_effect();
const NO_CONNECTION: Row =
    Row::new(Kind::Network, "connect", "no connection to the service came about", CHECK_ADDRESS).no_effect();
const REDIRECTS: Row =
    Row::new(Kind::ExternalService, "redirect", "the service sends from one address to the next", CHECK_ADDRESS)
        .never();
const BAD_REQUEST: Row =
    Row::new(Kind::Validation, "bad_request", "the request cannot be made", "check the address and the headers")
        .no_effect();
const UNREADABLE: Row =
    Row::new(Kind::Parse, "bad_answer", "the answer of the service cannot be read", "ask again, or report it");
const BROKEN: Row = Row::new(Kind::Network, "connection", "the connection to the service broke", AGAIN);

/// Recognises an error of reqwest.
pub(super) fn sign(error: &(dyn Error + 'static)) -> Option<Sign> {
    let error = cast::<reqwest::Error>(error)?;
    Some(if error.is_timeout() {
        Sign::Sure(if error.is_connect() { &NOT_REACHED } else { &TIMED_OUT })
    } else if let Some(status) = error.status().filter(|_| error.is_status()) {
        Sign::Sure(row_of(status.as_u16()))
    } else if error.is_dns() {
        Sign::Sure(&UNKNOWN_HOST)
    } else if error.is_connect() {
        Sign::Sure(unconnected(error))
    } else if error.is_redirect() {
        Sign::Sure(&REDIRECTS)
    } else if error.is_builder() {
        Sign::Sure(&BAD_REQUEST)
    } else if error.is_decode() {
        Sign::Maybe(&UNREADABLE)
    } else {
        Sign::Maybe(&BROKEN)
    })
}

/// Returns why no connection came about: what the operating system says, if it is of a kind that sends nothing.
fn unconnected(error: &reqwest::Error) -> &'static Row {
    let of_system = links(error).filter_map(system_error).filter_map(io::sign).find_map(|sign| match sign {
        Sign::Sure(row) if row.kind == Kind::Network && row.effect == Effect::None => Some(row),
        _ => None,
    });
    of_system.unwrap_or(&NO_CONNECTION)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::time::Duration;

    use crate::classify;
    use crate::classify::row::outline;

    /// Checks what asking such a server ends with; `None` answers nothing and stays open.
    fn check(answer: Option<&'static [u8]>, expected: &str) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            _ = stream.read(&mut request);
            match answer {
                Some(answer) => stream.write_all(answer).unwrap(),
                // Waits until the client has given up.
                None => _ = stream.read(&mut request),
            }
        });
        check_url(&url, expected);
        server.join().unwrap();
    }

    fn check_url(url: &str, expected: &str) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let error = runtime.block_on(async {
            let client = reqwest::Client::builder().timeout(Duration::from_millis(300)).build().unwrap();
            let asked = async { client.get(url).send().await?.error_for_status()?.bytes().await };
            asked.await.unwrap_err()
        });
        assert_eq!(outline(&classify(&error).fault()), expected, "{error:?}");
    }

    #[test]
    fn what_asking_a_service_ends_with_is_known() {
        check(None, "timeout timed_out transient unknown medium");
        check(
            Some(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"),
            "external_service unavailable transient unknown high",
        );
        check(Some(b"HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n"), "authentication not_signed_in never none high");
        check_url("no address", "validation bad_request never none low");
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        check_url(&format!("http://{free}/"), "network connection_refused transient none medium");
    }

    #[test]
    fn an_answer_that_leads_nowhere_is_known() {
        // The server answers once: a client that follows no redirect ends with the first.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            _ = stream.read(&mut [0; 1024]);
            stream.write_all(b"HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n").unwrap();
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let policy = reqwest::redirect::Policy::custom(|attempt| attempt.error("round in a circle"));
        let client = reqwest::Client::builder().redirect(policy).build().unwrap();
        let error = runtime.block_on(client.get(url).send()).unwrap_err();
        server.join().unwrap();
        assert!(error.is_redirect(), "{error:?}");
        assert_eq!(outline(&classify(&error).fault()), "external_service redirect never unknown high");
    }

    #[test]
    fn an_answer_gives_its_headers_as_they_are() {
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert("retry-after", reqwest::header::HeaderValue::from_static("7"));
        let fault = crate::from_http(503, &headers, b"");
        assert_eq!(fault.may_work_later(), crate::Later::Throttled(Some(Duration::from_secs(7))));
    }

    #[cfg(feature = "hyper-1")]
    #[test]
    fn hyper_below_says_more() {
        check(Some(b""), "network unexpected_end transient unknown medium");
        check(Some(b"garbage\r\n\r\n"), "external_service protocol never unknown high");
    }
}
