"""Makes the invoices of a month from its orders. Each slow part has a faster one that `switches` can put in its place."""

import json
from collections import Counter
from decimal import Decimal
from itertools import accumulate
from pathlib import Path


def replaces(slow):
    """Marks a function that gives the same results as `slow` with less work."""
    return lambda faster: faster


class Batch:
    """One month: what is known before, what was issued so far, and how much work it took, counted where it is done."""

    def __init__(self, customers, rates_file, journal, switches):
        self.customers, self.rates_file, self.journal = customers, Path(rates_file), Path(journal)
        self.switches = switches  # names of slow functions -> names of faster ones
        self.issued = []
        self.work = Counter()
        self.index = self.rates = None

    def call(self, slow, *arguments):
        """Calls a function, or the one that is switched on in its place."""
        return globals()[self.switches.get(slow.__name__, slow.__name__)](self, *arguments)


def customer_by_scan(batch, customer_id):
    for position, customer in enumerate(batch.customers, 1):
        if customer["id"] == customer_id:
            batch.work["customer_by_scan"] += position
            return customer
    raise KeyError(customer_id)


@replaces(customer_by_scan)
def customer_by_index(batch, customer_id):
    if batch.index is None:
        batch.index = {customer["id"]: customer for customer in batch.customers}
        batch.work["customer_by_index"] += len(batch.index)
    batch.work["customer_by_index"] += 1
    return batch.index[customer_id]


def rate_by_parsing(batch, basis):
    batch.work["rate_by_parsing"] += 1
    return Decimal(json.loads(batch.rates_file.read_text())[basis])


@replaces(rate_by_parsing)
def rate_from_memory(batch, basis):
    if batch.rates is None:
        batch.rates = {name: Decimal(rate) for name, rate in json.loads(batch.rates_file.read_text()).items()}
        batch.work["rate_by_parsing"] += 1
    batch.work["rate_from_memory"] += 1
    return batch.rates[basis]


def number_by_rescan(batch):
    batch.work["number_by_rescan"] += len(batch.issued)
    return max((int(number.rpartition("-")[2]) for number in batch.issued), default=0) + 1


@replaces(number_by_rescan)
def number_by_count(batch):
    batch.work["number_by_count"] += 1
    return len(batch.issued) + 1


def write_line_by_line(batch, rows):
    for row in rows:
        with open(batch.journal, "a") as journal:
            journal.write(row + "\n")
        batch.work["write_line_by_line"] += 1


@replaces(write_line_by_line)
def write_at_once(batch, rows):
    with open(batch.journal, "a") as journal:
        journal.write("".join(row + "\n" for row in rows))
    batch.work["write_at_once"] += 1


def subtotals_by_resumming(batch, values):
    batch.work["subtotals_by_resumming"] += len(values) * (len(values) + 1) // 2
    return [sum(values[:end]) for end in range(1, len(values) + 1)]


@replaces(subtotals_by_resumming)
def subtotals_by_accumulating(batch, values):
    batch.work["subtotals_by_accumulating"] += len(values)
    return list(accumulate(values))


def generate(batch, orders):
    """Writes one invoice for each order into the journal, a row for each line with the subtotal so far."""
    for order in orders:
        customer = batch.call(customer_by_scan, order["customer"])
        number = f"2025-{batch.call(number_by_rescan):04}"
        values = []
        for basis, value in order["lines"]:
            rate = batch.call(rate_by_parsing, basis)
            values.append((Decimal(value) * (100 + rate) / 100).quantize(Decimal("0.01")))
        subtotals = batch.call(subtotals_by_resumming, values)
        batch.call(write_line_by_line, [f"{number} {customer['bin']} {subtotal}" for subtotal in subtotals])
        batch.issued.append(number)
