"""The agent performance-profiler: what the invoice generator or the ledger's queries cost, and why.

usage: performance_profiler.py generator|database|calibrate [--switches FILE] [--target MS] [--json]
"""

import argparse
import json
from pathlib import Path

import database_profile
import generator_profile
from findings import as_output
from report import Reply


def generator_reply(arguments):
    found = generator_profile.profile(json.loads(Path(arguments.switches).read_text()))
    return Reply(
        summary=f"generator: {found['cost_ms']} ms by counted work ({found['wall_ms']} ms here), "
        f"most of it in {found['most_expensive']}",
        details=[f"{cost:9.1f} ms  {name}" for name, cost in sorted(found["costs"].items(), key=lambda row: -row[1])],
        output={**found, "switches_file": arguments.switches},
        score=min(1.0, arguments.target / max(found["cost_ms"], 0.1)),
        metrics={"files_read": 4, "cost_ms": found["cost_ms"], "wall_ms": found["wall_ms"], "errors": 0},
    )


def database_reply():
    findings, rows = database_profile.profile()
    slow = {finding.place for finding in findings}
    steps, indexed = (sum(row[key] for row in rows.values()) for key in ("steps", "steps_indexed"))
    return Reply(
        summary=f"database: {len(slow)} of {len(rows)} queries are slow; "
        f"{steps} steps, {indexed} with the proposed indexes",
        details=[str(finding) for finding in findings],
        output={**as_output(findings), "queries": rows, "steps": steps, "steps_indexed": indexed},
        score=1 - len(slow) / len(rows),
        metrics={"files_read": 3, "tool_calls": 2 * len(rows), "findings": len(findings), "errors": 0},
    )


def calibration_reply():
    measured = generator_profile.calibrate()
    rows = [f"{microseconds:9.3f} µs  {name}" for name, microseconds in measured.items()]
    return Reply(summary="one counted operation costs here:", details=rows, output=measured)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("subject", choices=["generator", "database", "calibrate"])
    parser.add_argument("--switches", default="data/switches.json")
    parser.add_argument("--target", type=float, default=300)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    match arguments.subject:
        case "generator":
            reply = generator_reply(arguments)
        case "database":
            reply = database_reply()
        case _:
            reply = calibration_reply()
    reply.hand_over(arguments.json)


if __name__ == "__main__":
    main()
