"""What the documents name is there."""

import importlib.util
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.model import Shape

from airflow_rds_iam.audit.saved_queries import QUERIES
from review.iam.actions import actions_of
from tests.application import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
CODE = re.compile(r"```.*?\n(.*?)```|`([^`\n]+)`", re.DOTALL)
# What is made when it is needed; a review, in the folder that is synthesized to.
MADE = {".venv", ".local", "build", "cdk.out", "node_modules", "review", "try"}
NEVER = {"constructs/__init__.py", "tests/constructs/__init__.py"}


def code(document: Path) -> Iterator[str]:
    """Each line of code in a document."""
    for block, span in CODE.findall(document.read_text()):
        yield from (block or span).splitlines()


def targets() -> set[str]:
    found: set[str] = set()
    for line in (ROOT / "Makefile").read_text().splitlines():
        if names := re.match(r"([a-z -]+):(?!=)", line):
            found.update(names[1].split())
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_each_target_of_make_exists(document: Path) -> None:
    named = {
        word
        for line in code(document)
        for command in re.findall(r"\bmake ((?:[a-z][a-z-]*\b ?)+)", line)
        for word in command.split()
    }
    assert named <= targets()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_each_link_leads_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", document.read_text()):
        if link.startswith("http"):
            continue
        name, _, heading = link.partition("#")
        file = document.parent / name if name else document
        assert file.exists(), link
        assert not heading or heading in headings(file), link


