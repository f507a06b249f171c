//! `[cache]` in segno.toml: where results are remembered, how much of them, and with whom they are shared.

use std::path::PathBuf;
use std::time::Duration;

use super::Mistake;
use super::fields::Findings;
use super::settings_file::{size, table};
use super::tree::Node;

/// How results are remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheSettings {
    /// Where; `.segno/cache` when not given. Relative to the project.
    pub folder: Option<PathBuf>,
    /// The most bytes.
    pub max_size: Option<u64>,
    /// What was not used for so long goes.
    pub max_age: Option<Duration>,
    /// What is remembered is used, and nothing new is remembered.
    pub read_only: bool,
    /// What several machines share.
    pub shared: Option<SharedCache>,
}

/// A Redis server that keeps results for several machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedCache {
    /// Where the server is.
    pub address: Address,
    /// Keeps the results of several teams apart on one server.
    pub namespace: String,
    /// The variable of the environment that holds the secret with which entries are signed.
    pub secret_env: Option<String>,
    /// How long an answer is waited for.
    pub limit: Duration,
    /// It is asked, and never written to.
    pub read_only: bool,
}

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A URL without a password.
    Url(String),
    /// The variable of the environment that holds the URL, which may have a password.
    Variable(String),
}

/// How long an answer of a shared cache is waited for when nothing is said.
const LIMIT: Duration = Duration::from_millis(200);

/// The longest that may be waited.
const MAX_LIMIT: Duration = Duration::from_secs(60);

pub(super) fn cache(node: &Node, findings: &mut Findings) -> CacheSettings {
    let Some(fields) = table(node, "cache_limits", "cache", findings) else { return CacheSettings::default() };
    let folder = fields.find("folder").and_then(|node| findings.word(node, "folder").map(|folder| (node, folder)));
    if let Some((node, _)) = folder.as_ref().filter(|(_, folder)| folder.is_empty()) {
        findings.add(Mistake::at(node.place, "the cache's folder has no name"));
    }
    CacheSettings {
        folder: folder.map(|(_, folder)| PathBuf::from(folder)),
        max_size: fields.find("max_size").and_then(|node| size(node, "max_size", findings)),
        max_age: fields.find("max_age").and_then(|node| findings.duration(node, "max_age")),
        read_only: fields.find("read_only").and_then(|node| findings.truth(node, "read_only")).unwrap_or(false),
        shared: fields.find("shared").and_then(|node| shared(node, findings)),
    }
}

fn shared(node: &Node, findings: &mut Findings) -> Option<SharedCache> {
    let fields = table(node, "shared_cache", "the shared cache", findings)?;
    let url = fields.find("redis").and_then(|node| findings.word(node, "redis").map(|url| (node, url)));
    let variable = fields.find("redis_env").and_then(|node| findings.word(node, "redis_env"));
    let address = match (url, variable) {
        (Some((node, url)), None) => Address::Url(plain(node, url, findings)?),
        (None, Some(variable)) => Address::Variable(variable),
        _ => {
            let mistake = Mistake::at(node.place, "a shared cache needs one address");
            findings.add(
                mistake.hint("give redis = \"redis://HOST:6379\", or redis_env = \"NAME\" of a variable that holds it"),
            );
            return None;
        }
    };
    let limit = fields.find("limit").and_then(|node| findings.duration(node, "limit").map(|limit| (node, limit)));
    if let Some((node, _)) = limit.filter(|(_, limit)| *limit > MAX_LIMIT) {
        findings
            .add(Mistake::at(node.place, "limit is longer than a minute").hint("a run should not wait for a cache"));
    }
    let namespace = fields.find("namespace").and_then(|node| findings.word(node, "namespace").map(|name| (node, name)));
    match &namespace {
        // Two projects may have the same command over nothing but a time to live: on one server they would be one.
        None => {
            let mistake = Mistake::at(node.place, "a shared cache needs a namespace");
            findings.add(
                mistake.hint("namespace = \"my-project\" keeps its results apart from other projects' on the server"),
            );
        }
        Some((node, name)) if !is_namespace(name) => {
            let mistake = Mistake::at(node.place, format!("'{name}' is no namespace"));
            findings.add(mistake.hint("write 1 to 64 letters, digits, '-', '_' and '.'"));
        }
        Some(_) => {}
    }
    Some(SharedCache {
        address,
        namespace: namespace?.1,
        secret_env: fields.find("secret_env").and_then(|node| findings.word(node, "secret_env")),
        limit: limit.map_or(LIMIT, |(_, limit)| limit),
        read_only: fields.find("read_only").and_then(|node| findings.truth(node, "read_only")).unwrap_or(false),
    })
}

