"""The policies that a role has in the middle of an update of the access stack.

CloudFormation makes what is new before it takes away what is not declared any more, so a role has
both for a while ("Update behaviors of stack resources" of its user guide).
"""

import json
import re

from airflow_rds_iam.declaration.airflow_names import EXECUTION_ROLE, output
from airflow_rds_iam.declaration.identities import METADATA
from airflow_rds_iam.declaration.policies import INLINE_POLICIES, LOGIN_POLICY, OWN_POLICIES
from deployed.stack import Template, resources_of

# A change of one of these makes another policy (its schema's createOnlyProperties).
_REPLACING = ("Description", "ManagedPolicyName", "Path")
_LOGIN = re.compile(r':dbuser:.*/([^/"]+)"')


def attached_anew(role: str, *, deployed: Template, template: Template) -> int:
    """How many managed policies an update attaches to a role of that name."""
    return len({*_managed(template, role).items()} - {*_managed(deployed, role).items()})


def taken_away(role: str, *, deployed: Template, template: Template) -> int:
    """How many it takes away from it once they are."""
    return len({*_managed(deployed, role).items()} - {*_managed(template, role).items()})


def too_many_of_made(
    identity: str, *, deployed: Template, template: Template, quota: int
) -> str | None:
    """What IAM would refuse of the managed policies of an identity's role that is made here."""
    before, after = ({*_managed(one, _role(one, identity)).items()} for one in (deployed, template))
    if len(before | after) <= quota:
        return None
    return (
        f"{identity}: its role would have {len(before | after)} managed policies, {len(before)} of "
        f"before and {len(after - before)} anew, while they change: {quota} are allowed "
        "(managed_policies_per_role); change fewer grants in one deploy"
    )


def _managed(template: Template, role: object) -> dict[str, str]:
    """The role's policies by logical id, each as what makes it the same one."""
    return {
        logical_id: json.dumps([one["Properties"].get(name) for name in _REPLACING])
        for logical_id, one in template.get("Resources", {}).items()
        if one["Type"] == "AWS::IAM::ManagedPolicy" and role in one["Properties"].get("Roles", ())
    }


def _role(template: Template, identity: str) -> object:
    """An identity's role that is made here, as policies are attached to it."""
    if airflow := template.get("Outputs", {}).get(output(EXECUTION_ROLE, identity)):
        return airflow["Value"]
    made = resources_of(template, "AWS::IAM::Role").items()
    named = [name for name, one in made if one.get("Metadata", {}).get(METADATA) == identity]
    return {"Ref": named[0]} if named else None


def login_characters(airflow: str, *, deployed: Template, template: Template) -> int:
    """Characters of the inline policies of an Airflow's role, with the logins of both templates."""
    users = _logins(deployed, airflow) | _logins(template, airflow)
    return OWN_POLICIES + sum(LOGIN_POLICY + len(user) for user in users.values())


def _logins(template: Template, airflow: str) -> dict[str, str]:
    role = _role(template, airflow)
    return {
        logical_id: found[1]
        for logical_id, one in template.get("Resources", {}).items()
        if one["Type"] == "AWS::IAM::Policy"
        and role in one["Properties"].get("Roles", ())
        and (found := _LOGIN.search(json.dumps(one["Properties"]["PolicyDocument"])))
    }


def too_many_logins(airflow: str, *, deployed: Template, template: Template) -> str | None:
    """What IAM would refuse, in words."""
    size = login_characters(airflow, deployed=deployed, template=template)
    if size <= INLINE_POLICIES:
        return None
    count = len(_logins(template, airflow).keys() - _logins(deployed, airflow).keys())
    return (
        f"{airflow}: its role would have the {count} new logins beside the old ones while levels "
        f"change: {size:,} characters of policies, and IAM allows {INLINE_POLICIES:,}; change "
        "fewer levels in one deploy"
    )
