"""Which resources change between the templates of two assemblies, as ``cdk diff`` says it."""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

CDK = Path("node_modules/.bin/cdk")
TEMPLATE = ".template.json"
# A resource's line; those of its properties are further in.
_LINE = re.compile(r"^\[[-+~]\] .+", re.MULTILINE)

# A deploy leaves it where it is.
_GONE = """Stack {0}
Resources
[-] AWS::CloudFormation::Stack {0} not declared any more; deployed until it is destroyed
"""


class ChangesError(Exception):
    """``cdk diff`` failed; the message is what it said."""


def changes(before: Path, after: Path) -> dict[str, str]:
    """What ``cdk diff`` says of each stack that is not as before.

    It asks no account, and so knows neither what is deployed nor what only CloudFormation knows.

    Args:
        before: a folder with the templates of an earlier assembly.
        after: the folder of the assembly.

    Raises:
        ChangesError: the CDK did.
    """
    old, new = _templates(before), _templates(after)
    found = {
        name: _diff(after, name, old.get(name, "{}"))
        for name in sorted(new)
        if name not in old or json.loads(old[name]) != json.loads(new[name])
    }
    gone = {name: _GONE.format(name) for name in sorted(old.keys() - new)}
    return found | gone


def resources(text: str) -> list[str]:
    """The lines of what ``cdk diff`` says that are about a whole resource."""
    _, _, rest = text.partition("\nResources\n")
    return _LINE.findall(rest.partition("\n\n")[0])


def _templates(folder: Path) -> dict[str, str]:
    return {
        file.name.removesuffix(TEMPLATE): file.read_text(encoding="utf-8")
        for file in folder.glob(f"*{TEMPLATE}")
    }


def _diff(assembly: Path, stack: str, template: str) -> str:
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        file.write(template)
        file.flush()
        ran = subprocess.run(  # noqa: S603
            [
                *(CDK, "diff", "--app", assembly, stack, "--exclusively"),
                *("--template", file.name, "--no-color"),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    if ran.returncode:
        raise ChangesError(ran.stderr)
    return ran.stdout + ran.stderr


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what changes, and write ``changes.txt`` and ``changes.json``; 1 if the CDK fails."""
    parser = argparse.ArgumentParser(prog="python -m review.changes", description=__doc__)
    parser.add_argument("before", type=Path, help="a folder with templates")
    parser.add_argument("after", type=Path, help="the folder of an assembly")
    parser.add_argument("--write", type=Path, required=True, metavar="FOLDER")
    options = parser.parse_args(arguments)
    try:
        found = changes(options.before, options.after)
    except ChangesError as error:
        print(error, file=sys.stderr)
        return 1
    text = "\n".join(found.values()) or "no change of resources\n"
    content = {name: resources(each) for name, each in found.items()}
    options.write.mkdir(parents=True, exist_ok=True)
    (options.write / "changes.txt").write_text(text, encoding="utf-8")
    (options.write / "changes.json").write_text(json.dumps(content, indent=1), encoding="utf-8")
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