fn is_namespace(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=64).contains(&name.len()) && name.bytes().all(is_letter)
}

/// Takes a URL that may stand in a file that everybody reads.
fn plain(node: &Node, url: String, findings: &mut Findings) -> Option<String> {
    if url.starts_with("rediss://") {
        let mistake = Mistake::at(node.place, "connections with TLS to a shared cache are not built in");
        findings.add(mistake.hint("let a tunnel do it (stunnel, spiped) and give its address: redis://localhost:PORT"));
        return None;
    }
    let rest = ["redis://", "redis+unix://", "unix://"].iter().find_map(|scheme| url.strip_prefix(scheme));
    let Some(rest) = rest else {
        let mistake = Mistake::at(node.place, "redis is no address of a Redis server");
        findings.add(mistake.hint("write redis://HOST:6379/0 or redis+unix:///PATH"));
        return None;
    };
    let user = rest.split('/').next().unwrap_or_default().rsplit_once('@').map_or("", |(user, _)| user);
    if user.contains(':') || url.contains("pass=") {
        // The URL itself is not repeated here: mistakes are printed and logged.
        let mistake = Mistake::at(node.place, "the address of the shared cache has a password in it");
        findings.add(
            mistake.hint("put the address into a variable of the environment and name that: redis_env = \"NAME\""),
        );
        return None;
    }
    Some(url)
}

#[cfg(all(test, feature = "toml"))]
mod tests {
    use crate::spec::Settings;

    fn check(source: &str, expected: &str) {
        let said = match Settings::parse(source) {
            Ok(settings) => {
                let cache = settings.cache;
                let shared = cache.shared.map(|shared| {
                    let (secret, limit) = (shared.secret_env, shared.limit);
                    format!("{:?} {} {secret:?} {limit:?} {}", shared.address, shared.namespace, shared.read_only)
                });
                format!("{:?} {} | {}", cache.folder, cache.read_only, shared.unwrap_or_default())
            }
            Err(bad) => bad.list().iter().map(|bad| bad.message.clone()).collect::<Vec<_>>().join("; "),
        };
        assert_eq!(said, expected, "{source}");
    }

    #[test]
    fn a_cache_has_a_place_and_may_be_shared() {
        check("[cache]\n", "None false | ");
        check("[cache]\nfolder = '../cache'\nread_only = true\n", "Some(\"../cache\") true | ");
        check(
            "[cache.shared]\nnamespace = 'team'\nredis = 'redis://cache:6379/0'\n",
            "None false | Url(\"redis://cache:6379/0\") team None 200ms false",
        );
        check(
            "[cache.shared]\nredis_env = 'CACHE'\nsecret_env = 'SECRET'\nnamespace = 'team'\nlimit = '1s'\nread_only = true\n",
            "None false | Variable(\"CACHE\") team Some(\"SECRET\") 1s true",
        );
    }

    #[test]
    fn what_cannot_be_shared_is_told_without_its_password() {
        check("[cache]\nfolder = ''\n", "the cache's folder has no name");
        check("[cache.shared]\n", "a shared cache needs one address");
        check("[cache.shared]\nredis = 'redis://a'\nredis_env = 'A'\n", "a shared cache needs one address");
        check("[cache.shared]\nredis = 'rediss://a'\n", "connections with TLS to a shared cache are not built in");
        check("[cache.shared]\nredis = 'http://a'\n", "redis is no address of a Redis server");
        check(
            "[cache.shared]\nredis = 'redis://me:s3cret@a'\n",
            "the address of the shared cache has a password in it",
        );
        check(
            "[cache.shared]\nredis = 'redis+unix:///run/redis.sock?pass=s3cret'\n",
            "the address of the shared cache has a password in it",
        );
        check("[cache.shared]\nredis = 'redis://a'\n", "a shared cache needs a namespace");
        check("[cache.shared]\nredis = 'redis://a'\nnamespace = 'a b'\n", "'a b' is no namespace");
        check("[cache.shared]\nnamespace = 'a'\nredis = 'redis://a'\nlimit = '2m'\n", "limit is longer than a minute");
    }
}
