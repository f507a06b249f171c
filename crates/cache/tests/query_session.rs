//! What is given out of memory, kept and forgotten, told by which statements reach a counted "database".
#![cfg(feature = "sql")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use segno_cache::query::{Asked, Connection, Dialect, QueryCache, Schema, Session, Value};
use segno_cache::{Registrable, Registry, Ticker};

fn cache(dialect: Dialect) -> QueryCache<u64> {
    QueryCache::builder(dialect).capacity(1_000).build()
}

/// Runs statements of one or two sessions and shows for each whether it was run (`.`), failed (`x`) or came from memory
/// (`M`). A line begins with the session's number; `!` before the statement lets it fail.
fn check(dialect: Dialect, script: &str, expected: &str) {
    let cache = cache(dialect);
    let mut sessions = [cache.session(&Connection::to("d")), cache.session(&Connection::to("d"))];
    let said: String =
        script.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| say(&mut sessions, line)).collect();
    assert_eq!(said, expected, "{script}");
}

fn say(sessions: &mut [Session<u64>], line: &str) -> char {
    let (number, sql) = line.split_once(' ').unwrap();
    let session = &mut sessions[number.parse::<usize>().unwrap() - 1];
    let (fails, sql) = sql.strip_prefix('!').map_or((false, sql), |sql| (true, sql));
    let mut was_run = false;
    let result = session.run(sql, &[], || {
        was_run = true;
        if fails { Err(()) } else { Ok(7) }
    });
    match (result, was_run) {
        (Ok(_), false) => 'M',
        (Ok(_), true) => '.',
        (Err(()), _) => 'x',
    }
}

#[test]
fn a_read_is_remembered_until_its_table_is_written() {
    check(Dialect::Sqlite, "1 select * from a\n2 SELECT * FROM A -- again\n1 select * from a", "..M");
    check(
        Dialect::Sqlite,
        "1 select * from a\n1 select  * from a\n1 insert into b values (1)\n2 select * from a",
        ".M.M",
    );
    check(Dialect::Sqlite, "1 select * from a\n2 insert into main.A values (1)\n1 select * from a", "...");
    check(Dialect::Postgres, "1 select * from \"A\"\n1 insert into a values (1)\n1 select * from \"A\"", "..M");
    check(
        Dialect::Postgres,
        "1 select * from x.a\n1 delete from y.a\n1 select * from x.a\n1 delete from a\n1 select * from x.a",
        "..M..",
    );
    check(
        Dialect::Postgres,
        "1 select * from b join a using (x)\n1 with w as (delete from a returning 1) select * from w\n1 select * from b join a using (x)",
        "...",
    );
}

#[test]
fn what_is_not_understood_makes_everything_go() {
    for sql in
        ["frobnicate", "call p()", "create table t (x int)", "select f(1)", "insert into b values (f(1))", "vacuum"]
    {
        check(Dialect::Postgres, &format!("1 select * from a\n2 {sql}\n1 select * from a"), "...");
    }
    for sql in ["select now()", "select * from b for update", "show x", "listen x", "explain delete from a"] {
        check(Dialect::Postgres, &format!("1 select * from a\n2 {sql}\n1 select * from a"), "..M");
    }
}

#[test]
fn a_failed_write_counts_as_done_and_a_failed_read_is_not_kept() {
    check(Dialect::Sqlite, "1 select * from a\n1 !delete from a\n1 select * from a", ".x.");
    check(Dialect::Sqlite, "1 !select * from a\n1 select * from a\n1 select * from a", "x.M");
}

#[test]
fn a_transaction_that_wrote_neither_reads_nor_fills() {
    check(
        Dialect::Sqlite,
        "1 select * from a\n1 begin\n1 select * from a\n1 delete from b\n1 select * from a\n1 commit",
        "..M...",
    );
    check(
        Dialect::Sqlite,
        "1 begin\n1 delete from b\n1 select * from a\n1 commit\n1 select * from a\n1 select * from a",
        ".....M",
    );
}

#[test]
fn a_text_of_several_statements_is_followed_in_their_order() {
    for text in ["begin; delete from a; commit; begin; delete from a", "delete from a; begin; delete from a"] {
        let script =
            format!("1 select * from a\n2 {text}\n1 select * from a\n1 select * from a\n2 commit\n1 select * from a");
        check(Dialect::Sqlite, &script, "...M..");
    }
}

