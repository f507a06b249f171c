"""Tax periods of a fiscal year, July to June. As it should be: the reviewer finds nothing."""


def tax_periods(first_year):
    """Returns the twelve months of the fiscal year that begins in July of `first_year`, as year and month."""
    return [(first_year + (month > 12), (month - 1) % 12 + 1) for month in range(7, 19)]


def is_open(period, closed_periods):
    return period not in closed_periods
