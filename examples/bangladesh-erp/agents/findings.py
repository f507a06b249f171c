"""One thing that is not as a rule says. The codes are explained in RULES.md."""

from typing import NamedTuple


class Finding(NamedTuple):
    code: str  # the rule, such as VAT-RATE
    place: str  # where: a field, a line, a function
    message: str

    def __str__(self):
        return f"{self.code} {self.place}: {self.message}"


def as_output(findings):
    """Returns findings as later steps see them: the codes alone, and everything."""
    return {
        "codes": sorted({finding.code for finding in findings}),
        "findings": [finding._asdict() for finding in findings],
    }
