"""Facts about the other agents, and that all planted faults are found and nothing else."""

import json
import os
import unittest
from itertools import combinations
from pathlib import Path
from unittest import mock

import context_gathering
import database_profile
import generator_profile
from api_integration_tester import reply_of, try_until_answered
from business_logic_validator import reply_of as validated
from code_reviewer import improvement
from review_rules import replacements, review
from stand_in import stand_in

os.chdir(Path(__file__).resolve().parent.parent)
EXPECTED = json.loads(Path("data/expected-findings.json").read_text())


def places(findings):
    """Returns the codes by the place where they were found."""
    found = {}
    for finding in findings:
        found.setdefault(finding.place, set()).add(finding.code)
    return {place: sorted(codes) for place, codes in found.items()}


class PlantedFaults(unittest.TestCase):
    def test_the_invoices_have_just_the_faults_that_were_planted(self):
        found = {file.name: validated(file).output["codes"] for file in Path("data/invoices").glob("*.json")}
        self.assertGreaterEqual(len(found), 25)
        self.assertEqual({name: codes for name, codes in found.items() if codes}, EXPECTED["invoices"])
        numbering = validated(Path("data/invoices")).output["findings"]
        self.assertEqual({row["place"]: [row["code"]] for row in numbering}, EXPECTED["numbering"])

    def test_the_code_has_just_the_faults_that_were_planted(self):
        found = {str(file): review(file.read_text()) for file in Path("src").glob("*.py")}
        told = {file: sorted(f"{row.code} {row.place}" for row in rows) for file, rows in found.items() if rows}
        self.assertEqual(told, EXPECTED["code"])

    def test_the_slow_queries_are_found_and_the_proposed_indexes_help(self):
        findings, queries = database_profile.profile()
        self.assertEqual(places(findings), EXPECTED["database"])
        for name, row in queries.items():
            if name in EXPECTED["database"]:
                self.assertLess(row["steps_indexed"] * 10, row["steps"], name)

    def test_every_rule_is_explained(self):
        codes = {code.split(" ")[0] for part in EXPECTED.values() for codes in part.values() for code in codes}
        rows = context_gathering.rules(Path("RULES.md").read_text(), codes)
        self.assertEqual(sorted(codes), sorted(code for row in rows for code in row["codes"]))


class Portals(unittest.TestCase):
    def test_outages_are_told_from_what_works(self):
        portals = json.loads(Path("data/portals.json").read_text())
        found = {}
        for name, portal in portals.items():
            with stand_in(portal["stand_in"]) as address:
                reply = reply_of(name, portal, *try_until_answered(address, portal))
            found[name] = (reply.output["health"], [row["came"] for row in reply.output["calls"]])
            self.assertEqual(reply.output["codes"], EXPECTED["portals"].get(name, []))
        self.assertEqual(found["bkash"], ("healthy", [200]))
        self.assertEqual(found["nagad"], ("recovered", [503, 503, 200]))
        self.assertEqual(found["nbr"], ("degraded", ["timeout", "timeout", 200]))

    def test_a_portal_that_is_not_there_is_down(self):
        portal = {"request": {"method": "GET", "path": "/"}, "contract": {}, "patience_s": [10]}
        with stand_in([{"status": 500}]) as address:
            self.assertEqual(reply_of("x", portal, *try_until_answered(address, portal)).output["health"], "down")
        self.assertEqual(reply_of("x", portal, *try_until_answered(address, portal)).output["health"], "down")


class Generator(unittest.TestCase):
    @mock.patch.multiple(generator_profile, CUSTOMERS=300, ORDERS=150, LINES=5)
    def test_every_improvement_saves_work_and_changes_no_result(self):
        source = generator_profile.SOURCE.read_text()
        faster = replacements(source)
        generator = generator_profile.load(generator_profile.SOURCE)
        unit = json.loads(generator_profile.COSTS.read_text())["microseconds"]
        run = lambda switches: generator_profile.run(dict(switches), generator, generator.Batch)
        before, digest, _ = run({})
        self.assertEqual(set(faster), set(before.work))
        for pairs in [*combinations(faster.items(), 1), tuple(faster.items())]:
            after, same, _ = run(pairs)
            self.assertEqual(same, digest, pairs)
            for slow, quick in pairs:
                self.assertLess(after.work[quick] * unit[quick], before.work[slow] * unit[slow], slow)

    def test_the_most_expensive_finding_comes_first(self):
        source = generator_profile.SOURCE.read_text()
        costs = {"customer_by_scan": 3, "rate_by_parsing": 5, "generate": 9}
        switches, order = {}, []
        while slow := improvement(review(source), costs, replacements(source), switches):
            switches[slow] = replacements(source)[slow]
            order.append(slow)
        self.assertEqual(order[:2], ["rate_by_parsing", "customer_by_scan"])
        self.assertEqual(len(order), 5)


if __name__ == "__main__":
    unittest.main()
