"""The form Mushak-6.3, the tax invoice: what must stand on it, and who the buyer is."""

from datetime import date, time

from fiscal_year import fiscal_year
from findings import Finding
from identifiers import bin_fault, nid_fault, tin_fault

REQUIRED = {
    "": ["number", "issued", "time", "fiscal_year", "destination", "lines"],
    "seller": ["name", "bin", "address"],
    "buyer": ["name", "address"],
    "issued_by": ["name", "designation"],
}
REQUIRED_OF_A_LINE = ["description", "unit", "quantity", "unit_price", "value", "sd", "vat_rate", "vat", "gross"]


def check_fields(invoice):
    """Yields what is missing from the form."""
    for part, names in REQUIRED.items():
        values = invoice.get(part, {}) if part else invoice
        for name in names:
            if not values.get(name):
                yield Finding("MUSHAK-FIELD", f"{part}.{name}".lstrip("."), "is required on Mushak-6.3")
    for index, line in enumerate(invoice.get("lines", [])):
        for name in REQUIRED_OF_A_LINE:
            if line.get(name) in (None, ""):
                yield Finding("MUSHAK-FIELD", f"lines[{index}].{name}", "is required on Mushak-6.3")


def check_dates(invoice):
    """Yields dates and times that are none, and a fiscal year that is not the date's."""
    try:
        time.fromisoformat(invoice.get("time") or "00:00")
    except ValueError as error:
        yield Finding("MUSHAK-DATE", "time", str(error))
    try:
        issued = date.fromisoformat(invoice.get("issued") or "")
    except ValueError as error:
        yield Finding("MUSHAK-DATE", "issued", str(error))
        return
    named = invoice.get("fiscal_year")
    if named and named != fiscal_year(issued):
        message = f"{issued} lies in the fiscal year {fiscal_year(issued)}, not in {named}"
        yield Finding("FISCAL-YEAR", "fiscal_year", message)


def check_parties(invoice):
    """Yields numbers of seller and buyer that have the wrong form, and a buyer without any."""
    year = int(str(invoice.get("issued"))[:4]) if str(invoice.get("issued"))[:4].isdigit() else 9999
    checks = {
        "bin": ("BIN-FORM", bin_fault),
        "tin": ("TIN-FORM", tin_fault),
        "nid": ("NID-FORM", lambda text: nid_fault(text, year)),
    }
    for party in ("seller", "buyer"):
        for name, (code, fault_of) in checks.items():
            text = invoice.get(party, {}).get(name)
            fault = fault_of(text) if text else None
            if fault:
                yield Finding(code, f"{party}.{name}", fault)
    if not any(invoice.get("buyer", {}).get(name) for name in checks):
        yield Finding("BUYER-ID", "buyer", "has neither BIN nor e-TIN nor NID")
