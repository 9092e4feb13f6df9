"""The databases that the tests of the database users' function bring about."""

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