#[test]
fn a_setting_that_is_undone_leaves_nothing_behind() {
    for setting in ["set search_path to x", "set role bob", "reset all"] {
        let script = format!(
            "1 begin\n1 {setting}\n1 select * from a\n1 select * from a\n1 rollback\n1 select * from a\n1 select * from a"
        );
        check(Dialect::Postgres, &script, "......M");
    }
}

#[test]
fn a_transaction_that_is_begun_or_ended_in_unknown_words_is_in_doubt() {
    let begins = [
        "begin isolation level serializable, read only, deferrable",
        "start transaction deferrable",
        "begin not deferrable",
    ];
    for begin in begins {
        let script = format!(
            "1 select * from a\n2 {begin}\n2 delete from a\n1 select * from a\n1 select * from a\n2 commit\n1 select * from a"
        );
        check(Dialect::Postgres, &script, "....M..");
    }
    for end in ["abort", "prepare transaction 'x'", "end work and no chain", "rollback prepared 'x'"] {
        let script = format!(
            "2 begin\n2 delete from a\n2 {end}\n1 select * from a\n1 select * from a\n2 delete from a\n1 select * from a"
        );
        check(Dialect::Postgres, &script, "....M..");
    }
    check(Dialect::Postgres, "1 select * from a\n2 commit prepared 'x'\n1 select * from a", "...");
}

#[test]
fn others_see_a_write_when_it_is_committed() {
    let begun = "1 select * from a\n2 begin\n2 delete from a\n1 select * from a\n";
    check(Dialect::Sqlite, &format!("{begun}2 commit\n1 select * from a"), "...M..");
    check(Dialect::Sqlite, &format!("{begun}2 rollback\n1 select * from a"), "...M.M");
    check(
        Dialect::Sqlite,
        &format!("{begun}2 rollback to x\n1 select * from a\n2 commit\n1 select * from a"),
        "...M.M..",
    );
    check(
        Dialect::Postgres,
        &format!(
            "{begun}2 commit and chain\n1 select * from a\n2 delete from a\n1 select * from a\n2 end\n1 select * from a"
        ),
        "...M...M..",
    );
    check(
        Dialect::Postgres,
        &format!("{begun}2 !commit\n1 select * from a\n2 delete from a\n1 select * from a"),
        "...Mx...",
    );
}

#[test]
fn an_older_snapshot_neither_reads_nor_fills_what_is_newer() {
    check(
        Dialect::Sqlite,
        "1 begin\n1 select * from b\n2 delete from a\n1 select * from a\n2 select * from a\n1 select * from a\n2 select * from a\n1 commit\n1 select * from a",
        "......M.M",
    );
    check(Dialect::Sqlite, "1 begin\n1 select * from a\n1 select * from a\n2 select * from a", "..MM");
}

#[test]
fn a_mark_outside_of_a_transaction_opens_one_in_sqlite_only() {
    let script = "1 select * from a\n1 savepoint x\n1 savepoint y\n1 delete from a\n1 release y\n2 select * from a\n1 release x\n2 select * from a";
    check(Dialect::Sqlite, script, ".....M..");
    check(Dialect::Postgres, script, ".......M");
}

#[test]
fn sessions_that_are_set_up_alike_share_results() {
    check(
        Dialect::Postgres,
        "1 set search_path to x\n1 select * from a\n2 select * from a\n2 set search_path to x\n2 select * from a",
        "....M",
    );
    check(
        Dialect::Postgres,
        "1 begin\n1 set search_path to x\n1 rollback\n2 set search_path to x\n1 select * from a\n2 select * from a",
        "......",
    );
    check(
        Dialect::Postgres,
        "1 create temp table a (x int)\n2 create temp table a (x int)\n1 select * from a\n2 select * from a\n2 select * from a",
        "....M",
    );
}

#[test]
fn settings_count_by_what_they_are_and_not_by_their_order() {
    check(
        Dialect::Postgres,
        "1 set a.x to 1\n1 set search_path to y\n2 set search_path to z\n2 set \"search_path\" to y\n1 select * from a\n2 set a.x to 1\n2 select * from a",
        ".......",
    );
    check(
        Dialect::Postgres,
        "1 set a.x to 1\n1 set search_path to y\n2 set search_path to z\n2 set a.x to 1\n2 set search_path to y\n1 select * from a\n2 select * from a",
        "......M",
    );
    // Half a date style leaves the other half as it was.
    check(
        Dialect::Postgres,
        "1 set datestyle to german\n1 set datestyle to dmy\n2 set datestyle to dmy\n1 select * from a\n2 select * from a",
        ".....",
    );
    check(
        Dialect::Postgres,
        "1 set search_path to x\n1 select * from a\n2 !set search_path to x\n2 select * from a",
        "..x.",
    );
}

