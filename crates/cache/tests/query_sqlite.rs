//! Queries of a real SQLite through the cache: what they say is what they would say without it.
#![cfg(feature = "rusqlite-0_41")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use rusqlite::Connection;
use segno_cache::query::{Dialect, QueryCache, Rows, SqliteQueries, Value};

type Queries = QueryCache<Arc<Rows>>;

fn cache() -> Queries {
    QueryCache::builder(Dialect::Sqlite).capacity(1_000).build()
}

fn memory(cache: &Queries) -> SqliteQueries {
    SqliteQueries::new(cache, Connection::open_in_memory().unwrap()).unwrap()
}

fn file(cache: &Queries, path: &Path) -> SqliteQueries {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("PRAGMA synchronous = off").unwrap();
    SqliteQueries::new(cache, connection).unwrap()
}

fn number(queries: &mut SqliteQueries, sql: &str) -> i64 {
    match queries.query(sql, &[]).unwrap().single() {
        Some(Value::Integer(number)) => *number,
        other => panic!("{sql}: {other:?}"),
    }
}

/// Runs statements, asks a question twice, and checks the answer and how many of the two came from memory.
fn check(before: &[&str], question: &str, expected: i64, hits: u64) {
    let cache = cache();
    let mut queries = memory(&cache);
    for sql in before {
        queries.execute(sql, &[]).unwrap();
        // Whatever would be remembered wrongly is put there after each step.
        let _ = queries.query(question, &[]);
    }
    let counted = cache.statistics().hits;
    assert_eq!(number(&mut queries, question), expected, "{before:?}");
    assert_eq!(number(&mut queries, question), expected, "{before:?}");
    assert_eq!(cache.statistics().hits - counted, hits, "{before:?}");
}

const TABLES: [&str; 3] = [
    "create table a (id integer primary key, x)",
    "create table b (id integer primary key, a references a on delete cascade)",
    "pragma foreign_keys = on",
];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    TABLES.iter().copied().chain(more.iter().copied()).collect()
}

#[test]
fn a_view_goes_with_the_tables_behind_it() {
    let view =
        ["create view v as with w as (select * from a) select count(*) n from w", "create view vv as select n from v"];
    check(
        &with(&[&view[..], &["insert into a values (1, 1)", "insert into a values (2, 2)"]].concat()),
        "select n from vv",
        2,
        2,
    );
    check(
        &with(&["create view v as select count(*) n, random() r from a", "insert into a values (1, 1)"]),
        "select n from v",
        1,
        0,
    );
    let instead = "create trigger t instead of insert on v begin insert into b values (new.n, null); end";
    check(&with(&[view[0], instead, "insert into v values (5)"]), "select count(*) from b", 1, 2);
}

#[test]
fn what_a_trigger_or_a_foreign_key_writes_goes_too() {
    check(
        &with(&["insert into a values (1, 1)", "insert into b values (1, 1)", "delete from a"]),
        "select count(*) from b",
        0,
        2,
    );
    let trigger = "create trigger t after insert on a begin insert into b values (new.id, null); end";
    check(&with(&[trigger, "insert into a values (1, 1)"]), "select count(*) from b", 1, 2);
    check(
        &with(&["insert into a values (1, 1)", "insert into b values (1, 1)", "replace into a values (1, 2)"]),
        "select count(*) from b",
        0,
        2,
    );
}

#[test]
fn what_changes_without_a_write_is_not_remembered() {
    check(&with(&["insert into a values (1, 1)"]), "select total_changes() >= 0 from a", 1, 0);
    check(
        &with(&["create virtual table f using fts5(x)", "insert into f values ('one')"]),
        "select count(*) from f",
        1,
        0,
    );
    check(&with(&["create table c (x)"]), "select count(*) from sqlite_master", 3, 0);
    check(&with(&["create temp table a (x)"]), "select count(*) from a", 0, 2);
    check(&with(&["create temp table a (x)", "insert into a values (1)"]), "select count(*) from a", 1, 2);
    check(
        &with(&["attach ':memory:' as other", "create table other.c (x)", "insert into c values (1)"]),
        "select count(*) from c",
        1,
        0,
    );
}

