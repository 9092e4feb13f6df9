"""Start the local AWS: `python -m emulator --state DIR --account 111122223333 --region ...`."""

import argparse
import asyncio
import sys
from pathlib import Path

from emulator.account import Settings, run


def main() -> None:
    """Read the arguments and run until the end."""
    parser = argparse.ArgumentParser(prog="python -m emulator", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="directory of all its files")
    parser.add_argument("--account", required=True, help="twelve digits")
    parser.add_argument("--region", required=True)
    parser.add_argument(
        "--outlive-parent", action="store_true", help="do not end when the starting process does"
    )
    given = parser.parse_args()
    if not (given.account.isdigit() and len(given.account) == 12):
        parser.error(f"--account {given.account!r}: twelve digits")
    settings = Settings(given.state.resolve(), given.account, given.region, given.outlive_parent)
    try:
        asyncio.run(run(settings))
    except (RuntimeError, OSError) as error:
        sys.exit(f"local AWS: {error}")


main()
