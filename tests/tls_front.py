"""The front door of the tests, which benchmarks have, too."""

from local.postgres.front import listening as listening
from local.postgres.front import write_certificate as write_certificate
