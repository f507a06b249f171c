"""Amounts in taka: exact decimals with two places, rounded half up, never floating point."""

import re
from decimal import ROUND_HALF_UP, Decimal

AMOUNT = re.compile(r"\d+\.\d\d")
NUMBER = re.compile(r"\d+(\.\d+)?")
PAISA = Decimal("0.01")


def amount(value):
    """Reads an amount, or returns None when it is not written as one."""
    return Decimal(value) if isinstance(value, str) and AMOUNT.fullmatch(value) else None


def number(value):
    """Reads a quantity or a rate, or returns None when it is not written as one."""
    return Decimal(value) if isinstance(value, str) and NUMBER.fullmatch(value) else None


def rounded(value):
    """Rounds to the paisa, half up."""
    return value.quantize(PAISA, rounding=ROUND_HALF_UP)


def percent(base, rate):
    """Returns a rate of a base, rounded to the paisa."""
    return rounded(base * rate / 100)