#[test]
fn a_pragma_that_only_asks_changes_nothing() {
    for pragma in ["pragma user_version", "pragma table_info(a)", "pragma main.table_info('a')", "pragma foreign_keys"]
    {
        check(Dialect::Sqlite, &format!("1 select * from a\n1 {pragma}\n1 select * from a"), "..M");
    }
    for pragma in ["pragma foreign_keys = on", "pragma cache_size = -2000", "pragma main.synchronous(normal)"] {
        check(Dialect::Sqlite, &format!("1 {pragma}\n1 select * from a\n2 {pragma}\n2 select * from a"), "...M");
        check(Dialect::Sqlite, &format!("1 select * from a\n1 {pragma}\n1 select * from a"), "...");
    }
    // What is dropped by it must not come back.
    let dropped = "1 pragma temp_store = 2\n1 select * from a\n1 pragma temp_store = 1\n1 pragma temp_store = 2\n1 select * from a";
    check(Dialect::Sqlite, dropped, ".....");
}

#[test]
fn temporary_things_are_nobody_elses() {
    let lite = [
        "create table temp.a (x)",
        "create view temp.a as select 1",
        "create temp trigger t after insert on a begin select 1; end",
    ];
    for sql in lite {
        check(Dialect::Sqlite, &format!("1 {sql}\n2 select * from a\n1 select * from a\n1 select * from a"), "...M");
    }
    for sql in ["create table pg_temp.a (x int)", "create temporary sequence a", "create local temp table a (x int)"] {
        check(Dialect::Postgres, &format!("1 {sql}\n2 select * from a\n1 select * from a\n1 select * from a"), "...M");
    }
    let cache = cache(Dialect::Sqlite);
    let mut sessions = [cache.session(&Connection::to("d")), cache.session(&Connection::to("d"))];
    sessions[1].set_apart();
    let said = ["1 select * from a", "2 select * from a", "2 delete from b", "1 select * from a"];
    assert_eq!(said.map(|line| say(&mut sessions, line)), ['.', '.', '.', '.']);
}

#[test]
fn connections_are_told_apart_but_writes_concern_their_whole_database() {
    let cache = cache(Dialect::Postgres);
    let of =
        |user: &str, database: &str| cache.session(&Connection { user: user.to_owned(), ..Connection::to(database) });
    let (mut ada, mut bob, mut other) = (of("ada", "d"), of("bob", "d"), of("ada", "e"));
    let ran = |session: &mut Session<u64>, sql: &str| {
        let mut ran = false;
        session
            .run(sql, &[], || {
                ran = true;
                Ok::<_, ()>(1)
            })
            .unwrap();
        ran
    };
    assert!(ran(&mut ada, "select * from a") && ran(&mut bob, "select * from a") && ran(&mut other, "select * from a"));
    assert!(ran(&mut ada, "delete from a"));
    assert!(ran(&mut bob, "select * from a") && !ran(&mut other, "select * from a"));
}

#[test]
fn values_are_part_of_what_was_asked() {
    let cache = cache(Dialect::Sqlite);
    let mut session = cache.session(&Connection::to("d"));
    let runs = AtomicU64::new(0);
    let mut ask = |values: &[Value]| {
        session
            .run("select * from a where x = ?1", values, || Ok::<_, ()>(runs.fetch_add(1, Ordering::Relaxed)))
            .unwrap()
    };
    assert_eq!((ask(&[1i64.into()]), ask(&["1".into()]), ask(&[1i64.into()])), (0, 1, 0));
    assert_eq!((ask(&[f64::NAN.into()]), ask(&[f64::NAN.into()])), (2, 2));
    assert_eq!((ask(&["now".into()]), ask(&["now".into()])), (3, 4));
}

#[test]
fn a_result_whose_table_is_written_while_it_is_read_is_not_kept() {
    let cache = cache(Dialect::Sqlite);
    let (mut reader, mut writer) = (cache.session(&Connection::to("d")), cache.session(&Connection::to("d")));
    assert!(matches!(reader.ask("select * from a", &[]), Asked::Run { refusal: None }));
    writer.run("delete from a", &[], || Ok::<_, ()>(0)).unwrap();
    reader.finish(Some(&1));
    assert_eq!((cache.len(), cache.statistics().outdated), (0, 1));
}