#[test]
fn a_transaction_is_followed_as_the_connection_tells_it() {
    check(&with(&["begin", "insert into a values (1, 1)", "rollback"]), "select count(*) from a", 0, 2);
    check(&with(&["begin", "insert into a values (1, 1)"]), "select count(*) from a", 1, 0);
    check(&with(&["begin", "insert into a values (1, 1)", "commit"]), "select count(*) from a", 1, 2);
    check(
        &with(&["savepoint s", "insert into a values (1, 1)", "rollback to s", "release s"]),
        "select count(*) from a",
        0,
        2,
    );
    // An error that undoes the whole transaction.
    let cache = cache();
    let mut queries = memory(&cache);
    TABLES.iter().for_each(|sql| {
        queries.execute(sql, &[]).unwrap();
    });
    queries.execute("begin", &[]).unwrap();
    queries.execute("insert into a values (1, 1)", &[]).unwrap();
    queries.execute("insert or rollback into a values (1, 1)", &[]).unwrap_err();
    assert_eq!((number(&mut queries, "select count(*) from a"), queries.session().is_in_transaction()), (0, false));
}

#[test]
fn writes_of_others_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    let cache = cache();
    let (mut one, mut two) = (file(&cache, &path), file(&cache, &path));
    one.execute("create table a (x)", &[]).unwrap();
    assert_eq!((number(&mut one, "select count(*) from a"), number(&mut two, "select count(*) from a")), (0, 0));
    two.execute("insert into a values (1)", &[]).unwrap();
    assert_eq!((number(&mut one, "select count(*) from a"), number(&mut two, "select count(*) from a")), (1, 1));
    let stranger = Connection::open(&path).unwrap();
    stranger.execute("insert into a values (2)", []).unwrap();
    assert_eq!(number(&mut one, "select count(*) from a"), 2);
    stranger.execute_batch("alter table a rename to t; create view a as select 1 from t where x > 1").unwrap();
    assert_eq!(number(&mut one, "select count(*) from a"), 1);
    stranger.execute("insert into t values (3)", []).unwrap();
    assert_eq!(number(&mut one, "select count(*) from a"), 2);
    one.with_connection(|connection| connection.execute("delete from t", [])).unwrap();
    assert_eq!((number(&mut two, "select count(*) from a"), number(&mut one, "select count(*) from a")), (0, 0));
}

#[test]
fn a_connection_that_comes_later_is_not_given_what_strangers_made_old() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    let cache = cache();
    let mut one = file(&cache, &path);
    one.execute("create table a (x)", &[]).unwrap();
    assert_eq!(number(&mut one, "select count(*) from a"), 0);
    Connection::open(&path).unwrap().execute("insert into a values (1)", []).unwrap();
    let mut two = file(&cache, &path);
    assert_eq!((number(&mut two, "select count(*) from a"), cache.statistics().hits), (1, 0));
    assert_eq!((number(&mut one, "select count(*) from a"), number(&mut two, "select count(*) from a")), (1, 1));
}

#[test]
fn a_connection_that_has_tables_of_its_own_is_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    let cache = cache();
    let mut one = file(&cache, &path);
    one.execute("create table a (x)", &[]).unwrap();
    let own = "create temp table a (x); insert into a values (1)";
    let set_up = Connection::open(&path).unwrap();
    set_up.execute_batch(own).unwrap();
    let (mut two, mut three) = (SqliteQueries::new(&cache, set_up).unwrap(), file(&cache, &path));
    three.with_connection(|connection| connection.execute_batch(own)).unwrap();
    for queries in [&mut one, &mut two, &mut three] {
        number(queries, "select count(*) from a");
    }
    assert_eq!([&mut one, &mut two, &mut three].map(|queries| number(queries, "select count(*) from a")), [0, 1, 1]);
}

#[test]
fn what_fails_of_the_caches_own_is_not_the_statements_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    let cache = cache();
    let mut one = file(&cache, &path);
    one.execute("create table a (x)", &[]).unwrap();
    one.with_connection(|connection| connection.busy_timeout(std::time::Duration::ZERO)).unwrap();
    let stranger = Connection::open(&path).unwrap();
    stranger.execute_batch("begin exclusive").unwrap();
    one.session().written_elsewhere(true);
    assert_eq!(number(&mut one, "select 1 + 1"), 2);
    assert!(one.query("select count(*) from a", &[]).is_err());
    stranger.execute_batch("insert into a values (1); commit").unwrap();
    assert_eq!(number(&mut one, "select count(*) from a"), 1);
}

