"""The arithmetic of a VAT invoice. Each rule compares stated values with each other, so that one fault is one finding."""

from findings import Finding
from money import amount, number, percent, rounded

# What a line's rate is based on, and the rates that this allows. RULES.md says what of it is simplified.
RATES = {
    "standard": {"15"},
    "third-schedule": {"5", "7.5", "10"},
    "export": {"0"},
    "first-schedule": {"0"},
}
AMOUNTS = ["unit_price", "value", "sd", "vat", "gross"]
SUMS = ["value", "sd", "vat", "gross"]


def check_money(invoice):
    """Yields amounts that are not exact decimals with two places."""
    parts = [(f"lines[{index}]", line, AMOUNTS) for index, line in enumerate(invoice.get("lines", []))]
    for place, values, names in [*parts, ("totals", invoice.get("totals", {}), SUMS)]:
        for name in names:
            if name in values and amount(values[name]) is None:
                yield Finding("MONEY-FORM", f"{place}.{name}", f"{values[name]!r} is not a text such as '120.50'")


def check_rates(invoice):
    """Yields rates that do not fit what the line says they are based on."""
    for index, line in enumerate(invoice.get("lines", [])):
        basis, rate = line.get("basis"), line.get("vat_rate")
        if basis not in RATES:
            yield Finding("VAT-RATE", f"lines[{index}].basis", f"'{basis}' is none of {', '.join(RATES)}")
        elif rate not in RATES[basis]:
            allowed = " or ".join(sorted(RATES[basis], key=float))
            yield Finding("VAT-RATE", f"lines[{index}].vat_rate", f"'{basis}' means {allowed} %, not {rate} %")


def check_lines(invoice):
    """Yields products that are wrong: value, supplementary duty, VAT (on value and duty together), gross."""
    for index, line in enumerate(invoice.get("lines", [])):
        read = {name: amount(line.get(name)) for name in AMOUNTS}
        quantity, sd_rate, vat_rate = (number(line.get(name)) for name in ("quantity", "sd_rate", "vat_rate"))
        value, sd, vat = read["value"], read["sd"], read["vat"]
        rules = [
            ("LINE-VALUE", "value", [quantity, read["unit_price"]], lambda: rounded(quantity * read["unit_price"])),
            ("SD-AMOUNT", "sd", [value, sd_rate], lambda: percent(value, sd_rate)),
            ("VAT-AMOUNT", "vat", [value, sd, vat_rate], lambda: percent(value + sd, vat_rate)),
            ("LINE-GROSS", "gross", [value, sd, vat], lambda: value + sd + vat),
        ]
        for code, name, needed, expected in rules:
            # What cannot be read was told by MONEY-FORM or MUSHAK-FIELD.
            if None not in [*needed, read[name]] and read[name] != expected():
                yield Finding(code, f"lines[{index}].{name}", f"is {read[name]}, should be {expected()}")


def check_totals(invoice):
    """Yields totals that are not the sums of their lines."""
    for name in SUMS:
        stated = amount(invoice.get("totals", {}).get(name))
        values = [amount(line.get(name)) for line in invoice.get("lines", [])]
        if stated is not None and None not in values and stated != sum(values):
            yield Finding("TOTALS", f"totals.{name}", f"is {stated}, the lines make {sum(values)}")