@cache
def headings(document: Path) -> frozenset[str]:
    """As GitHub calls them in a link."""
    titles = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return frozenset(re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_each_file_and_folder_that_is_named_exists(document: Path) -> None:
    for line in code(document):
        for path in re.findall(r"(?<![\w/<>.@:{*-])\.?[a-z_]\w*/[\w/.-]*\w", line):
            top = path.partition("/")[0]
            if top not in MADE and (ROOT / top).exists():
                assert (ROOT / path).exists() != (path in NEVER), path


# What the command line has beside the services' own actions.
GLOBAL_OPTIONS = {"output", "profile", "query", "region"}
OF_THE_COMMAND_LINE = {
    ("rds", "generate-db-auth-token"): {"hostname", "port", "username"},
    ("sso", "login"): set[str](),
}


def options(service: str, action: str, rest: str) -> set[str]:
    """Those that AWS's command line takes; KeyError for an action that is none."""
    if (service, action) in OF_THE_COMMAND_LINE:
        return OF_THE_COMMAND_LINE[service, action]
    session = botocore.session.Session()
    model = session.get_service_model(service)
    if action == "wait":
        waiters = session.get_waiter_model(service)
        named = {xform_name(name, "-"): name for name in waiters.waiter_names}
        operation = waiters.get_waiter(named[rest.split()[0]]).operation
    else:
        operation = {xform_name(name, "-"): name for name in model.operation_names}[action]
    shape = model.operation_model(operation).input_shape
    members: Mapping[str, Shape] = shape.members if shape else {}
    found = {xform_name(name, "-") for name in members}
    switches = {xform_name(name, "-") for name, of in members.items() if of.type_name == "boolean"}
    return found | {f"no-{name}" for name in switches}


CALL = re.compile(r"(?:^|[`(]|\$ )aws ([a-z][\w-]*) ([a-z][\w-]*)([^`\n]*)", re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_each_call_of_awss_command_line_is_one(document: Path) -> None:
    text = document.read_text().replace("\\\n", " ")
    for service, action, rest in CALL.findall(text):
        given = {*re.findall(r"--([a-z][\w-]*)", rest)}
        assert given - GLOBAL_OPTIONS <= options(service, action, rest), (service, action)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_each_module_that_is_run_is_there(document: Path) -> None:
    for name in re.findall(r"python -m ([\w.]+\w)", document.read_text()):
        spec = importlib.util.find_spec(name)
        assert spec, name
        assert not spec.submodule_search_locations or importlib.util.find_spec(f"{name}.__main__")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_each_permission_is_one_of_iams(document: Path) -> None:
    for service, name in re.findall(r"`([a-z][a-z0-9-]+):([A-Z]\w+)`", document.read_text()):
        assert f"{service}:{name}" in actions_of(service)


def keys(schema: Mapping[str, Any], part: Mapping[str, Any]) -> Iterator[str]:
    """Each key of a part of the declaration, and those within it; ``*`` for a name of one's own."""
    if reference := part.get("$ref"):
        yield from keys(schema, schema["$defs"][reference.rpartition("/")[2]])
    for one in (*part.get("anyOf", ()), *filter(None, [part.get("items")])):
        yield from keys(schema, one)
    for name, one in part.get("properties", {}).items():
        yield name
        yield from (f"{name}.{rest}" for rest in keys(schema, one))
    for one in part.get("patternProperties", {}).values():
        yield "*"
        yield from (f"*.{rest}" for rest in keys(schema, one))


@cache
def declared() -> frozenset[str]:
    """Every key, from each part of the declaration on that has it."""
    schema = json.loads((ROOT / "environments/declaration.schema.json").read_text())
    paths = [path.split(".") for path in keys(schema, schema)]
    return frozenset(".".join(path[index:]) for path in paths for index in range(len(path)))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_each_key_of_a_declaration_is_one(document: Path) -> None:
    text = document.read_text()
    known = {name for path in declared() for name in path.split(".")}
    for path in re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)`", text):
        first, *_, last = path.split(".")
        if first in known and last not in FILES:
            assert path.replace(".shop.", ".*.") in declared(), path
    for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL):
        # Names of one's own have no underscore.
        for name in re.findall(r"^[ -]*([a-z]+_[a-z_]+):", block, re.MULTILINE):
            assert name in known, name


FILES = {"json", "md", "py", "sarif"}


@cache
def deployed(environment: str) -> Mapping[str, Mapping[str, Any]]:
    """The resources of an environment, by logical id, as its snapshot has them."""
    snapshots = ROOT / "tests/__snapshots__/test_app"
    [file] = snapshots.glob(f"*snapshot?{environment}].json")
    stacks: Mapping[str, Any] = json.loads(file.read_text())
    return {
        name: resource for stack in stacks.values() for name, resource in stack["Resources"].items()
    }


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_alarms_that_are_listed_are_those_of_each_server(environment: str) -> None:
    text = (ROOT / "docs/access.md").read_text().partition("## When the server has drifted")[2]
    listed = re.findall(r"^\| `(\w+)` \|", text.partition("\n## ")[0], re.MULTILINE)
    made = [
        name
        for name, resource in deployed(environment).items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    ]
    assert len(listed) == len(made)
    for name in listed:
        assert [one for one in made if re.search(rf"{name}([0-9A-F]{{8}})?$", one)], name


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_each_metric_is_watched(document: Path) -> None:
    watched = {
        resource["Properties"].get("MetricName", "").partition("-")[0]
        for resource in deployed("prod").values()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }
    for names in re.findall(r"`AirflowRdsIam / (\w+)[^`]*`(?:, `(\w+)`)?", document.read_text()):
        assert {*names} - {""} <= watched


def test_the_saved_queries_are_those_that_audit_names() -> None:
    text = (ROOT / "docs/audit.md").read_text().partition("## 1.")[2].partition("## 2.")[0]
    assert {*re.findall(r"`([a-z]+(?:-[a-z]+)*)`", text)} - {"airflow"} == QUERIES.keys()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_each_log_of_a_server_is_exported(document: Path) -> None:
    exported = [
        name
        for resource in deployed("prod").values()
        for name in resource["Properties"].get("EnableCloudwatchLogsExports", ())
    ]
    for name in re.findall(r"/aws/rds/instance/[^/`\s]+/([\w-]+)", document.read_text()):
        assert name in exported