#[test]
fn an_older_snapshot_and_what_is_newer_are_kept_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    let cache = cache();
    let (mut one, mut two) = (file(&cache, &path).watching_others(false), file(&cache, &path).watching_others(false));
    one.query("pragma journal_mode = wal", &[]).unwrap();
    one.execute("create table a (x)", &[]).unwrap();
    two.query("pragma journal_mode = wal", &[]).unwrap();
    two.execute("begin", &[]).unwrap();
    assert_eq!(number(&mut two, "select count(*) + 0 from a"), 0);
    one.execute("insert into a values (1)", &[]).unwrap();
    assert_eq!(number(&mut two, "select count(*) from a"), 0, "its snapshot is older");
    assert_eq!(number(&mut one, "select count(*) from a"), 1, "and was not kept");
    assert_eq!(number(&mut two, "select count(*) from a"), 0, "nor is the newer one given out");
    two.execute("commit", &[]).unwrap();
    assert_eq!(number(&mut two, "select count(*) from a"), 1);
}

#[test]
fn hostile_names_and_values_are_only_names_and_values() {
    let cache = cache();
    let mut queries = memory(&cache);
    let name = "a\"\"; drop table x; -- é:5:b";
    queries.execute(&format!("create table \"{name}\" (x)"), &[]).unwrap();
    let count = format!("select count(*) from \"{name}\"");
    assert_eq!((number(&mut queries, &count), number(&mut queries, &count)), (0, 0));
    queries.execute(&format!("insert into \"{}\" values (?1)", name.to_ascii_uppercase()), &[f64::NAN.into()]).unwrap();
    assert_eq!(number(&mut queries, &count), 1);
    let values = ["'; drop table x; --".into(), Value::Bytes(vec![0, 255]), Value::Null, f64::INFINITY.into()];
    for value in values {
        let rows = queries.query("select ?1", std::slice::from_ref(&value)).unwrap();
        assert_eq!(rows.single(), Some(&value));
    }
    assert!(queries.query("select 1; select 2", &[]).is_err());
    assert!(queries.query("select ?1", &[]).is_err());
    assert!(queries.query("", &[]).is_err() || queries.query("", &[]).unwrap().rows.is_empty());
    assert!(queries.query("select 1 \0", &[]).is_err() || cache.len() < 10);
}

/// The connection is closed, and another one opened.
const RECONNECT: &str = "reconnect";
/// Something is done to the connection without the cache.
const OUTSIDE: &str = "outside";
/// Somebody else writes to the file.
const STRANGER: &str = "stranger";

/// One step of a random history: which connection, and what it runs.
fn steps() -> impl Strategy<Value = Vec<(usize, String)>> {
    let table = prop_oneof![Just("a"), Just("b"), Just("c"), Just("main.a"), Just("\"B\"")];
    let read = (table.clone(), table.clone(), 0..6).prop_map(|(one, two, kind)| match kind {
        0 => format!("select * from {one} order by 1, 2"),
        1 => format!("SELECT count(*), sum(x) FROM {one}"),
        2 => format!("select p.x, q.x from {one} p join {two} q on p.id = q.id order by 1, 2"),
        3 => format!("with w as (select x from {one}) select max(x) from w where x in (select x from {two})"),
        4 => "select * from v order by 1, 2".to_owned(),
        _ => format!("select id from {one} except select id from {two} order by 1"),
    });
    let write = (table, 0..8i64, 0..8i64, 0..6).prop_map(|(table, id, x, kind)| match kind {
        0 => format!("insert or ignore into {table} (id, x) values ({id}, {x})"),
        1 => format!("update {table} set x = x + {x} where id > {id}"),
        2 => format!("delete from {table} where id = {id}"),
        3 => format!("replace into {table} (id, x) values ({id}, {x})"),
        4 => format!("with w(n) as (values ({id})) insert or ignore into {table} (id, x) select n, {x} from w"),
        _ => format!("delete from {table} where x in (select x from a where id < {id})"),
    });
    let other = prop_oneof![
        Just("begin"),
        Just("commit"),
        Just("rollback"),
        Just("savepoint s"),
        Just("release s"),
        Just("rollback to s"),
        Just("begin immediate"),
        Just("pragma foreign_keys = off"),
        Just("create index if not exists i on a (x)"),
        Just("drop view v"),
        Just("create view v as select id, x from a where x > 2"),
        Just("create view v as select b.id, c.x from b, c"),
        Just("create trigger t after insert on a begin update c set x = x + 1; end"),
        Just("drop trigger t"),
        Just("create temp table if not exists c (id, x)"),
        Just("vacuum"),
        Just("end"),
        Just("pragma case_sensitive_like = on"),
        Just("create table if not exists temp.b (id, x)"),
        Just("create temp view if not exists a as select id, x from main.c"),
        Just("create temp trigger if not exists u after insert on main.c begin delete from main.b; end"),
        Just("drop view temp.a"),
        Just(RECONNECT),
        Just(OUTSIDE),
        Just(STRANGER),
    ];
    let step = prop_oneof![5 => read, 4 => write, 2 => other.prop_map(str::to_owned)];
    proptest::collection::vec((0..2usize, step), 1..60)
}

