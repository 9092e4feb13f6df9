"""Has cdk-nag's answers recorded; to be imported before the CDK, whose import starts Node.js.

cdk-nag 3 reports violations alone ("Migrating to v3": the report logger is gone), and jsii hands a
rule's answer to Python one call at a time.
"""

import atexit
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

_SCRIPT = Path(__file__).with_name("recorder.cjs")
_FOLDER = tempfile.mkdtemp(prefix="cdk-nag-")
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)

os.environ["CDK_NAG_ANSWERS"] = _FOLDER
os.environ["NODE_OPTIONS"] = " ".join(
    part for part in (os.environ.get("NODE_OPTIONS"), f'--require "{_SCRIPT}"') if part
)


def answers() -> dict[str, Any]:
    """What was recorded so far, by the names of the packs: each rule, with what it answered."""
    return {
        file.name.removesuffix(".json"): json.loads(file.read_text())
        for file in sorted(Path(_FOLDER).glob("*.json"))
    }
