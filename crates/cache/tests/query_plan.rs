//! Advice from plans: which index a statement wants, and when none would help.
#![cfg(feature = "rusqlite-0_41")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::sync::Arc;

use segno_cache::query::{Advice, Dialect, QueryCache, Rows, SqliteQueries, of_postgres, of_sqlite};

fn shop() -> SqliteQueries {
    let cache: QueryCache<Arc<Rows>> = QueryCache::builder(Dialect::Sqlite).build();
    let mut queries = SqliteQueries::new(&cache, rusqlite::Connection::open_in_memory().unwrap()).unwrap();
    for sql in [
        "create table users (id integer primary key, email text, age int, city text)",
        "create table \"Order\" (id integer primary key, user_id int, total int)",
        "create table few (id integer primary key, x int)",
        "with n(i) as (select 1 union all select i + 1 from n where i < 5000) insert into users select i, 'e' || i, i % 90, 'c' from n",
        "insert into \"Order\" select id, id, 7 from users",
        "insert into few values (1, 1)",
    ] {
        queries.execute(sql, &[]).unwrap();
    }
    queries
}

/// Checks what the real SQLite's plan of a statement comes to.
fn check(sql: &str, expected: &[&str]) {
    let advice = shop().advise(sql, &[]).unwrap();
    assert_eq!(shown(&advice), expected, "{sql}: {advice:?}");
}

/// Shows the index, or why there is none.
fn shown(advice: &[Advice]) -> Vec<&str> {
    advice
        .iter()
        .map(|one| one.create_index.as_deref().unwrap_or_else(|| one.reason.split(": ").last().unwrap()))
        .collect()
}

#[test]
fn an_index_is_made_of_what_the_statement_compares() {
    check("select * from users where email = 'x'", &["CREATE INDEX users_email ON users (email)"]);
    check(
        "select * from users u where u.age > 7 and u.email = 'x'",
        &["CREATE INDEX users_email_age ON users (email, age)"],
    );
    check("update users set age = 1 where city in ('a', 'b')", &["CREATE INDEX users_city ON users (city)"]);
    check("delete from users where city is null", &["CREATE INDEX users_city ON users (city)"]);
    check("select * from \"Order\" where total between 1 and 2", &["CREATE INDEX order_total ON \"order\" (total)"]);
}

#[test]
fn there_is_no_advice_where_no_index_helps() {
    check("select * from users where id = 7", &[]);
    check(
        "select * from users where lower(email) = 'x'",
        &["its column stands inside of a function or a calculation; an index on that expression may help"],
    );
    check("select * from users where email like '%x'", &["a pattern that begins with a wildcard matches anywhere"]);
    check("select * from users where email = 'x' or age = 7", &["one of several conditions is enough (OR)"]);
    check("select * from users", &["nothing says which of its rows are wanted"]);
    check("select * from few where x = 1", &["reading them all is as fast"]);
}

#[test]
fn an_index_that_sqlite_makes_each_time_is_worth_keeping() {
    let advice = of_sqlite(
        "select * from users u join orders o on o.user_id = u.id",
        &["SCAN u", "SEARCH o USING AUTOMATIC COVERING INDEX (user_id=?)", "SCAN CONSTANT ROW", "", "nonsense"],
        |_| None,
    );
    assert_eq!(advice.last().unwrap().create_index.as_deref(), Some("CREATE INDEX orders_user_id ON orders (user_id)"));
    assert!(advice.last().unwrap().reason.contains("each time"));
}

/// A plan as PostgreSQL 15 prints it, with what it measured.
const MEASURED: &str = r#"[{"Plan": {"Node Type": "Nested Loop", "Actual Rows": 3, "Plans": [
    {"Node Type": "Seq Scan", "Relation Name": "users", "Alias": "u", "Filter": "(city = 'x')",
     "Actual Rows": 3, "Rows Removed by Filter": 99997},
    {"Node Type": "Seq Scan", "Relation Name": "orders", "Alias": "o", "Actual Rows": 900, "Rows Removed by Filter": 1100},
    {"Node Type": "Index Scan", "Relation Name": "items", "Alias": "i", "Actual Rows": 1}]}}]"#;

#[test]
fn a_plan_of_postgresql_tells_how_much_is_wanted() {
    let sql = "select * from users u, orders o, items i where u.city = 'x' and o.paid = true and i.id = o.id";
    let advice = of_postgres(sql, MEASURED, |_| None);
    assert_eq!(shown(&advice), ["CREATE INDEX users_city ON users (city)", "45 % of its rows are wanted"]);
}

#[test]
fn what_is_no_plan_has_no_advice() {
    let deep = "[".repeat(100_000);
    for json in ["", "{}", "null", "[{\"Plan\": 7}]", "[{\"Plan\": {\"Node Type\": \"Seq Scan\"}}]", &deep] {
        assert!(of_postgres("select * from users where x = 1", json, |_| Some(u64::MAX)).is_empty());
    }
    assert!(of_postgres("frobnicate", MEASURED, |_| None).is_empty());
    assert!(of_sqlite(&"(".repeat(100_000), &["SCAN users"], |_| Some(0)).is_empty());
}
