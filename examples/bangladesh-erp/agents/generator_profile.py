"""Profiles the invoice generator: the work it counts, what that costs, and the time it took here."""

import hashlib
import importlib.util
import json
import tempfile
import time
from collections import Counter
from pathlib import Path

from review_rules import replacements

SOURCE = Path("src/invoice_generator.py")
RATES = Path("data/rates.json")
COSTS = Path("data/unit-costs.json")
CUSTOMERS, ORDERS, LINES = 4000, 2000, 10


def load(source):
    """Imports the generator from its file."""
    spec = importlib.util.spec_from_file_location(source.stem, source)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sample_month():
    """Returns customers and orders, always the same ones."""
    bases = sorted(json.loads(RATES.read_text()))
    customers = [{"id": f"C{number:04}", "bin": f"{100_000_000 + number}-0101"} for number in range(CUSTOMERS)]
    orders = []
    for number in range(ORDERS):
        lines = [(bases[(number + line) % len(bases)], f"{100 + 7 * line + number}.50") for line in range(LINES)]
        orders.append({"customer": f"C{number * 367 % CUSTOMERS:04}", "lines": lines})
    return customers, orders


def run(switches, generator, batch_type):
    """Runs the generator once and returns its batch, a digest of what it wrote, and the seconds it took."""
    customers, orders = sample_month()
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "journal.txt"
        batch = batch_type(customers, RATES, journal, switches)
        begun = time.perf_counter()
        generator.generate(batch, orders)
        seconds = time.perf_counter() - begun
        digest = hashlib.sha256(journal.read_bytes()).hexdigest()[:16]
    return batch, digest, seconds


def profile(switches):
    """Returns the profile as the other agents see it.

    Decisions use `cost_ms`: counted operations times the fixed cost of one (data/unit-costs.json), the same on every
    machine. `wall_ms` is the time it took here, beside it.
    """
    unit_costs = json.loads(COSTS.read_text())["microseconds"]
    generator = load(SOURCE)
    batch, digest, seconds = run(switches, generator, generator.Batch)
    costs = {name: round(count * unit_costs[name] / 1000, 1) for name, count in sorted(batch.work.items())}
    return {
        "cost_ms": round(sum(costs.values()), 1),
        "costs": costs,
        "work": dict(batch.work),
        "result": digest,
        "most_expensive": max(costs, key=costs.get),
        "wall_ms": round(seconds * 1000, 1),
    }


def calibrate():
    """Returns the microseconds that one counted operation takes here, for data/unit-costs.json."""
    generator = load(SOURCE)

    class TimedBatch(generator.Batch):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            self.seconds = Counter()

        def call(self, slow, *arguments):
            begun = time.perf_counter()
            result = super().call(slow, *arguments)
            self.seconds[self.switches.get(slow.__name__, slow.__name__)] += time.perf_counter() - begun
            return result

    units = {}
    for switches in ({}, replacements(SOURCE.read_text())):
        batch, _, _ = run(switches, generator, TimedBatch)
        units |= {name: seconds / batch.work[name] * 1e6 for name, seconds in batch.seconds.items()}
    return {name: round(unit, 3) for name, unit in sorted(units.items())}
