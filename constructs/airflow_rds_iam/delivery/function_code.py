"""The code of a Lambda function, the same bytes on each machine."""

from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution, distribution
from importlib.util import find_spec
from pathlib import Path

from aws_cdk import aws_lambda as lambda_
from packaging.requirements import Requirement

from airflow_rds_iam.delivery.bundling import bundle, copy_file, copy_tree

# Where a wheel of this library has the packages that it delivers; beside it in its repository.
DELIVERED = Path(__file__).parents[1] / "delivered"


def function_code(
    *packages: str, distributions: Sequence[str] = (), files: Sequence[Path] = ()
) -> lambda_.Code:
    """The installed Python packages, with what they need beside them.

    Args:
        packages: their importable names, or those of packages that the library delivers.
        distributions: pure-Python ones, installed here; what they require is added.
        files: copied to the root of the code.

    Raises:
        ValueError: a package is not installed, or a distribution has compiled parts, made for this
            machine only.
    """

    def assemble(target: Path) -> None:
        copy_packages(target, *packages, distributions=distributions)
        for file in files:
            copy_file(file, target / file.name)

    return lambda_.Code.from_asset(str(_folder(packages[0])), **bundle(assemble))


def copy_packages(target: Path, *packages: str, distributions: Sequence[str] = ()) -> None:
    """Copy the installed packages, and what they need, beside each other into ``target``.

    Args and errors are those of `function_code`.
    """
    for package in packages:
        copy_tree(_folder(package), target / package)
    for one in _with_requirements(distributions):
        for path in _importable_files(one):
            copy_file(Path(str(one.locate_file(path))), target / path)


def _folder(package: str) -> Path:
    if (delivered := DELIVERED / package).is_dir():
        return delivered
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(f"package {package!r} is not installed")
    return Path(spec.submodule_search_locations[0])


def _with_requirements(names: Sequence[str]) -> Iterator[Distribution]:
    waiting, seen = list(names), set[str]()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            yield (one := distribution(name))
            requirements = map(Requirement, one.requires or ())
            waiting += [r.name for r in requirements if not r.marker or r.marker.evaluate()]


def _importable_files(one: Distribution) -> Iterator[str]:
    """Without what differs from one installation to the next; METADATA holds the version."""
    if "Root-Is-Purelib: true" not in (one.read_text("WHEEL") or ""):
        raise ValueError(f"{one.name} {one.version} is not pure Python: it cannot be bundled")
    for file in one.files or ():
        information = file.parts[0].endswith(".dist-info")
        if (
            file.parts[0] != ".."
            and "__pycache__" not in file.parts
            and (not information or file.name == "METADATA")
        ):
            yield str(file)
