"""The agent code-reviewer: reads one source of the ERP and names what is wrong with it.

usage: code_reviewer.py PATH [--costs JSON --switches FILE --write FILE] [--json]

Given the costs of a profile it also acts: the most expensive finding that has a marked replacement is switched on, and the
switches are written to a file of their own, so that what an earlier round wrote stays as it was.
"""

import argparse
import json
from pathlib import Path

from findings import as_output
from report import Reply
from review_rules import replacements, review


def improvement(findings, costs, faster, switches):
    """Returns the slow function to replace next: the most expensive one with a finding and a replacement."""
    open_places = {finding.place for finding in findings if finding.code.startswith("PERF-")} & set(faster)
    open_places -= set(switches)
    return max(sorted(open_places), key=lambda place: costs.get(place, 0), default=None)


def improve(source, findings, arguments):
    """Switches the next improvement on and says what it did."""
    switches = json.loads(Path(arguments.switches).read_text())
    faster = replacements(source)
    slow = improvement(findings, json.loads(arguments.costs), faster, switches)
    if slow is not None:
        switches[slow] = faster[slow]
    file = Path(arguments.write)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(switches, indent=2) + "\n")
    return {"replaced": slow, "by": faster.get(slow), "switches_file": str(file)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("path", type=Path)
    parser.add_argument("--costs", default="")
    parser.add_argument("--switches", default="")
    parser.add_argument("--write", default="")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    source = arguments.path.read_text(encoding="utf-8")
    findings = review(source)
    done = improve(source, findings, arguments) if arguments.costs else {}
    summary = f"{arguments.path}: {len(findings)} findings"
    if done.get("replaced"):
        summary += f"; {done['replaced']} is replaced by {done['by']}"
    elif done:
        summary += "; nothing is left to replace"
    Reply(
        summary=summary,
        details=[str(finding) for finding in findings],
        output={"subject": str(arguments.path), **as_output(findings), **done},
        score=1 / (1 + len(findings)),
        metrics={"files_read": 1, "lines_read": source.count("\n"), "findings": len(findings), "errors": 0},
    ).hand_over(arguments.json)


if __name__ == "__main__":
    main()
