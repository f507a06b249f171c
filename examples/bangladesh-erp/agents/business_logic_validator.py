"""The agent business-logic-validator: one invoice against the rules, or a folder of invoices against the rules of sets.

usage: business_logic_validator.py PATH [--json]
"""

import argparse
import json
from pathlib import Path

from findings import as_output
from mushak import check_dates, check_fields, check_parties
from numbering import check_numbering
from report import Reply
from vat import check_lines, check_money, check_rates, check_totals

INVOICE_RULES = [check_fields, check_dates, check_parties, check_money, check_rates, check_lines, check_totals]


def validate(invoice):
    """Returns what is wrong with an invoice."""
    return [finding for rule in INVOICE_RULES for finding in rule(invoice)]


def read(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise SystemExit(f"{path} is no invoice: {error}") from error


def reply_of(path):
    """Validates a file or a folder."""
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    invoices = [read(file) for file in files]
    findings = list(check_numbering(invoices)) if path.is_dir() else validate(invoices[0])
    rules = 1 if path.is_dir() else len(INVOICE_RULES)
    word = "as the rules say" if not findings else f"{len(findings)} finding{'s' * (len(findings) > 1)}"
    subject = f"{len(files)} invoices together" if path.is_dir() else path.stem
    return Reply(
        summary=f"{subject}: {word}",
        details=[str(finding) for finding in findings],
        output={"subject": path.name, **as_output(findings)},
        score=1 / (1 + len(findings)),
        metrics={"files_read": len(files), "rules": rules, "findings": len(findings), "errors": 0},
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("path", type=Path)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    reply_of(arguments.path).hand_over(arguments.json)


if __name__ == "__main__":
    main()
