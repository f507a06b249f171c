"""Asks a log what log-queries asks of it: duckdb_logs.py FILE QUERY. Prints the answer in the same form.

The columns that a query needs are named, so that DuckDB need not guess them.
"""

import sys

import duckdb

file, query = sys.argv[1], sys.argv[2]
connection = duckdb.connect()
connection.execute("SET threads = 2")

WANTED = "level = 'ERROR' AND component = 'cache.redis'"
DAY = "timestamp >= '2026-11-20T08:00:00' AND timestamp < '2026-11-20T10:00:00'"
QUERIES = {
    "window": ("timestamp level component", f"SELECT count(*) FROM log WHERE {WANTED} AND {DAY}"),
    "filter": ("level component", f"SELECT count(*) FROM log WHERE {WANTED}"),
    "count": ("level component", "SELECT component, level, count(*) FROM log GROUP BY ALL"),
    "percentiles": (
        "component took_ms",
        "SELECT component, quantile_disc(took_ms, [0.5, 0.95, 0.99]) FROM log GROUP BY ALL",
    ),
    "messages": (
        "message",
        "SELECT count(*) AS lines, message FROM log GROUP BY ALL ORDER BY lines DESC, message LIMIT 10",
    ),
}
if query != "nothing":
    keys, question = QUERIES[query]
    columns = {key: "DOUBLE" if key == "took_ms" else "VARCHAR" for key in keys.split()}
    log = connection.read_json(file, format="newline_delimited", columns=columns)
    rows = [" ".join(str(cell) for cell in row) for row in connection.sql(question).fetchall()]
    rows = [row.replace("[", "").replace("]", "").replace(",", "") for row in rows]
    print("\n".join(rows if query == "messages" else sorted(rows)))
