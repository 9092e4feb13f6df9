"""Whom the policies of generated declarations let in, up to 300 databases, of every kind."""

import json
import os
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from aws_cdk import App, Environment
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from airflow_rds_iam.declaration.databases import LEVELS
from airflow_rds_iam.declaration.file import load
from deployed.nested import joined
from stacks import add_environment
from tests.declared import REMOVED, dev, written
from tests.kinds import KINDS
from tests.stacks.test_policy_sizes import longest
from tests.templates import Content, of_type, text

EXAMPLES = 200 if os.environ.get("HYPOTHESIS_PROFILE") == "full" else 2
MOST = 300
QUOTA = 20
OTHER_POLICIES = 3
CENTER = 20
"""Databases of a permission set, whose policies are one."""
SEPARATE, SEPARATES = 10, 30
"""Databases with a policy each, of an identity and of Airflow."""
LAYOUTS = st.sampled_from(["separate", "packed"])
TASKS = ("invoices", "closing")
"""Roles of Airflow's tasks, each for the one database that it is found to be granted in."""
FOUND = 0.3
OUTPUTS = {
    "AirflowExecutionRole": "airflow",
    "AirflowExecutionRoleOfMl": "ml",
    "AirflowExecutionRoleOfMlOps": "ml_ops",
}
Logins = dict[str, set[tuple[str, str]]]
"""The users of each identity, each with its instance."""


@st.composite
def declarations(draw: st.DrawFn) -> tuple[dict[str, Any], Logins]:
    """Databases of one or two instances; what of them is granted, by the YAML alone."""
    random: Random = draw(st.randoms(use_true_random=False))
    airflows = draw(st.sampled_from([["airflow"], ["ml", "ml_ops"], ["airflow", "ml"], []]))
    people = [*airflows, "shop", *KINDS]
    tasks = {name: draw(st.sampled_from(airflows)) for name in TASKS} if airflows else {}
    most = draw(st.sampled_from([SEPARATE, SEPARATES, MOST, MOST]))
    count = draw(st.integers(1, most) | st.just(most))
    logins: Logins = defaultdict(set)
    instances: dict[str, Any] = {
        "warehouse": {"databases": {}},
        "lake": {"databases": {}, "access_stack": draw(st.sampled_from(["shared", "own"]))},
    }
    for number in range(count):
        instance = random.choice([*instances])
        name = random.choice([f"sales_{number}", f"d{number}", f"on_{number}_{'x' * 30}"])
        levels: dict[str, list[str]] = {level: [] for level in LEVELS}
        for one in dict.fromkeys(["shop", *random.sample(people, random.randint(0, 6))]):
            if one == "analyst" and len(logins[one]) == CENTER:
                continue
            level = random.choice(LEVELS)
            levels[level].append(one)
            logins[one].add((instance, f"{one}_{name}_{level}"))
        for one in tasks:
            if not logins[one] and random.random() < FOUND:
                level = random.choice(LEVELS)
                levels[level].append(one)
                logins[one].add((instance, f"{one}_{name}_{level}"))
        instances[instance]["databases"][name] = levels
    declared = {name: one for name, one in instances.items() if one["databases"]}
    identities: dict[str, Any] = {
        **KINDS,
        "shop": {
            "role_arn": "arn:aws:iam::111122223333:role/shop",
            "other_policies": OTHER_POLICIES,
        },
    }
    for name, identity in identities.items():
        layout = "packed" if len(logins[name]) > SEPARATE else draw(LAYOUTS)
        if name != "analyst":
            identities[name] = {**identity, "policies": layout}
    identities |= {name: {"task_role": True, "airflow": airflow} for name, airflow in tasks.items()}
    layouts = LAYOUTS if count <= SEPARATES else st.just("packed")
    content = dev({
        "instances": declared,
        "identities": identities,
        "airflow": REMOVED,
        "airflows": {name: {"policies": draw(layouts)} for name in airflows},
        "managed_policies_per_role": QUOTA,
    })  # fmt: skip
    return content, logins


@pytest.fixture(scope="module")
def access(
    new_app: Callable[[], App], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[dict[str, Any]], Content]:
    folder = tmp_path_factory.mktemp("environments")

    def template(content: dict[str, Any]) -> Content:
        app = new_app()
        declaration = load(written(content, folder / "dev.yaml"))
        env = Environment(account=declaration.account, region=declaration.region)
        add_environment(app, name="dev", declaration=declaration, env=env)
        out = Path(app.synth().directory)
        outer = json.loads((out / "dev-access.template.json").read_text())
        [*nested] = out.glob("*.nested.template.json")
        stacks = of_type(outer, "AWS::CloudFormation::Stack")
        return joined(
            outer,
            {
                stack: json.loads(file.read_text())
                for stack, file in zip(stacks, nested, strict=True)
            },
        )

    return template


def holder(template: Content, properties: dict[str, Any]) -> str:
    """The identity whose role has a policy, by the role's name."""
    match properties.get("Roles"):
        case None:
            return str(properties["ManagedPolicyName"])
        case [{"Ref": role}]:
            made = template["Resources"][role]["Properties"].get("RoleName", "")
            return made.removeprefix("dev-")
        case [role]:
            outputs = template["Outputs"]
            airflows = {
                airflow: outputs[name]["Value"]
                for name, airflow in OUTPUTS.items()
                if name in outputs
            }
            return next((name for name, its in airflows.items() if its == role), str(role))
        case other:
            raise AssertionError(other)


@pytest.mark.slow
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
)
@given(declarations())
def test_exactly_the_declared_users_are_let_in_within_every_quota(
    access: Callable[[dict[str, Any]], Content], declared: tuple[dict[str, Any], Logins]
) -> None:
    content, logins = declared
    template = access(content)
    found: Logins = defaultdict(set)
    attached: dict[str, int] = defaultdict(int)
    inline: dict[str, int] = defaultdict(int)
    for kind in ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"):
        for policy in of_type(template, kind).values():
            properties = policy["Properties"]
            who = holder(template, properties)
            if not who:
                continue  # a function's
            size = len(
                json.dumps(longest(properties["PolicyDocument"]), separators=(",", ":"))
                .replace("arn:aws:", "arn:aws-us-gov:")
                .replace("eu-central-1", "us-gov-east-1")
            )
            if kind == "AWS::IAM::ManagedPolicy":
                attached[who] += 1
                assert size <= 6144
            else:
                inline[who] += size
            for statement in properties["PolicyDocument"]["Statement"]:
                if statement["Action"] == "rds-db:connect":
                    server, _, user = text(statement["Resource"]).rpartition("/")
                    [instance] = [name for name in content["instances"] if f'-{name}"' in server]
                    assert "*" not in user
                    assert (instance, user) not in found[who]
                    found[who].add((instance, user))
    assert found == {who: users for who, users in logins.items() if users}
    others = {"shop": OTHER_POLICIES}
    assert all(count + others.get(who, 0) <= QUOTA for who, count in attached.items())
    assert all(size <= 10240 for size in inline.values())
