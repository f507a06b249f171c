"""Sums up a month for the VAT return. Written in a hurry: the reviewer has something to say."""


def output_tax(lines):
    return sum(float(line["value"]) * 0.15 for line in lines)


def tax_share(vat, gross):
    return vat / gross * 100


def match_payments(invoices, payments):
    matched = []
    for invoice in invoices:
        for payment in payments:
            if payment["invoice"] == invoice["number"]:
                matched.append((invoice, payment))
    return matched
