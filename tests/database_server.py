"""The servers of the tests, which benchmarks have, too."""

from local.postgres.server import MASTER as MASTER
from local.postgres.server import PORT as PORT
from local.postgres.server import SUPERUSER as SUPERUSER
from local.postgres.server import VERSIONS as VERSIONS
from local.postgres.server import Postgres as Postgres
from local.postgres.server import running as running
