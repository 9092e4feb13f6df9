"""The doctor in a real Airflow, asked again and again; see `proof.airflow`.

It is run by Airflow's own interpreter and environment, of Airflow 2 or 3. A line on standard input
is a connection to look into and what is wrong around it; a line on standard output is what was
found.
"""

import json
import os
import sys

from surroundings import otherwise

from doctor import evidence
from doctor.airflow_connection import diagnosed


def main() -> None:
    """Answer each line of standard input until it ends."""
    evidence.SECONDS = 1
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1) as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        for line in sys.stdin:
            connection_id, surroundings = json.loads(line)
            with otherwise(**surroundings):
                found = diagnosed(connection_id)
            print(json.dumps([found.as_json(), found.text()]), file=answers)


if __name__ == "__main__":
    main()
