"""The agent context-gathering: what one must know before working on a feature: its rules, its code, its invoices.

usage: context_gathering.py FEATURE [--codes JSON..] [--json]

FEATURE is a few words; each of --codes is a list of codes of rules that were found to be broken.
"""

import argparse
import ast
import json
import re
from collections import Counter
from pathlib import Path

from report import Reply

ROW = re.compile(r"^\| (?P<codes>[A-Z][A-Z, -]+) \| (?P<rule>.+?) \| (?P<source>.+?) \| (?P<standing>.+?) \|$", re.M)


def rules(text, wanted):
    """Returns the rows of RULES.md for the wanted codes."""
    found = []
    for row in ROW.finditer(text):
        codes = [code for code in row["codes"].split(", ") if code in wanted]
        if codes:
            found.append({"codes": codes, **{name: row[name] for name in ("rule", "source", "standing")}})
    return found


def related_code(words):
    """Returns the functions of the ERP whose file, name or documentation has one of the words."""
    found = []
    for file in sorted(Path("src").glob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                text = f"{file.stem} {function.name} {ast.get_docstring(function) or ''}".lower()
                if any(word in text for word in words):
                    found.append({"file": str(file), "function": function.name, "line": function.lineno})
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("feature")
    parser.add_argument("--codes", nargs="*", type=json.loads, default=[])
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    broken = Counter(code for codes in arguments.codes for code in codes)
    words = [word for word in re.findall(r"[a-z]+", arguments.feature.lower()) if len(word) > 2]
    found_rules = rules(Path("RULES.md").read_text(encoding="utf-8"), broken)
    found_code = related_code(words)
    unknown = sorted(set(broken) - {code for rule in found_rules for code in rule["codes"]})
    invoices = len(list(Path("data/invoices").glob("*.json")))
    Reply(
        summary=f"'{arguments.feature}': {len(found_rules)} rules are concerned, {len(found_code)} functions, "
        f"{invoices} invoices",
        details=[f"{', '.join(rule['codes'])}: {rule['source']}" for rule in found_rules]
        + [f"{row['file']}:{row['line']} {row['function']}" for row in found_code],
        output={
            "broken": dict(broken), "rules": found_rules, "code": found_code, "unknown_codes": unknown,
            "invoices": invoices,
        },
        score=1.0 if not broken else 1 - len(unknown) / len(broken),
        metrics={"files_read": 1 + len(list(Path("src").glob("*.py"))), "errors": 0},
    ).hand_over(arguments.json)


if __name__ == "__main__":
    main()
