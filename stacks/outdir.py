"""The folder that is synthesized to: it holds one environment, the last."""

import re
import shutil
from pathlib import Path

_ASSET = re.compile(r"asset\.[0-9a-f]{64}(\.\w+)?")
_OF_A_STACK = (".assets.json", ".metadata.json", ".template.json")


def clear(outdir: Path) -> None:
    """Remove what an earlier synthesis wrote to ``outdir``, and nothing that is not the CDK's.

    The CDK leaves the templates of another environment where they are, and takes for whole an
    asset of which an interrupted synthesis copied half.
    """
    # The CDK writes this file of its version to each folder that it synthesizes to.
    synthesized = (outdir / "cdk.out").is_file()
    for path in outdir.iterdir() if outdir.is_dir() else ():
        if _ASSET.fullmatch(path.name):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        elif synthesized and path.name.endswith(_OF_A_STACK):
            path.unlink()
