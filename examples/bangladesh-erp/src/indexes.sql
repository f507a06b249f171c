-- Proposed, not yet part of the schema: the profiler measures the queries without and with them.
CREATE INDEX invoice_buyer ON invoice (buyer_bin);
CREATE INDEX invoice_issued ON invoice (issued);