#[test]
fn a_statement_that_nobody_waited_for_counts_as_run() {
    let cache = cache(Dialect::Sqlite);
    let (mut one, mut two) = (cache.session(&Connection::to("d")), cache.session(&Connection::to("d")));
    one.run("select * from a", &[], || Ok::<_, ()>(1)).unwrap();
    assert!(matches!(two.ask("delete from a", &[]), Asked::Run { .. }));
    drop(two);
    assert!(cache.is_empty());

    one.run("select * from a", &[], || Ok::<_, ()>(1)).unwrap();
    let mut three = cache.session(&Connection::to("d"));
    three.run("begin", &[], || Ok::<_, ()>(0)).unwrap();
    let panics = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        three.run("delete from a", &[], || -> Result<u64, ()> { panic!("the driver") })
    }));
    assert!(panics.is_err() && !cache.is_empty());
    drop(three);
    assert!(cache.is_empty());
}

#[test]
fn a_catalogue_that_changed_has_to_be_read_again() {
    let cache = cache(Dialect::Sqlite);
    let connection = Connection::to("d");
    let mut schema = Schema::new(Dialect::Sqlite);
    schema.table("a");
    schema.view("v", ["a"]);
    cache.learn(&connection, schema.clone());
    let mut session = cache.session(&connection);
    let mut runs = 0;
    let mut run = |session: &mut Session<u64>, sql: &str| {
        session
            .run(sql, &[], || {
                runs += 1;
                Ok::<_, ()>(runs)
            })
            .unwrap()
    };
    assert_eq!((run(&mut session, "select * from v"), run(&mut session, "select * from v")), (1, 1));
    assert_eq!((run(&mut session, "delete from a"), run(&mut session, "select * from v")), (2, 3));
    run(&mut session, "create table b (x)");
    assert!(session.lacks_catalogue());
    assert_eq!((run(&mut session, "select * from v"), run(&mut session, "select * from v")), (5, 6));
    // What was read before it changed is not taken.
    let late = session.learn(|| {
        run(&mut cache.session(&connection), "drop table b");
        Ok::<_, ()>(schema.clone())
    });
    assert_eq!(late, Ok(false));
    assert_eq!(session.learn(|| Ok::<_, ()>(schema)), Ok(true));
    assert_eq!((run(&mut session, "select * from v"), run(&mut session, "select * from v")), (8, 8));
}

#[test]
fn an_older_reading_of_the_catalogue_does_not_replace_a_newer_one() {
    let cache = cache(Dialect::Sqlite);
    let session = cache.session(&Connection::to("d"));
    session.demand_catalogue();
    let schema = Schema::new(Dialect::Sqlite);
    let older = session.learn(|| {
        session.written_elsewhere(false);
        assert_eq!(session.learn(|| Ok::<_, ()>(schema.clone())), Ok(true));
        Ok::<_, ()>(schema.clone())
    });
    assert_eq!(older, Ok(false));
}

#[test]
fn a_function_that_stands_for_a_table_is_no_unknown_table() {
    let cache = cache(Dialect::Postgres);
    let connection = Connection::to("d");
    let mut schema = Schema::new(Dialect::Postgres);
    schema.table("a");
    cache.learn(&connection, schema);
    let mut session = cache.session(&connection);
    let mut refusal = |sql: &str| match session.ask(sql, &[]) {
        Asked::Run { refusal } => refusal.map_or_else(String::new, |refusal| refusal.to_string()),
        known => panic!("{known:?}"),
    };
    assert_eq!(refusal("select * from a, generate_series(1, 3) n"), "");
    assert_eq!(refusal("select * from a, generate_series"), "what stands behind `generate_series` cannot be told");
    assert_eq!(refusal("select * from dblink('x') d"), "the function `dblink` is not declared as pure");
}

#[test]
fn tables_that_are_written_unseen_can_be_named() {
    let cache = cache(Dialect::Postgres);
    let connection = Connection::to("d");
    let mut session = cache.session(&connection);
    let mut fill = || session.run("select * from s.\"A\"", &[], || Ok::<_, ()>(1)).unwrap();
    fill();
    cache.invalidate_table(&connection, "a");
    assert_eq!(cache.len(), 1);
    cache.invalidate_table(&connection, "s.\"A\"");
    assert_eq!(cache.len(), 0);
    fill();
    cache.invalidate_table(&connection, "nonsense; drop table x --");
    assert_eq!(cache.len(), 0);
    fill();
    cache.invalidate_database(&connection);
    assert_eq!(cache.len(), 0);
}

