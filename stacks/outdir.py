"""The folder that is synthesized to: it holds one environment, the last."""

import re
import shutil
from fnmatch import fnmatch
from pathlib import Path

_ASSET = re.compile(r"asset\.[0-9a-f]{64}(\.\w+)?")
_OF_A_STACK = (".assets.json", ".metadata.json", ".template.json")
_OF_ANY = {"manifest.json", "review", "tree.json", "validation-report.json"}
_LOCK = re.compile(r"(synth|read\.\d+\.\d+)\.lock")


class OutdirError(Exception):
    """The folder is among the sources, or holds something that no synthesis wrote."""


def refuse_among_sources(outdir: Path, project: Path) -> None:
    """Take no folder in ``project`` but in one that its ``.gitignore`` names, for what is made.

    Raises:
        OutdirError: it is another; nothing is touched.
    """
    place = outdir.resolve()
    if not place.is_relative_to(project):
        return
    top = (*place.relative_to(project).parts, "")[0]
    ignored = (project / ".gitignore").read_text().splitlines()
    if not any(fnmatch(f"/{top}/", line) for line in ignored):
        raise OutdirError(
            f"{outdir}: is among the sources; must be outside of {project}, or in it a folder "
            "that git ignores, such as cdk.out.2 or build"
        )


def clear(outdir: Path) -> None:
    """Remove what an earlier synthesis wrote to ``outdir``, and nothing that is not the CDK's.

    The CDK leaves the templates of another environment where they are, and takes for whole an
    asset of which an interrupted synthesis copied half.

    Raises:
        OutdirError: no synthesis was there, and something else is; nothing is touched.
    """
    there = [*outdir.iterdir()] if outdir.is_dir() else []
    names = {path.name for path in there}
    # The CDK writes this file last.
    if "cdk.out" not in names and (others := _not_of_a_synthesis(names)):
        raise OutdirError(
            f"{outdir}: must be a new folder, an empty one, or one of an earlier synthesis, since "
            f"stacks are written to it; it has {', '.join(others[:3])}"
        )
    for path in there:
        if _ASSET.fullmatch(path.name):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        elif path.name.endswith(_OF_A_STACK):
            path.unlink()


def _not_of_a_synthesis(names: set[str]) -> list[str]:
    """What else there is. One that was interrupted copied assets before it wrote anything."""
    assets = {name for name in names if _ASSET.fullmatch(name)}
    written = {name for name in names if name.endswith(_OF_A_STACK) or name in _OF_ANY}
    locks = {name for name in names if _LOCK.fullmatch(name)}
    return sorted(names - locks - (assets | written if assets else set()))
