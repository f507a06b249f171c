"""What only all invoices together can show: numbers that are there twice, missing, or out of the order of the dates."""

from findings import Finding


def check_numbering(invoices):
    """Yields faults in the numbering of a set of invoices, numbered as PREFIX-NUMBER within one prefix."""
    series = {}
    for invoice in invoices:
        prefix, _, number = invoice.get("number", "").rpartition("-")
        if number.isdecimal():
            series.setdefault(prefix, []).append((int(number), invoice.get("issued", ""), invoice["number"]))
    for prefix, rows in sorted(series.items()):
        rows.sort()
        for (number, day, name), (next_number, next_day, next_name) in zip(rows, rows[1:]):
            if number == next_number:
                yield Finding("NUMBER-TWICE", name, "was given to two invoices")
            elif next_number > number + 1:
                missing = f"{prefix}-{number + 1:04}"
                yield Finding("NUMBER-GAP", missing, f"is missing between {name} and {next_name}")
            if next_day < day:
                yield Finding("NUMBER-ORDER", next_name, f"is of {next_day}, {name} before it of {day}")
