-- The ledger's tables, with the primary keys as their only indexes.
CREATE TABLE buyer (bin TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE invoice (number TEXT PRIMARY KEY, buyer_bin TEXT NOT NULL, issued TEXT NOT NULL, vat_paisa INTEGER NOT NULL);
