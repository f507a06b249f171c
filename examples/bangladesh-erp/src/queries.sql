-- name: invoice_by_number
SELECT vat_paisa FROM invoice WHERE number = '2025-00042';
-- name: invoices_of_a_buyer
SELECT number FROM invoice WHERE buyer_bin = '100000007-0101';
-- name: newest_invoices
SELECT number FROM invoice ORDER BY issued DESC LIMIT 20;
-- name: buyer_of_an_invoice
SELECT buyer.name FROM invoice JOIN buyer ON buyer.bin = invoice.buyer_bin WHERE invoice.number = '2025-00042';
