import json
import re
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from aws_cdk import App, Environment
from pydantic import BaseModel

from airflow_rds_iam.declaration.model import Declaration
from airflow_rds_iam.declaration.reference import reference
from airflow_rds_iam.declaration.schema import document
from stacks import add_environment
from tests.declared import dev
from tests.existing import AIRFLOW, LAKE, NETWORK, OWN_KEY
from tests.kinds import KINDS
from tests.templates import of_type, text

FILE = Path(__file__).parents[4] / "docs/declaration.md"
ROW = re.compile(r"^\| `(\w+)` \|(.*)\|$")

# Beside the dev environment: another value of each key that becomes a property.
CHANGES: dict[str, object] = {
    "prefix": "blue",
    "network.cidr": "10.99.0.0/16",
    "network.zones": ["b", "c"],
    "network.egress": "nat",
    "network.clients": [
        {"security_group": "sg-0a1b2c3d", "because": "the first"},
        {"prefix_list": "pl-0a1b2c3d", "because": "the second"},
        {"range": "10.8.0.0/16", "because": "the third"},
    ],
    "instances.warehouse.engine_version": "18",
    "instances.warehouse.class": "db.m7g.large",
    "instances.warehouse.storage": {"gib": 50, "max_gib": 500},
    "instances.warehouse.multi_az": True,
    "instances.warehouse.backup_days": 9,
    "instances.warehouse.deletion_protection": True,
    "instances.warehouse.allow_major_version_upgrade": True,
    "instances.warehouse.resource_id": "db-ABC",
    "instances.warehouse.log_retention_days": 731,
    "instances.lake.existing": LAKE["existing"],
    "instances.lake.databases": LAKE["databases"],
    "instances.warehouse.connections_per_user": 30,
    "instances.surf.engine": "aurora-postgresql",
    "instances.surf.serverless": {"min": 1, "max": 8},
    "instances.surf.databases": {"waves": {"own": ["shop"]}},
    "airflow.name": "another",
    "airflow.version": "3.2.1",
    "airflow.class": "mw1.large",
    "airflow.workers": {"min": 3, "max": 7},
    "airflow.schedulers": 4,
    "airflow.web_servers": {"min": 3, "max": 4},
    "airflow.web_server_access": "public_and_private",
    "airflow.configuration": {"core.parallelism": "7"},
    "airflow.log_level": "ERROR",
    "airflow.log_levels": {"task": "DEBUG"},
    "airflow.maintenance_window": "TUE:22:00",
    "airflow.log_retention_days": 1827,
    "airflow.worker_replacement": "forced",
    "airflow.authorities": "/etc/ssl/rds.pem",
    "airflow.plugins": "examples",
    "airflow.startup_script": "tests/stacks/startup.sh",
    "airflow.key": OWN_KEY,
    "airflow.bucket": "team-files",
    "drift_check.schedule": "rate(5 hours)",
    "alarms": {"topic_arn": "arn:aws:sns:eu-central-1:111122223333:alarms"},
    "delivery": {
        "github": {"repository": "octo-org/octo-repo", "diff_on_pull_requests": True},
        "gitlab": {"project": "group/project"},
    },
    "identities.shop.role_arn": "arn:aws:iam::111122223333:role/another",
    **{f"identities.{name}": kind for name, kind in KINDS.items()},
    "instances.warehouse.databases.payroll.read": [*KINDS],
}
# The same of what exists, which goes with nothing of what is made.
OF_WHAT_EXISTS: dict[str, object] = {
    "network": {"existing": NETWORK},
    "airflow": {
        "existing": {
            **{key: value for key, value in AIRFLOW.items() if key != "security_group"},
            "ranges": ["10.40.0.0/24"],
        }
    },
}


