"""The forms of numbers that name a taxpayer or a person. Only the form: whether one was issued, only the registers know."""

import re

BIN = re.compile(r"\d{9}-?\d{4}")
TIN = re.compile(r"\d{12}")
NID = re.compile(r"\d{10}|\d{13}|\d{17}")
OLDEST_BIRTH_YEAR = 1900


def bin_fault(text):
    """A business identification number: 13 digits, written as 9 and 4."""
    if not _is_digits(BIN, text):
        return f"'{text}' is not a BIN: 9 digits, a hyphen, 4 digits"
    return None


def tin_fault(text):
    """An electronic taxpayer's identification number: 12 digits."""
    if not _is_digits(TIN, text):
        return f"'{text}' is not an e-TIN: 12 digits"
    return None


def nid_fault(text, year):
    """A national identity number of 10, 13 or 17 digits; the longest begins with the year of birth."""
    if not _is_digits(NID, text):
        return f"'{text}' is not a NID: 10, 13 or 17 digits"
    if len(text) == 17 and not OLDEST_BIRTH_YEAR <= int(text[:4]) <= year:
        return f"'{text}' is not a NID: nobody was born in {text[:4]}"
    return None


def _is_digits(form, text):
    # `\d` alone would let Bengali digits pass, which the registers do not use in these numbers.
    return isinstance(text, str) and text.isascii() and form.fullmatch(text) and text.strip("0-") != ""
