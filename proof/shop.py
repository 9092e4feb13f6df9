"""The shop: the team that owns the databases, and had tables in them before Airflow came."""

from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, LiteralString

from proof.declared import Declared
from proof.logins import Identity

IDENTITY = "shop"
DAY = date(2026, 3, 1)
_ORDERS = (
    ("Hopper", Decimal("10.50"), timedelta()),
    ("Hopper", Decimal("1.25"), timedelta(hours=12)),
    ("Lovelace", Decimal("7.00"), timedelta(hours=23, minutes=59)),
    # The day before and the day after.
    ("Lovelace", Decimal("100.00"), timedelta(seconds=-1)),
    ("Lovelace", Decimal("1000.00"), timedelta(days=1)),
)
_TABLES: Mapping[str, str] = {
    "orders": """
        CREATE TABLE orders (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            ordered_at timestamptz NOT NULL,
            customer text NOT NULL,
            amount numeric(12, 2) NOT NULL
        )
    """,
    "reports": """
        CREATE TABLE daily_orders (
            day date,
            customer text,
            orders int NOT NULL,
            revenue numeric(12, 2) NOT NULL,
            PRIMARY KEY (day, customer)
        );
        CREATE TABLE copied_orders (
            id bigint PRIMARY KEY,
            ordered_at timestamptz NOT NULL,
            customer text NOT NULL,
            amount numeric(12, 2) NOT NULL
        );
        CREATE TABLE customers (customer text PRIMARY KEY, country text NOT NULL)
    """,
    "payroll": "CREATE TABLE salaries (employee text PRIMARY KEY, amount numeric(12, 2) NOT NULL)",
}


def make_tables(shop: Identity, declared: Declared) -> None:
    """Make the shop's tables and orders, with its own login to each database."""
    midnight = datetime.combine(DAY, time(), UTC)
    for database in declared.databases:
        user = declared.grant(IDENTITY, database).user
        with shop.log_in(user, database) as connection:
            connection.execute(_TABLES[database].encode())
            if database == "orders":
                connection.cursor().executemany(
                    "INSERT INTO orders (customer, amount, ordered_at) VALUES (%s, %s, %s)",
                    [(customer, amount, midnight + at) for customer, amount, at in _ORDERS],
                )


def report(shop: Identity, declared: Declared) -> list[tuple[str, int, Decimal]]:
    """The day's report as the shop finds it: customer, orders, revenue."""
    grant = declared.grant(IDENTITY, "reports")
    with shop.log_in(grant.user, grant.database) as connection:
        return connection.execute(
            "SELECT customer, orders, revenue FROM daily_orders WHERE day = %s ORDER BY 1", (DAY,)
        ).fetchall()


def expected_report() -> list[tuple[str, int, Decimal]]:
    """The day's report as it must be."""
    of_the_day = [
        (customer, amount)
        for customer, amount, at in _ORDERS
        if timedelta() <= at < timedelta(days=1)
    ]
    orders = Counter(customer for customer, _ in of_the_day)
    return [
        (customer, orders[customer], sum((a for c, a in of_the_day if c == customer), Decimal()))
        for customer in sorted(orders)
    ]


def rows(shop: Identity, declared: Declared, database: str, query: LiteralString) -> list[Any]:
    """What the shop, which owns the database, finds there."""
    grant = declared.grant(IDENTITY, database)
    with shop.log_in(grant.user, grant.database) as connection:
        return connection.execute(query).fetchall()


@contextmanager
def changed(
    shop: Identity, declared: Declared, *, by: LiteralString, back: LiteralString
) -> Generator[None]:
    """The shop's `reports` changed by one statement, and back by the other when left."""
    grant = declared.grant(IDENTITY, "reports")

    def execute(statement: LiteralString) -> None:
        with shop.log_in(grant.user, grant.database) as connection:
            connection.execute(statement)

    execute(by)
    try:
        yield
    finally:
        execute(back)
