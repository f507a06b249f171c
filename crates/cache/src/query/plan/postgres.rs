//! Plans of PostgreSQL: the text of EXPLAIN (FORMAT JSON), with or without ANALYZE.

use serde_json::Value;

use super::super::Dialect;
use super::advice::{Advice, Scan, advise};
use super::filters::Filters;

/// Says of each table that PostgreSQL reads in full what an index could do. `json` is what `EXPLAIN (FORMAT JSON)` gives
/// for the statement; what is no such plan has no advice. `rows` says about how many rows a table has, if that is known;
/// if the plan was run (`ANALYZE`), it tells that by itself, and how many of them were wanted.
///
/// ```
/// use segno_cache::query::of_postgres;
///
/// let plan = r#"[{"Plan": {"Node Type": "Seq Scan", "Relation Name": "users", "Alias": "u", "Plan Rows": 3}}]"#;
/// let advice = of_postgres("SELECT * FROM users u WHERE u.email = $1 AND u.age > 7", plan, |_| Some(50_000));
/// assert_eq!(advice[0].create_index.as_deref(), Some("CREATE INDEX users_email_age ON users (email, age)"));
/// ```
pub fn of_postgres(sql: &str, json: &str, rows: impl Fn(&str) -> Option<u64>) -> Vec<Advice> {
    let filters = Filters::of(sql, Dialect::Postgres);
    // The parser bounds how deep a value is, so that it may be walked.
    let plan: Value = serde_json::from_str(json).unwrap_or_default();
    let mut all: Vec<Advice> = Vec::new();
    let mut open = vec![&plan];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(values) => open.extend(values.iter().rev()),
            Value::Object(node) => {
                if value["Node Type"] == "Seq Scan" {
                    let scan = scan(value, &rows);
                    all.extend(scan.and_then(|scan| advise(&filters, &scan)).filter(|advice| !all.contains(advice)));
                }
                open.extend(["Plans", "Plan"].into_iter().filter_map(|part| node.get(part)));
            }
            _ => {}
        }
    }
    all
}

fn scan<'a>(node: &'a Value, rows: &impl Fn(&str) -> Option<u64>) -> Option<Scan<'a>> {
    let table = node["Relation Name"].as_str()?;
    let measured =
        node["Actual Rows"].as_f64().map(|found| (found, node["Rows Removed by Filter"].as_f64().unwrap_or(0.0)));
    let (rows, wanted) = match measured {
        Some((found, removed)) => {
            (Some((found + removed) as u64), (found + removed > 0.0).then(|| found / (found + removed)))
        }
        None => {
            let rows = rows(table);
            let share = |rows: u64| node["Plan Rows"].as_f64().map(|wanted| wanted / rows as f64);
            (rows, rows.filter(|rows| *rows > 0).and_then(share))
        }
    };
    Some(Scan { name: node["Alias"].as_str().unwrap_or(table), rows, wanted, makes_index: false })
}
