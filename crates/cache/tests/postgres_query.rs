//! Queries of a real PostgreSQL through the cache: what they say is what they would say without it.
#![cfg(feature = "tokio-postgres-0_7")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

#[path = "support/postgres.rs"]
mod postgres;

/// What needs a server; the gate `services` runs this, and the others leave the name out.
mod served {
    use std::sync::Arc;

    use proptest::strategy::{Strategy, ValueTree};
    use proptest::test_runner::{Config, TestRunner};
    use segno_cache::query::{Dialect, PostgresQueries, PostgresRows, QueryCache, Value};
    use tokio_postgres::{Client, NoTls};

    use crate::postgres::PostgresServer;

    type Queries = QueryCache<Arc<PostgresRows>>;

    fn cache(capacity: u64) -> Queries {
        QueryCache::builder(Dialect::Postgres).capacity(capacity).build()
    }

    async fn client(server: &PostgresServer, database: &str) -> Client {
        let settings = server.settings().replace("dbname=postgres", &format!("dbname={database}"));
        let (client, connection) = tokio_postgres::connect(&settings, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    async fn queries(server: &PostgresServer, database: &str, cache: &Queries) -> PostgresQueries {
        let client = client(server, database).await;
        client.batch_execute("set lock_timeout = '20ms'").await.unwrap();
        PostgresQueries::new(cache, client).await.unwrap()
    }

    /// What a statement came to, as far as two databases with one history must agree.
    async fn said(queries: &mut PostgresQueries, sql: &str, values: &[Value]) -> String {
        if sql.contains("; ") {
            return format!("{:?}", queries.batch(sql).await.map_err(|error| error.code().cloned()));
        }
        match queries.query(sql, values).await {
            Err(error) => error.code().map_or_else(|| error.to_string(), |code| code.code().to_owned()),
            Ok(rows) => {
                let texts = rows.rows.iter().map(|row| {
                    let cells = (0..row.len()).map(|cell| row.get::<_, Option<String>>(cell).unwrap_or_default());
                    cells.collect::<Vec<_>>().join(",")
                });
                texts.collect::<Vec<_>>().join(";")
            }
        }
    }

    const TABLES: &str = "create table a (id int primary key, x int); \
        create table b (id int primary key, x int, foreign key (id) references a on delete cascade); \
        create table c (id int primary key, x int); \
        create table parent (id int, x int) partition by range (id); \
        create table part partition of parent for values from (0) to (100); \
        create view v as with w as (select * from a) select w.id, b.x from w left join b using (id); \
        create schema other; create table other.c (id int primary key, x int); \
        insert into a values (1, 1), (2, 2), (3, 3); insert into b values (1, 5), (2, 6); insert into c values (1, 0)";

    /// Runs statements, asks a question after each, and checks the last answer and how often of two it came from memory.
    async fn check(server: &PostgresServer, before: &[&str], question: &str, expected: &str, hits: u64) {
        let admin = client(server, "postgres").await;
        admin.batch_execute("drop database if exists d with (force)").await.unwrap();
        admin.batch_execute("create database d").await.unwrap();
        let cache = cache(1_000);
        let mut queries = queries(server, "d", &cache).await;
        queries.batch(TABLES).await.unwrap();
        for sql in before {
            said(&mut queries, question, &[]).await;
            said(&mut queries, sql, &[]).await;
        }
        let counted = cache.statistics().hits;
        for _ in 0..2 {
            assert_eq!(said(&mut queries, question, &[]).await, expected, "{before:?}");
        }
        assert_eq!(cache.statistics().hits - counted, hits, "{before:?} {question}");
    }

    #[tokio::test]
    async fn what_is_written_in_other_words_goes_too() {
        let server = PostgresServer::start();
        let count = "select count(*)::text from";
        check(&server, &["delete from a where id = 1"], &format!("{count} b"), "1", 1).await;
        check(&server, &["insert into b values (3, 9)"], "select x::text from v where id = 3", "9", 1).await;
        check(&server, &["insert into part values (1, 1)"], &format!("{count} parent"), "1", 1).await;
        check(&server, &["insert into parent values (1, 1)"], &format!("{count} part"), "1", 1).await;
        check(
            &server,
            &["with w as (delete from c returning id) select id::text from w"],
            &format!("{count} c"),
            "0",
            1,
        )
        .await;
        check(&server, &["insert into other.c values (1, 1)"], &format!("{count} public.c"), "1", 1).await;
        check(&server, &["set search_path to other"], &format!("{count} c"), "0", 1).await;
        check(&server, &["begin", "set local search_path to other"], &format!("{count} c"), "0", 0).await;
        check(&server, &["truncate a cascade"], &format!("{count} b"), "0", 1).await;
        let trigger = "create function f() returns trigger language plpgsql as 'begin insert into c values (new.id, 1); return new; end'";
        let made = "create trigger t after insert on a for each row execute function f()";
        check(&server, &[trigger, made, "insert into a values (9, 9)"], &format!("{count} c"), "2", 1).await;
        let wrote = "create function g() returns int language sql as 'delete from c returning 1'";
        check(&server, &[wrote, "select g()::text"], &format!("{count} c"), "0", 1).await;
        check(&server, &["alter table c enable row level security"], &format!("{count} c"), "1", 0).await;
        check(&server, &["create temp table c (id int)"], &format!("{count} c"), "0", 1).await;
        check(&server, &["do 'begin delete from c; end'"], &format!("{count} c"), "0", 1).await;
        check(&server, &["prepare p as delete from c", "execute p"], &format!("{count} c"), "0", 1).await;
        check(&server, &["begin", "select 1/0"], &format!("{count} c"), "25P02", 0).await;
        check(&server, &["begin", "delete from c", "rollback"], &format!("{count} c"), "1", 2).await;
    }

    #[tokio::test]
    async fn what_is_called_without_being_named_as_a_function_is_not_remembered() {
        let server = PostgresServer::start();
        let count = "select count(*)::text from c";
        let over_rows = "create function f(c) returns int language plpgsql as 'begin return 1; end'";
        check(&server, &[over_rows], "select c.f::text from c", "1", 0).await;
        check(&server, &[over_rows], "select count(*)::text from b", "2", 1).await;
        let of_heirs = "create function f(parent) returns int language plpgsql as 'begin return 1; end'";
        check(&server, &[of_heirs], "select count(part.f)::text from part", "0", 0).await;
        let immutable = "create function f(c) returns int immutable language sql as 'select 1'";
        check(&server, &[immutable], count, "1", 1).await;
        let function = "create function g(c, c) returns int language plpgsql as 'begin return 1; end'";
        let operator = "create operator + (leftarg = c, rightarg = c, function = g)";
        check(&server, &[function, operator], "select (c + c)::text from c", "1", 0).await;
        check(&server, &[], "select (x operator(pg_catalog.+) 1)::text from c", "1", 0).await;
    }

    #[tokio::test]
    async fn a_session_is_followed_in_whatever_words() {
        let server = PostgresServer::start();
        let count = "select count(*)::text from c";
        let begin = "begin isolation level serializable read only deferrable";
        check(&server, &[begin], count, "1", 0).await;
        check(&server, &["begin not deferrable", "delete from c", "abort"], count, "1", 1).await;
        check(&server, &["begin not deferrable", "delete from c", "commit"], count, "0", 1).await;
        check(&server, &["create table pg_temp.c (id int)"], count, "0", 1).await;
        check(&server, &["begin", "set local search_path to other", "rollback"], count, "1", 2).await;
        check(&server, &["begin", "set search_path to other", "rollback"], count, "1", 1).await;
    }

    #[tokio::test]
    async fn a_client_that_has_temporary_tables_is_apart() {
        let server = PostgresServer::start();
        let cache = cache(100);
        let mut one = queries(&server, "postgres", &cache).await;
        one.batch("create table a (x int)").await.unwrap();
        let own = client(&server, "postgres").await;
        own.batch_execute("create temp table a (x int); insert into a values (1)").await.unwrap();
        let mut two = PostgresQueries::new(&cache, own).await.unwrap();
        for (queries, expected) in [(&mut one, "0"), (&mut two, "1")] {
            for _ in 0..2 {
                assert_eq!(said(queries, "select count(*)::text from a", &[]).await, expected);
            }
        }
        assert_eq!(cache.statistics().hits, 2);
    }

    #[tokio::test]
    async fn a_write_that_is_given_up_is_seen() {
        let server = PostgresServer::start();
        let cache = cache(100);
        let (mut one, mut two) =
            (queries(&server, "postgres", &cache).await, queries(&server, "postgres", &cache).await);
        one.batch("create table a (x int)").await.unwrap();
        let count = "select count(*)::text from a";
        assert_eq!(said(&mut one, count, &[]).await, "0");
        // Once it is prepared, it waits where it is run until the other transaction ends.
        two.batch("set lock_timeout = 0").await.unwrap();
        let insert = "insert into a values (1)";
        two.execute(insert, &[]).await.unwrap();
        let locks = client(&server, "postgres").await;
        locks.batch_execute("begin; lock table a in share mode").await.unwrap();
        let limit = std::time::Duration::from_millis(200);
        assert!(tokio::time::timeout(limit, two.query(insert, &[])).await.is_err());
        assert_eq!(said(&mut one, count, &[]).await, "1");
        locks.batch_execute("commit").await.unwrap();
        assert_eq!(said(&mut two, count, &[]).await, "2");
        assert_eq!(said(&mut one, count, &[]).await, "2");
    }

    #[tokio::test]
    async fn values_of_every_type_go_as_text_and_a_hit_asks_nothing() {
        let server = PostgresServer::start();
        let cache = cache(100);
        let mut queries = queries(&server, "postgres", &cache).await;
        queries
            .batch("create table t (id int8, x float8, at timestamptz, on_day date, id_text uuid, raw bytea, yes bool)")
            .await
            .unwrap();
        let insert = "insert into t values ($1, $2, $3, $4, $5, $6, $7)";
        let uuid = "6b8e1f7a-3b52-4d8e-9d39-0f1d2a3b4c5d";
        let values = [
            7i64.into(),
            f64::NAN.into(),
            "2026-01-02 03:04:05+00".into(),
            "2026-01-02".into(),
            uuid.into(),
            Value::Bytes(vec![0, 255]),
            true.into(),
        ];
        assert_eq!(queries.execute(insert, &values).await.unwrap(), 1);
        queries.execute(insert, &vec![Value::Null; 7]).await.unwrap();
        let question =
            "select x::text || encode(raw, 'hex') || yes::text from t where id = $1 and on_day = $2 and id_text = $3";
        for _ in 0..2 {
            let answer = said(&mut queries, question, &[7i64.into(), "2026-01-02".into(), uuid.into()]).await;
            assert_eq!(answer, "NaN00fftrue");
        }
        assert_eq!(cache.statistics().hits, 1);
        assert!(queries.query("select $1::text", &["a\0b".into()]).await.is_err());
        assert!(queries.query("select 1", &[7i64.into()]).await.is_err() || cache.len() < 10);
        assert_eq!(
            said(&mut queries, "select ($1::timestamptz is not null)::text from t limit 1", &["now".into()]).await,
            "true"
        );
        assert_eq!(cache.len(), 1, "a text that means a moment is not remembered");
    }

    #[tokio::test]
    async fn a_plan_of_the_server_tells_which_index_is_missing() {
        let server = PostgresServer::start();
        let mut queries = queries(&server, "postgres", &cache(100)).await;
        queries.batch("create table users (id int primary key, email text); insert into users select i, 'e' || i from generate_series(1, 50000) i; analyze users").await.unwrap();
        let advice = queries.advise("select * from users where email = $1", &["e7".into()]).await.unwrap();
        assert_eq!(advice[0].create_index.as_deref(), Some("CREATE INDEX users_email ON users (email)"));
        assert!(queries.advise("select * from users where id = 7", &[]).await.unwrap().is_empty());
    }

    /// The client goes, and another one comes.
    const RECONNECT: &str = "reconnect";

    /// One step of a random history: which client, and what it runs.
    fn steps() -> impl Strategy<Value = Vec<(usize, String)>> {
        use proptest::prelude::*;
        let table = prop_oneof![Just("a"), Just("b"), Just("c"), Just("public.a"), Just("other.c"), Just("\"b\"")];
        let read = (table.clone(), table.clone(), 0..5).prop_map(|(one, two, kind)| match kind {
            0 => format!("select id::text, x::text from {one} order by 1, 2"),
            1 => format!("SELECT count(*)::text, sum(x)::text FROM {one}"),
            2 => format!("select p.x::text, q.x::text from {one} p join {two} q on p.id = q.id order by 1, 2"),
            3 => "select id::text, x::text from v order by 1, 2".to_owned(),
            _ => format!("with w as (select x from {one}) select max(x)::text from w where x in (select x from {two})"),
        });
        let write = (table, 0..8i64, 0..8i64, 0..5).prop_map(|(table, id, x, kind)| match kind {
            0 => format!("insert into {table} (id, x) values ({id}, {x}) on conflict do nothing"),
            1 => format!("update {table} set x = x + {x} where id > {id}"),
            2 => format!("delete from {table} where id = {id}"),
            3 => format!("with w as (update a set x = {x} where id = {id} returning id) select count(*)::text from w"),
            _ => format!("truncate {table}"),
        });
        let other = prop_oneof![
            Just("begin"),
            Just("commit"),
            Just("rollback"),
            Just("savepoint s"),
            Just("rollback to s"),
            Just("begin isolation level repeatable read"),
            Just("commit and chain"),
            Just("set search_path to other, public"),
            Just("set local search_path to other"),
            Just("select 1/0"),
            Just("create or replace view v as select id, x from c"),
            Just("abort"),
            Just("begin isolation level serializable, read only, deferrable"),
            Just("begin not deferrable"),
            Just("create temp table if not exists c (id int primary key, x int)"),
            Just("create table if not exists pg_temp.b (id int primary key, x int)"),
            Just("begin; delete from c; commit; begin; insert into c values (7, 7)"),
            Just("delete from c; begin; insert into c values (8, 8)"),
            Just(RECONNECT),
        ];
        let step = prop_oneof![5 => read, 4 => write, 2 => other.prop_map(str::to_owned)];
        proptest::collection::vec((0..2usize, step), 1..50)
    }

    #[tokio::test]
    async fn the_cache_says_what_the_database_says() {
        let server = PostgresServer::start();
        let admin = client(&server, "postgres").await;
        let mut runner = TestRunner::new(Config::default());
        for _ in 0..20 {
            let steps = steps().new_tree(&mut runner).unwrap().current();
            for database in ["cached", "plain"] {
                admin.batch_execute(&format!("drop database if exists {database} with (force)")).await.unwrap();
                admin.batch_execute(&format!("create database {database}")).await.unwrap();
                client(&server, database).await.batch_execute(TABLES).await.unwrap();
            }
            let (cache, nothing) = (cache(1_000), cache(0));
            let mut with = [queries(&server, "cached", &cache).await, queries(&server, "cached", &cache).await];
            let mut without = [queries(&server, "plain", &nothing).await, queries(&server, "plain", &nothing).await];
            for (who, sql) in &steps {
                if sql == RECONNECT {
                    with[*who] = queries(&server, "cached", &cache).await;
                    without[*who] = queries(&server, "plain", &nothing).await;
                    continue;
                }
                let (one, two) = (said(&mut with[*who], sql, &[]).await, said(&mut without[*who], sql, &[]).await);
                assert_eq!(one, two, "{sql} of {steps:?}");
            }
        }
    }
}
