"""What a portal's answer must hold: fields and their kinds."""

from datetime import date

from findings import Finding
from identifiers import bin_fault
from money import amount


def is_date(value):
    try:
        return isinstance(value, str) and bool(date.fromisoformat(value))
    except ValueError:
        return False


KINDS = {
    "text": lambda value: isinstance(value, str) and value != "",
    "amount": lambda value: amount(value) is not None,
    "bin": lambda value: bin_fault(value) is None,
    "date": is_date,
}


def check_contract(contract, answer):
    """Yields what the answer lacks, and that it says itself to be degraded."""
    for name, kind in contract.items():
        if name not in answer:
            yield Finding("API-CONTRACT", name, "is missing from the answer")
        elif not KINDS[kind](answer[name]):
            yield Finding("API-CONTRACT", name, f"{answer[name]!r} is not of the kind '{kind}'")
    if answer.get("mode") == "degraded":
        yield Finding("API-DEGRADED", "mode", "the portal says that it does not work as usual")
