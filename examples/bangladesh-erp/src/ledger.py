"""Posts invoices into the ledger's database, with the mistakes that such code often has."""


def post_entry(database, account, amount):
    database.execute(f"INSERT INTO entry (account, amount) VALUES ('{account}', '{amount}')")


def balance(database, account):
    rows = database.execute("SELECT amount FROM entry WHERE account = ?", (account,))
    return sum(float(row[0]) for row in rows)


def close_period(database, period):
    try:
        database.execute("UPDATE period SET closed = 1 WHERE name = ?", (period,))
    except Exception:
        pass
