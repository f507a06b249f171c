"""The fiscal year: from the first of July to the thirtieth of June, named by both its years."""


def fiscal_year(day):
    """Returns the fiscal year of a date, such as 2024-2025."""
    first = day.year if day.month >= 7 else day.year - 1
    return f"{first}-{first + 1}"
