import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from aws_cdk import App, Stack

ROOT = Path(__file__).parents[1]

# CDK's own validation takes ten seconds at each synthesis, and cfn-lint looks at the same here; it
# does run with each `cdk synth`, and so in the demo.
os.environ["CDK_VALIDATION"] = "false"
os.environ["JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION"] = "20"


@pytest.fixture(scope="session")
def new_app(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], "App"]:
    """Makes applications with the flags of cdk.json."""
    import aws_cdk

    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    return lambda: aws_cdk.App(context=context, outdir=str(tmp_path_factory.mktemp("cdk.out")))


@pytest.fixture(scope="session")
def new_stack(new_app: "Callable[[], App]") -> Callable[[], "Stack"]:
    """Makes stacks, each in an application of its own."""
    import aws_cdk

    env = aws_cdk.Environment(account="111122223333", region="eu-central-1")
    return lambda: aws_cdk.Stack(new_app(), "Stack", env=env)