#[test]
fn a_registry_knows_query_caches_too() {
    let (cache, registry) = (cache(Dialect::Sqlite), Registry::default());
    let name = registry.register("shop", &cache);
    let mut sessions = [cache.session(&Connection::to("d"))];
    let said = ["1 select * from a", "1 select * from a", "1 select random()"].map(|line| say(&mut sessions, line));
    assert_eq!(said, ['.', 'M', '.']);
    let measured = cache.weakly()().unwrap();
    let statistics = measured.statistics();
    assert_eq!((statistics.hits, statistics.entries, measured.check()), (1, 1, Ok(())));
    measured.clear();
    assert_eq!((cache.len(), say(&mut sessions, "1 select * from a")), (0, '.'));
    drop((measured, name));
    let weak = cache.weakly();
    drop((cache, sessions));
    assert!(weak().is_none(), "a registry keeps no cache alive");
}

#[test]
fn slow_and_repeated_statements_are_found() {
    let time = Arc::new(AtomicU64::new(0));
    let ticker = {
        let time = Arc::clone(&time);
        Ticker::from_fn(move || Duration::from_millis(time.load(Ordering::Relaxed)))
    };
    let built = QueryCache::builder(Dialect::Sqlite).ticker(ticker).slow_log(Duration::from_millis(50), 4);
    let cache: QueryCache<u64> = built.repeated(5, Duration::from_secs(1)).build();
    let mut session = cache.session(&Connection::to("d"));
    session.enter("GET /orders");
    for id in 0..20i64 {
        let run = || {
            time.fetch_add(if id == 3 { 70 } else { 1 }, Ordering::Relaxed);
            Ok::<_, ()>(1)
        };
        session.run("select name from users where id = ?1", &[id.into()], run).unwrap();
    }
    session.leave();
    let slow = &cache.slowest()[0];
    assert_eq!((slow.slowest.as_millis(), slow.calls, slow.scope.as_deref()), (70, 1, Some("GET /orders")));
    let repeated = &cache.repeated()[0];
    assert_eq!((repeated.calls, repeated.distinct, repeated.scope.as_deref()), (20, 20, Some("GET /orders")));
    assert_eq!(
        repeated.suggestion,
        "ask once for all, with `id IN (..)`, or join `users` to the query that the values come from"
    );
}

#[tokio::test]
async fn a_statement_whose_caller_gave_up_counts_as_run() {
    let cache = cache(Dialect::Postgres);
    let (mut one, mut two) = (cache.session(&Connection::to("d")), cache.session(&Connection::to("d")));
    one.run_async("select * from a", &[], || async { Ok::<_, ()>(1) }).await.unwrap();
    give_up(&mut two, "delete from a").await;
    assert_eq!(cache.len(), 0, "what was read from the written table goes at once");
    // The database may run the statement only now, after another has read what is to be written.
    one.run_async("select * from a", &[], || async { Ok::<_, ()>(2) }).await.unwrap();
    two.run_async("select 1 from b", &[], || async { Ok::<_, ()>(1) }).await.unwrap();
    assert_eq!(cache.len(), 0, "and again when the next statement has ended");
    let again = one.run_async("select * from a", &[], || async { Ok::<_, ()>(3) }).await;
    assert_eq!((again, cache.len()), (Ok(3), 1));
}

#[tokio::test]
async fn who_gave_up_on_a_write_is_not_answered_from_memory() {
    let cache = cache(Dialect::Postgres);
    let (mut one, mut two) = (cache.session(&Connection::to("d")), cache.session(&Connection::to("d")));
    give_up(&mut two, "delete from a").await;
    one.run_async("select * from a", &[], || async { Ok::<_, ()>(1) }).await.unwrap();
    assert!(matches!(two.ask("select * from a", &[]), Asked::Run { refusal: Some(_) }));
    two.finish(Some(&2));
    assert!(cache.is_empty());
    for _ in 0..100 {
        give_up(&mut two, "delete from a").await;
    }
    one.run_async("select * from b", &[], || async { Ok::<_, ()>(1) }).await.unwrap();
    drop(two);
    assert!(cache.is_empty(), "of many nobody knows what they wrote");
}

async fn give_up(session: &mut Session<u64>, sql: &str) {
    let never = session.run_async(sql, &[], std::future::pending::<Result<u64, ()>>);
    assert!(tokio::time::timeout(Duration::ZERO, never).await.is_err());
}