def rows() -> Iterator[tuple[str, str, str]]:
    """The path of a section, a key in it, and the rest of its row."""
    section = ""
    for line in FILE.read_text().splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ").strip("`") + "."
        elif found := ROW.match(line):
            yield section, found[1], found[2]


def keys(
    model: type[BaseModel], path: str = "", shown: set[type[BaseModel]] | None = None
) -> Iterator[str]:
    """Each key of a model and of those within it, as the page names them: of each model once."""
    shown = set() if shown is None else shown
    for name, field in model.model_fields.items():
        inner = path + (field.alias or name)
        yield inner
        for one, suffix in models(field.annotation):
            if one not in shown:
                shown.add(one)
                yield from keys(one, f"{inner}{suffix}.", shown)


def models(kind: Any) -> Iterator[tuple[type[BaseModel], str]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind, ""
    origin = typing.get_origin(kind)
    suffix = ".<name>" if origin is dict else "[]" if origin is list else ""
    for part in typing.get_args(kind):
        yield from ((one, suffix + inner) for one, inner in models(part))


def test_the_page_is_current() -> None:
    assert FILE.read_text() == reference(), "run `make schema`"


def test_each_key_of_each_model_has_a_row_and_each_row_says_something() -> None:
    found = {section + key: rest.split(" | ") for section, key, rest in rows()}
    assert found.keys() == {*keys(Declaration)}, "run `make schema`"
    for path, (must_be, _, says) in found.items():
        assert must_be.strip(), path
        assert len(says.split()) > 1, path


def test_each_link_within_the_page_leads_to_a_section() -> None:
    page = FILE.read_text()
    sections = re.findall(r"^## `(.*)`$", page, re.MULTILINE)
    anchors = {re.sub(r"[^\w-]", "", section) for section in sections}
    assert {*re.findall(r"\(#([\w-]*)\)", page)} == anchors


def patterns(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        for name, value in cast("dict[str, Any]", schema).items():
            if name == "pattern":
                yield value
            elif name == "patternProperties":
                yield from value
            yield from patterns(value)
    if isinstance(schema, list):
        for item in cast("list[Any]", schema):
            yield from patterns(item)


def test_no_pattern_is_shown_to_people() -> None:
    page, hidden = FILE.read_text(), {*patterns(document())}
    assert len(hidden) > 15
    assert [pattern for pattern in hidden if pattern in page] == []


@pytest.fixture(scope="module")
def resources(new_app: Callable[[], App]) -> Callable[..., dict[str, list[Any]]]:
    """All values of each property that a declaration becomes, by `Type.Property`, or of `Type`."""

    def found(changes: dict[str, object]) -> dict[str, list[Any]]:
        app = new_app()
        env = Environment(account="111122223333", region="eu-central-1")
        declaration = Declaration.model_validate(dev(changes))
        add_environment(app, name="test", declaration=declaration, env=env)
        values: dict[str, list[Any]] = {}
        for file in sorted(Path(app.synth().directory).glob("*.template.json")):
            template = json.loads(file.read_text())
            for kind in {one["Type"] for one in template.get("Resources", {}).values()}:
                short = kind.rpartition("::")[2]
                for resource in of_type(template, kind).values():
                    properties = resource.get("Properties", {})
                    values.setdefault(short, []).append(properties)
                    for name, value in properties.items():
                        values.setdefault(f"{short}.{name}", []).append(value)
        return values

    return found


@pytest.mark.slow
def test_a_key_becomes_the_properties_that_the_page_names(
    resources: Callable[..., dict[str, list[Any]]],
) -> None:
    before, made, existing = resources({}), resources(CHANGES), resources(OF_WHAT_EXISTS)
    named = {
        section + key: re.findall(r"`([A-Z]\w+(?:\.[A-Z]\w+)?)`", says)
        for section, key, rest in rows()
        for says in [rest.rpartition(" | ")[2]]
        if re.search(r"`[A-Z]\w+\.[A-Z]", says)
    }
    assert len(named) > 30
    kinds = {f"identities.<name>.{way}" for kind in KINDS.values() for way in kind}
    tried = kinds | {re.sub(r"(instances|identities)\.\w+", r"\1.<name>", path) for path in CHANGES}
    tried |= {f"{section}.existing" for section in OF_WHAT_EXISTS}
    for path, properties in named.items():
        after = existing if path.startswith(("network.existing", "airflow.existing")) else made
        assert any(path.startswith(one) for one in tried) or path == "instances", path
        for one in properties:
            assert one in after, f"{path}: nothing has {one}"
            if path != "instances":
                assert text(before.get(one)) != text(after[one]), f"{path}: {one} is as before"
