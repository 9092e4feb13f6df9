"""Whether the account takes a deploy: bootstrapped, its roles with room, and no name taken."""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from airflow_rds_iam.declaration.airflow import Airflow
from airflow_rds_iam.declaration.airflow_names import told_apart
from airflow_rds_iam.declaration.document import dotted
from airflow_rds_iam.declaration.environments import declaration_file
from airflow_rds_iam.declaration.file import DeclarationError, load
from airflow_rds_iam.declaration.model import Declaration
from deployed import sessions
from deployed.nested import joined
from deployed.stack import Template, read_stack
from preflight.airflow import unset
from preflight.bootstrap import unprepared
from preflight.files_bucket import AWS_KEY, unfit_bucket, unfit_key
from preflight.looked_up import changed
from preflight.moved import moved
from preflight.names import taken
from preflight.policies import (
    attached_anew,
    taken_away,
    too_many_logins,
    too_many_of_made,
)
from preflight.replacement import replaced
from review.templates.assembly import read

# IAM shows a new role everywhere within seconds ("Troubleshooting IAM", "Changes that I make are
# not always immediately visible").
PATIENCE_SECONDS = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """0: nothing speaks against it, as far as the caller may see. 1: it would fail."""
    parser = argparse.ArgumentParser(prog="python -m preflight", description=__doc__)
    parser.add_argument("assembly", type=Path, help="what was synthesized, such as cdk.out")
    parser.add_argument("--environment", default="dev", help="as make was told it")
    given = parser.parse_args(arguments)
    try:
        declaration = load(declaration_file(given.environment, folder=Path("environments")))
        session = sessions.session(given.assembly, "read")
        found = [*_first(session, given.assembly, given.environment)]
        found = found or [*_obstacles(session, given.assembly, declaration)]
    except DeclarationError as error:
        print(error, file=sys.stderr)
        return 1
    except (ClientError, BotoCoreError) as error:
        print(f"whether the roles take their policies was not asked: {error}", file=sys.stderr)
        return 0
    if found:
        print("nothing is deployed:", *found, sep="\n  ", file=sys.stderr)
    return 1 if found else 0


def _first(session: Any, assembly: Path, environment: str) -> Iterator[str]:
    """What would fail each deploy, whatever it holds."""
    try:
        if found := unprepared(session, assembly, environment=environment):
            yield found
    except ClientError as error:
        print(f"whether the account is bootstrapped was not asked: {error}", file=sys.stderr)


def _obstacles(session: Any, assembly: Path, declaration: Declaration) -> Iterator[str]:
    stacks = read(assembly).stacks
    nested = {one.name.rpartition("/")[2]: one.template for one in stacks if one.parent}
    declared = [one for one in stacks if not one.parent]
    [access] = [one for one in declared if one.name.endswith("-access")]
    environment = access.name.removesuffix("-access")
    airflows = {told_apart(f"{environment}-airflow", name): name for name in declaration.airflows}
    cloudformation, rds, logs = map(session.client, ("cloudformation", "rds", "logs"))
    there = read_stack(cloudformation, access.name)
    for stack in declared:
        try:
            old = there if stack is access else read_stack(cloudformation, stack.name)
            yield from taken(rds, logs, stack.template, old.ids if old else {})
            if airflow := airflows.get(stack.name):
                yield from replaced(
                    old.template if old else {},
                    stack.template,
                    replaces=declaration.airflows[airflow].replaces,
                    said=dotted(declaration.airflow_path(airflow)),
                )
        except ClientError as error:
            print(f"whether its names are free was not asked: {error}", file=sys.stderr)
    try:
        yield from changed(rds, declaration)
    except ClientError as error:
        print(f"whether what was looked up has changed was not asked: {error}", file=sys.stderr)
    for name, airflow in declaration.airflows.items():
        yield from _of_airflow(session, airflow, dotted(declaration.airflow_path(name)))
    deployed: Template = there.template if there else {}
    wanted = joined(access.template, nested)
    yield from moved(deployed, wanted)
    yield from obstacles(session.client("iam"), declaration, deployed, wanted)


def _of_airflow(session: Any, airflow: Airflow, said: str) -> Iterator[str]:
    """What is wrong with what exists of Airflow, or of what a new one is to take."""
    existing, key = airflow.existing, airflow.key or AWS_KEY
    try:
        if existing and existing.environment:
            yield from unset(session.client("mwaa"), existing, said=f"{said}.existing")
        if airflow.bucket:
            yield from unfit_bucket(
                session.client("s3"), airflow.bucket, key, said=f"{said}.bucket"
            )
        if key != AWS_KEY:
            yield from unfit_key(
                session.client("kms"), key, region=session.region_name, said=f"{said}.key"
            )
    except ClientError as error:
        print(f"what Airflow is to take was not asked: {error}", file=sys.stderr)


def obstacles(
    iam: Any, declaration: Declaration, deployed: Template, template: Template
) -> Iterator[str]:
    """What IAM would refuse of an update from one template of the access stack to another.

    Args:
        iam: a boto3 client; it calls ListAttachedRolePolicies.
        declaration: that ``template`` was made from.
        deployed: what is there; empty if nothing is.
        template: what is to be.

    Raises:
        ClientError: the caller may not read the roles.
    """
    quota = declaration.managed_policies_per_role
    for identity, arn in declaration.role_arns.items():
        role = arn.rpartition("/")[2]
        anew = attached_anew(role, deployed=deployed, template=template)
        if not anew:
            continue
        attached = _attached(iam, role)
        if attached is None:
            yield f"{identity}: the account has no role {arn}; make it first"
        elif attached + anew > quota:
            yield (
                f"{identity}: {arn} has {attached} managed policies, and this "
                f"attaches {anew} more: {quota} are allowed (managed_policies_per_role); "
                + (
                    "what goes, goes after that: deploy its removal first, then the rest"
                    if taken_away(role, deployed=deployed, template=template)
                    else "have the quota raised and declare it, or detach one"
                )
            )
    for name in declaration.airflows:
        if crowded := too_many_logins(name, deployed=deployed, template=template):
            yield crowded
    for name in (*declaration.airflows, *declaration.identities):
        if name in declaration.role_arns:
            continue
        if crowded := too_many_of_made(name, deployed=deployed, template=template, quota=quota):
            yield crowded


def _attached(iam: Any, role: str) -> int | None:
    """How many managed policies a role has; None: there is no such role."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            pages = iam.get_paginator("list_attached_role_policies").paginate(RoleName=role)
            return sum(len(page["AttachedPolicies"]) for page in pages)
        except iam.exceptions.NoSuchEntityException:
            if time.monotonic() > end:
                return None
            time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main())
