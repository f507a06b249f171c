"""Profiles the ledger's queries on a SQLite database: their plans, and the steps of SQLite's virtual machine."""

import re
import sqlite3
import time
from datetime import date, timedelta
from pathlib import Path

from findings import Finding

SOURCE = Path("src")
BUYERS, INVOICES = 200, 20_000
STEPS_A_CALL = 10  # the virtual machine reports its progress after so many steps


def sample_ledger():
    """Returns a ledger in memory, always the same one."""
    database = sqlite3.connect(":memory:")
    database.executescript((SOURCE / "schema.sql").read_text())
    buyers = [(f"{100_000_000 + number}-0101", f"Buyer {number}") for number in range(BUYERS)]
    database.executemany("INSERT INTO buyer VALUES (?, ?)", buyers)
    first = date(2024, 7, 1)
    rows = [
        (f"2025-{number:05}", buyers[number % BUYERS][0], str(first + timedelta(days=number * 7 % 365)), number * 15)
        for number in range(INVOICES)
    ]
    database.executemany("INSERT INTO invoice VALUES (?, ?, ?, ?)", rows)
    return database


def queries():
    """Returns the queries of the ERP by their names."""
    parts = re.split(r"^-- name: (\w+)\n", (SOURCE / "queries.sql").read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def measure(database, query):
    """Returns the query's plan, the steps that it took, and the seconds."""
    plan = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {query}")]
    calls = 0

    def count():
        nonlocal calls
        calls += 1
        return 0

    database.set_progress_handler(count, STEPS_A_CALL)
    begun = time.perf_counter()
    database.execute(query).fetchall()
    seconds = time.perf_counter() - begun
    database.set_progress_handler(None, 0)
    return plan, calls * STEPS_A_CALL, seconds


def faults_of(name, plan):
    """Yields what a plan shows to be slow. Older versions of SQLite say SCAN TABLE."""
    for row in plan:
        if re.match(r"SCAN (TABLE )?\w+$", row):
            yield Finding("DB-SCAN", name, f"reads a whole table ({row})")
        if "USE TEMP B-TREE" in row:
            yield Finding("DB-SORT", name, f"sorts all rows ({row})")


def profile():
    """Returns findings, and for each query its steps without and with the proposed indexes."""
    database = sample_ledger()
    before = {name: measure(database, query) for name, query in queries().items()}
    findings = [finding for name, (plan, _, _) in before.items() for finding in faults_of(name, plan)]
    database.executescript((SOURCE / "indexes.sql").read_text())
    rows = {}
    for name, query in queries().items():
        _, steps, seconds = measure(database, query)
        _, steps_before, seconds_before = before[name]
        wall = [round(value * 1000, 2) for value in (seconds_before, seconds)]
        rows[name] = {"steps": steps_before, "steps_indexed": steps, "wall_ms": wall[0], "wall_ms_indexed": wall[1]}
    return findings, rows