const SCHEMA: &str = "create table a (id integer primary key, x); create table b (id integer primary key, x, \
    foreign key (id) references a on delete cascade on update cascade); create table c (id integer primary key, x); \
    create view v as select a.id, b.x from a left join b using (id); \
    insert into a values (1, 1), (2, 2), (3, 3); insert into b values (1, 5), (2, 6); insert into c values (1, 0)";

fn database(path: &Path) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("pragma journal_mode = wal").unwrap();
    connection.execute_batch(SCHEMA).unwrap();
}

/// What a statement came to, as far as two databases with one history must agree.
fn said(result: rusqlite::Result<Arc<Rows>>) -> String {
    match result {
        Ok(rows) => format!("{:?}", rows.rows),
        Err(error) => error.to_string(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_cache_says_what_the_database_says(steps in steps(), watches in any::<bool>()) {
        let folder = tempfile::tempdir().unwrap();
        let (cached, plain) = (folder.path().join("cached.db"), folder.path().join("plain.db"));
        [&cached, &plain].into_iter().for_each(|path| database(path));
        let (cache, nothing) = (cache(), QueryCache::builder(Dialect::Sqlite).capacity(0).build());
        let open = |cache: &QueryCache<Arc<Rows>>, path: &Path| {
            let mut queries = file(cache, path).watching_others(watches);
            queries.with_connection(|connection| connection.busy_timeout(std::time::Duration::ZERO)).unwrap();
            queries.execute("pragma foreign_keys = on", &[]).unwrap();
            queries
        };
        let mut with = [open(&cache, &cached), open(&cache, &cached)];
        let mut without = [open(&nothing, &plain), open(&nothing, &plain)];
        for (who, sql) in &steps {
            for (queries, cache, path) in [(&mut with, &cache, &cached), (&mut without, &nothing, &plain)] {
                match sql.as_str() {
                    RECONNECT => queries[*who] = open(cache, path),
                    OUTSIDE => queries[*who].with_connection(outside),
                    STRANGER if watches => stranger(path),
                    _ => {}
                }
            }
            if [RECONNECT, OUTSIDE, STRANGER].contains(&sql.as_str()) {
                continue;
            }
            let (one, two) = (said(with[*who].query(sql, &[])), said(without[*who].query(sql, &[])));
            prop_assert_eq!(one, two, "{} of {:?}", sql, steps);
        }
    }
}

fn outside(connection: &mut Connection) {
    // It fails where a transaction holds locks, and does so with and without a cache.
    let _ = connection.execute_batch("create temp table if not exists a (id, x); insert into a values (9, 9)");
}

fn stranger(path: &Path) {
    let connection = Connection::open(path).unwrap();
    connection.busy_timeout(std::time::Duration::ZERO).unwrap();
    // It fails where a transaction holds locks, and does so with and without a cache.
    let _ = connection.execute("update c set x = x + 10", []);
}
