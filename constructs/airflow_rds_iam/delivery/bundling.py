"""Assets that are put together at synthesis, without Docker."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling


def bundle(assemble: Callable[[Path], None]) -> dict[str, Any]:
    """Asset options with which ``assemble`` fills the asset's folder; its content is its hash."""
    return {
        "asset_hash_type": AssetHashType.OUTPUT,
        "bundling": BundlingOptions(
            image=DockerImage.from_registry("unused"), local=_LocalBundling(assemble)
        ),
    }


def copy_tree(source: Path, target: Path) -> None:
    """Copy the files of ``source``, without compiled ones, into the folder ``target``."""
    for file in sorted(source.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            copy_file(file, target / file.relative_to(source))


def copy_file(source: Path, target: Path) -> None:
    """Copy one file; its mode is the same whatever this machine's umask."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o644)


@jsii.implements(ILocalBundling)
class _LocalBundling:
    def __init__(self, assemble: Callable[[Path], None]) -> None:
        self._assemble = assemble

    # jsii hands the options over by position.
    def try_bundle(self, output_dir: str, *_: object, **__: object) -> bool:
        self._assemble(Path(output_dir))
        return True
