"""Take RDS's authorities anew from a file that was downloaded: `make certificates FILE=…`."""

import sys
from pathlib import Path

from airflow_rds_iam.certificates import RDS_CERTIFICATES, blocks, roots


def main(file: Path, held: Path = RDS_CERTIFICATES) -> int:
    """Say what changes, and take it. 1: nothing was changed, and why."""
    try:
        before, after = roots(held), roots(file)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    new, gone = sorted(after.keys() - before.keys()), sorted(before.keys() - after.keys())
    for mark, names in (("+", new), ("-", gone)):
        for name in names:
            ends = after.get(name) or before[name]
            print(f"{mark} {name}, until {ends:%Y-%m-%d}")
    print(f"{len(new)} new, {len(gone)} gone, {len(after)} in all")
    held.write_text("\n".join(blocks(file)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
