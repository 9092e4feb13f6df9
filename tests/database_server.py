"""The servers of the tests, which benchmarks have, too."""

from emulator.postgres.server import MASTER as MASTER
from emulator.postgres.server import PORT as PORT
from emulator.postgres.server import SUPERUSER as SUPERUSER
from emulator.postgres.server import VERSIONS as VERSIONS
from emulator.postgres.server import Postgres as Postgres
from emulator.postgres.server import running as running
