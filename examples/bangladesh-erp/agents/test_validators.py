"""Facts about the validators. Run with: python3 -m unittest discover -s agents"""

import unittest
from datetime import date
from decimal import Decimal
from pathlib import Path

from business_logic_validator import read, validate
from fiscal_year import fiscal_year
from identifiers import bin_fault, nid_fault, tin_fault
from money import percent
from numbering import check_numbering

PACK = Path(__file__).resolve().parent.parent


def codes(**changes):
    """Returns what is found in a right invoice after changes such as buyer__bin='1' or lines__0__vat='1.00'."""
    invoice = read(PACK / "data/invoices/invoice-01.json")
    for path, value in changes.items():
        *parts, last = path.split("__")
        place = invoice
        for part in parts:
            place = place[int(part)] if part.isdigit() else place[part]
        place[last] = value
    return sorted({finding.code for finding in validate(invoice)})


class Identifiers(unittest.TestCase):
    def check(self, fault_of, right, wrong):
        self.assertEqual([text for text in right if fault_of(text)], [])
        self.assertEqual([text for text in wrong if not fault_of(text)], [])

    def test_a_bin_has_nine_and_four_digits(self):
        self.check(
            bin_fault,
            right=["004512789-0101", "0045127890101"],
            wrong=["004512789", "004512789-01", "00451278A-0101", "000000000-0000", "", None, 45127890101],
        )

    def test_a_tin_has_twelve_digits(self):
        self.check(tin_fault, right=["512345678901"], wrong=["51234567890", "5123456789012", "১২৩৪৫৬৭৮৯০১২"])

    def test_a_nid_has_one_of_three_lengths(self):
        self.check(
            lambda text: nid_fault(text, 2025),
            right=["5512345678", "1234567890123", "19851234567890123"],
            wrong=["551234567", "261234567890", "20901234567890123", "18991234567890123"],
        )


class Amounts(unittest.TestCase):
    def test_half_a_paisa_is_rounded_up(self):
        self.assertEqual(percent(Decimal("100.30"), Decimal("15")), Decimal("15.05"))
        self.assertEqual(percent(Decimal("0.03"), Decimal("15")), Decimal("0.00"))

    def test_vat_is_taken_of_value_and_duty_together(self):
        duty = {"lines__0__sd_rate": "20", "lines__0__sd": "200.00", "lines__0__value": "1000.00"}
        line = {"lines__0__quantity": "1", "lines__0__unit_price": "1000.00"}
        of_both = {"lines__0__vat": "180.00", "lines__0__gross": "1380.00"}
        of_value = {"lines__0__vat": "150.00", "lines__0__gross": "1350.00"}
        self.assertNotIn("VAT-AMOUNT", codes(**duty, **line, **of_both))
        self.assertIn("VAT-AMOUNT", codes(**duty, **line, **of_value))

    def test_a_rate_must_fit_its_basis(self):
        for basis, rate, fits in [
            ("standard", "15", True), ("standard", "7.5", False), ("third-schedule", "7.5", True),
            ("third-schedule", "15", False), ("export", "0", True), ("first-schedule", "5", False), ("other", "15", False),
        ]:
            found = codes(lines__0__basis=basis, lines__0__vat_rate=rate)
            self.assertEqual("VAT-RATE" not in found, fits, f"{basis} {rate}")

    def test_an_amount_is_an_exact_text(self):
        for value in [1200.5, "1200.5", "1,200.50", "-1.00", "1200.500"]:
            self.assertIn("MONEY-FORM", codes(lines__0__value=value), value)


class Dates(unittest.TestCase):
    def test_the_fiscal_year_begins_in_july(self):
        self.assertEqual(fiscal_year(date(2025, 6, 30)), "2024-2025")
        self.assertEqual(fiscal_year(date(2025, 7, 1)), "2025-2026")

    def test_a_day_that_is_none_is_told_and_nothing_breaks(self):
        self.assertEqual(codes(issued="2025-02-30"), ["MUSHAK-DATE"])
        self.assertEqual(codes(issued="soon"), ["MUSHAK-DATE"])
        self.assertEqual(codes(issued=None), ["MUSHAK-DATE", "MUSHAK-FIELD"])


class Sets(unittest.TestCase):
    def check(self, rows, expected):
        invoices = [{"number": number, "issued": day} for number, day in rows]
        self.assertEqual([f"{finding.code} {finding.place}" for finding in check_numbering(invoices)], expected)

    def test_numbers_are_given_once_in_order_and_without_gaps(self):
        self.check([("A-0002", "2025-07-02"), ("A-0001", "2025-07-01"), ("B-0009", "2025-01-01")], [])
        self.check([("A-0001", "2025-07-01"), ("A-0001", "2025-07-01")], ["NUMBER-TWICE A-0001"])
        self.check([("A-0001", "2025-07-01"), ("A-0003", "2025-07-01")], ["NUMBER-GAP A-0002"])
        self.check([("A-0001", "2025-07-02"), ("A-0002", "2025-07-01")], ["NUMBER-ORDER A-0002"])


if __name__ == "__main__":
    unittest.main()
