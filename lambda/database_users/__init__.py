"""Makes the databases, roles, privileges and login users of a server what is declared."""

import logging

from rds_login.printable import printable


def _on_one_line(record: logging.LogRecord) -> bool:
    """What others gave a name to ends no line of the log, and begins none."""
    record.msg, record.args = printable(record.getMessage()), ()
    return True


logging.getLogger(__name__).addFilter(_on_one_line)
