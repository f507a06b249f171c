//! What is understood of a statement's text alone.
#![cfg(feature = "sql")]

use segno_cache::query::{Dialect, Statement};

/// Checks the canonical text, and what the statement reads, writes and is refused for.
fn check(dialect: Dialect, sql: &str, text: &str, facts: &str) {
    let statement = Statement::parse(sql, dialect);
    assert_eq!(statement.text(), text);
    assert_eq!(self::facts(&statement), facts, "{text}");
}

fn facts(statement: &Statement) -> String {
    let reads: Vec<String> = statement.reads().iter().map(ToString::to_string).collect();
    let writes = match statement.writes() {
        None => " -> everything".to_owned(),
        Some(tables) if tables.is_empty() => String::new(),
        Some(tables) => format!(" -> {}", tables.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")),
    };
    let refusal = statement.refusal().map_or(String::new(), |refusal| format!("; {refusal}"));
    format!("{}{writes}{refusal}", reads.join(" "))
}

fn same(dialect: Dialect, one: &str, two: &str, expected: bool) {
    let (one, two) = (Statement::parse(one, dialect), Statement::parse(two, dialect));
    assert_eq!(one.text() == two.text(), expected, "{} | {}", one.text(), two.text());
}

const LITE: Dialect = Dialect::Sqlite;
const POST: Dialect = Dialect::Postgres;

#[test]
fn spaces_comments_and_the_case_of_keywords_do_not_count() {
    check(LITE, "select  a\n,b /* x */ from T -- y", "SELECT a, b FROM T", "t");
    check(POST, "select $1::text , 'It''s' ;;", "SELECT $1::TEXT, 'It''s'", "");
    same(LITE, "SELECT a FROM t WHERE b = ?1", "select a from t where b=?1;", true);
    same(POST, "select a x from t", "SELECT a AS x FROM t", false);
}

#[test]
fn what_a_statement_says_is_never_lost() {
    same(LITE, "select 'a'", "select 'A'", false);
    same(LITE, "select Name from t", "select name from t", false);
    same(LITE, "select 1", "select 1.0", false);
    same(POST, "select 'a'' , ''b'", "select 'a' , 'b'", false);
    same(POST, "select E'\\n'", "select '\\n'", false);
    same(POST, "select * from \"T\"", "select * from T", false);
    same(POST, "select a from t where b between symmetric 1 and 2", "select a from t where b between 1 and 2", false);
    same(POST, "select count(*) filter (where a) from t", "select count(*) from t", false);
}

#[test]
fn every_table_that_is_read_is_found() {
    check(LITE, "select * from a, b", "SELECT * FROM a, b", "a b");
    let facts_of = |sql: &str| facts(&Statement::parse(sql, POST));
    assert_eq!(facts_of("select * from a join b using (x) left join c.d on true"), "a b c.d");
    assert_eq!(facts_of("select (select max(x) from a) from b where exists (select 1 from c)"), "a b c");
    assert_eq!(facts_of("with w as (select * from a) select * from w"), "a w");
    assert_eq!(facts_of("with recursive w as (select 1 union select n from b, w) select * from w"), "b w");
    assert_eq!(facts_of("select 1 union all (select 2 from a except select 3 from b)"), "a b");
    assert_eq!(facts_of("select 1 union table a union (table b.c)"), "a b.c");
    assert_eq!(facts_of("select * from a, lateral (select * from b where b.x = a.x) l"), "a b");
    assert_eq!(facts_of("values (1), ((select x from a))"), "a");
    assert_eq!(facts_of("select * from a order by (select x from b) limit (select y from c)"), "a b c");
    assert_eq!(facts_of("select x, sum(y) over (partition by (select z from b)) from a"), "a b");
    assert_eq!(facts_of("select array(select x from a), case when exists (select 1 from b) then 1 end"), "a b");
}

#[test]
fn names_are_folded_as_the_database_does() {
    check(LITE, "select * from \"Users\"", "SELECT * FROM \"Users\"", "users");
    check(POST, "select * from Users", "SELECT * FROM Users", "users");
    check(POST, "select * from \"Users\"", "SELECT * FROM \"Users\"", "Users");
    check(POST, "select * from A.\"B.c\"", "SELECT * FROM A.\"B.c\"", "a.B.c");
    check(POST, "select * from d.s.t", "SELECT * FROM d.s.t", "s.t");
    let long = "x".repeat(80);
    check(POST, &format!("select * from {long}"), &format!("SELECT * FROM {long}"), &long[..63]);
}

#[test]
fn every_table_that_is_written_is_found() {
    let writes = |sql: &str, dialect: Dialect| {
        let statement = Statement::parse(sql, dialect);
        assert!(statement.refusal().is_some(), "{sql}");
        let tables = statement.writes().unwrap_or_default();
        tables.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(writes("insert into a select * from b", LITE), "a");
    assert_eq!(writes("replace into a values (1)", LITE), "a");
    assert_eq!(writes("insert or replace into main.a values (1) returning x", LITE), "main.a");
    assert_eq!(writes("update a set x = 1 from b where a.y = b.y", POST), "a");
    assert_eq!(writes("delete from a using b where a.x = b.x", POST), "a");
    assert_eq!(writes("truncate a, b", POST), "a b");
    assert_eq!(writes("copy a (x) from stdin", POST), "a");
    assert_eq!(writes("merge into a using b on a.x = b.x when matched then delete", POST), "a");
    assert_eq!(
        writes("with w as (insert into a values (1) returning x), v as (delete from b) select * from w", POST),
        "a b"
    );
    assert_eq!(writes("with w as (select 1) update a set x = (select * from w)", POST), "a");
    assert_eq!(writes("explain analyze delete from a", POST), "a");
    assert_eq!(writes("insert into a values (1); delete from b", LITE), "a b");
    assert_eq!(writes("explain query plan delete from a", LITE), "");
    assert_eq!(writes("copy a to stdout", POST), "");
}

#[test]
fn what_is_not_known_writes_everything() {
    let everything = ["create table t (x)", "drop table t", "alter table t add y", "vacuum into 'x'"];
    let post = [
        "call p()",
        "do $$ begin end $$",
        "execute p",
        "truncate a cascade",
        "select f(1)",
        "select nextval('s')",
        "select a.lower('x')",
        "select 1 into t",
        "refresh materialized view m",
        "grant select on t to u",
        "frobnicate",
        "copy (select 1) to program 'x'",
        "prepare p as select 1",
        "select * from dblink('x')",
        "select a operator(b.+) c from t",
        "select total(x) from t",
        "create function f() returns int begin atomic select 1; end",
        "vacuum",
        "with w as (select f(1)) select * from t",
        "explain (analyze) insert into a values (f(1))",
    ];
    for sql in &everything[..3] {
        assert_eq!(Statement::parse(sql, LITE).writes(), None, "{sql}");
    }
    for sql in post.iter().filter(|sql| !sql.starts_with("copy")) {
        assert_eq!(Statement::parse(sql, POST).writes(), None, "{sql}");
        assert!(Statement::parse(sql, POST).refusal().is_some(), "{sql}");
    }
}

#[test]
fn what_is_not_the_same_twice_is_refused() {
    let post = [
        "select now()",
        "select random()",
        "select current_timestamp",
        "select current_date + 1",
        "select * from t where at > 'now'",
        "select 'today'::date",
        "select date 'yesterday'",
        "select localtime",
        "select current_user",
        "select user",
        "select current_schema",
        "select * from t for update",
        "select * from t for share",
        "select * from t tablesample system (10)",
        "select * from pg_class",
        "select * from information_schema.tables",
        "select 't'::regclass",
        "select gen_random_uuid()",
        "select pg_catalog.now()",
        "select clock_timestamp() from t",
        "select * from t order by random()",
        "select cast('x' as regproc)",
        "show timezone",
        "select age(at) from t",
    ];
    for sql in post {
        let statement = Statement::parse(sql, POST);
        assert!(statement.refusal().is_some(), "{sql}");
        assert_eq!(statement.writes(), Some(vec![]), "{sql}");
    }
    let lite = [
        "select datetime('now')",
        "select date()",
        "select julianday(x) from t",
        "select changes()",
        "select last_insert_rowid()",
        "select * from sqlite_master",
        "select * from pragma_table_info('t')",
        "select randomblob(4)",
        "select CURRENT_TIME",
        "pragma user_version",
        "select \"now\"",
    ];
    for sql in lite.iter().take(10) {
        let statement = Statement::parse(sql, LITE);
        assert!(statement.refusal().is_some(), "{sql}");
        assert_eq!(statement.writes(), Some(vec![]), "{sql}");
    }
}

#[test]
fn a_shape_is_what_statements_with_other_values_have_in_common() {
    let shape = |sql: &str| Statement::parse(sql, POST).shape().to_owned();
    assert_eq!(shape("SELECT x FROM t WHERE id = 7"), shape("select x from t where id = $1"));
    assert_eq!(shape("select x from t where id in (1,2,3)"), "select x from t where id in ( ? )");
    assert_ne!(shape("select x from t where id = 7"), shape("select x from t where no = 7"));
}

#[test]
fn hostile_text_is_only_not_understood() {
    let deep = |open: &str, close: &str, count: usize| format!("select {}1{}", open.repeat(count), close.repeat(count));
    let hostile = [
        deep("(", ")", 10_000),
        deep("(select ", ")", 10_000),
        deep("case when ", " end", 10_000),
        deep("not ", "", 10_000),
        deep("- ", "", 10_000),
        deep("", "::int", 10_000),
        deep("1+", "", 100_000),
        deep("", " union select 1", 10_000),
        deep("", " and true", 100_000),
        deep("array[", "]", 10_000),
        deep("", "[1]", 10_000),
        deep("", " is null", 10_000),
        deep("f(", ")", 10_000),
        deep("cast(", " as int)", 10_000),
        format!("select * from {} t", "(".repeat(10_000)),
        format!("{} select 1", "explain ".repeat(10_000)),
        format!("select * from t {}", "join t ".repeat(10_000)),
        format!("select cast(x as {}int{})", "array<".repeat(10_000), ">".repeat(10_000)),
        format!("select '{}", "x".repeat(1 << 20)),
        "select 1 \0 ; drop table t".to_owned(),
        "\u{feff}select 1".to_owned(),
        "'".to_owned(),
    ];
    for sql in &hostile {
        for dialect in [LITE, POST] {
            let statement = Statement::parse(sql, dialect);
            assert!(statement.refusal().is_some(), "{}", &sql[..sql.len().min(40)]);
            assert_eq!(statement.writes(), None, "{}", &sql[..sql.len().min(40)]);
        }
    }
}

#[test]
fn long_lists_and_deep_conditions_are_understood() {
    let list = format!("select x from t where id in ({})", vec!["12345678"; 100_000].join(","));
    assert!(list.len() > 900_000);
    let rows = format!("insert into t values {}", vec!["(1, 'x', -2)"; 20_000].join(","));
    let chain = format!("select x from t where {}", vec!["a = 1"; 900].join(" or "));
    let deep = format!("select {}x{} from t", "(".repeat(150), ")".repeat(150));
    let unions = vec!["select x from t"; 400].join(" union all ");
    for sql in [&list, &chain, &deep, &unions] {
        let statement = Statement::parse(sql, POST);
        assert_eq!(facts(&statement), "t", "{}", &sql[..40]);
    }
    assert_eq!(facts(&Statement::parse(&rows, LITE)), "t -> t; the statement is not one read");
}
