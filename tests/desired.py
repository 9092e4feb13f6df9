"""The databases that the tests of the database users' function bring about."""

from typing import Any

from database_users.desired import Database

ORDERS = Database(
    "orders",
    "orders_owner",
    "orders_writer",
    "orders_reader",
    read=("reader",),
    write=("writer",),
    own=("owner",),
)
PAYROLL = Database("payroll", "payroll_owner", "payroll_writer", "payroll_reader", own=("boss",))

ORDERS_EVENT: dict[str, Any] = {
    "Name": "orders",
    "Owner": "orders_owner",
    "Writer": "orders_writer",
    "Reader": "orders_reader",
    "Read": ["airflow_orders_read"],
    "Own": ["shop_orders_own"],
}
"""One database as the function's event has it."""
