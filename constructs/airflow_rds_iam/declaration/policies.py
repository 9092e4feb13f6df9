"""The policies that follow from a declaration's grants, and whether IAM takes them.

Source of the quotas: "IAM and AWS STS quotas". White space does not count.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from airflow_rds_iam.declaration.document import Path, dotted
from airflow_rds_iam.declaration.grants import Grant, aws_connection_id, grants
from airflow_rds_iam.declaration.identities import Identity
from airflow_rds_iam.declaration.identity_provider import principal
from airflow_rds_iam.declaration.model import (
    MOST_MANAGED_POLICIES,
    MOST_TRUST_CHARACTERS,
    Declaration,
)
from airflow_rds_iam.declaration.packing import packed

# Characters of all inline policies of a role, and of a managed policy.
INLINE_POLICIES = 10240
MANAGED_POLICY = 6144
# Characters of the inline policies that Airflow's role has before any login, where the names of
# partition, region and all else are longest.
OWN_POLICIES = 1800
# Characters of a policy without a statement, and of a login's statement beside the names of its
# user and its own, with the comma after it; and of a policy of one login, which has no name.
EMPTY_POLICY = 39
LOGIN_STATEMENT = 154
LOGIN_POLICY = EMPTY_POLICY + LOGIN_STATEMENT - len(',"Sid":"",')
# Characters of the managed policy with which Airflow looks its connections up, before any
# connection, and of a connection beside the prefix and the name of the connection.
LOOKUP_POLICY = 112
LOOKUP = 75
# Characters of a statement that trusts a provider, beside its action, the provider and the token,
# and of the condition that a source identity is named.
TRUST_STATEMENT = len(
    '{"Action":"","Condition":{"StringEquals":},"Effect":"Allow","Principal":{"Federated":""}},'
)
NAMED = len(',"Null":{"sts:SourceIdentity":"false"}')
# Of a policy of Airflow's that changes, both are there until its connections name the new users.
CHANGING = 1


def too_many_policies(declaration: Declaration, *, environment: str) -> Iterator[tuple[Path, str]]:
    """Where in the declaration, and what IAM would refuse."""
    yield from _managed(declaration)
    yield from _trusts(declaration)
    granted = list(grants(declaration))
    for name in declaration.airflows:
        logins = [one for one in granted if one.identity == name]
        tasks = [one for one in granted if declaration.whose_task(one.identity) == name]
        if logins or tasks:
            yield from _of_airflow(declaration, name, logins, tasks, environment=environment)


def _of_airflow(
    declaration: Declaration,
    name: str,
    logins: Sequence[Grant],
    tasks: Sequence[Grant],
    *,
    environment: str,
) -> Iterator[tuple[Path, str]]:
    airflow, path = declaration.airflows[name], declaration.airflow_path(name)
    needed = airflow_policies(declaration, logins, name=name, environment=environment)
    if airflow.policies == "packed":
        quota, other = declaration.managed_policies_per_role, airflow.other_policies
        if needed > quota - other:
            message = (
                f"{len(logins)} databases for Airflow need {needed} managed policies, one of them "
                f"while another changes, {_room(quota, other)}: {_more(needed + other)}"
            )
            yield (*path, "policies"), message
        return
    # What an existing role has of its own is seen before a deploy alone.
    own = 0 if airflow.existing else OWN_POLICIES
    inline = own + sum(LOGIN_POLICY + len(grant.user) for grant in logins)
    prefix = declaration.connections_prefix(name, environment=environment) or ""
    ids = [name for one in logins for name in connection_ids(declaration, one)]
    ids += [name for one in tasks for name in (one.task_connection_id, aws_connection_id(one))]
    lookup = LOOKUP_POLICY + sum(LOOKUP + len(prefix) + len(one) for one in ids)
    for size, quota, where in (
        (inline, INLINE_POLICIES, "policies in its role"),
        (lookup, MANAGED_POLICY, "the policy that looks its connections up"),
    ):
        if size > quota:
            message = (
                f"{len(logins)} databases for Airflow make {size:,} characters of {where}; IAM "
                f"allows {quota:,}: declare {dotted(path)}.policies: packed, which needs {needed} "
                "managed policies"
            )
            if needed > declaration.managed_policies_per_role:
                message += f", and {_more(needed)}"
            yield path, message


def login_policies(identity: Identity, granted: Sequence[Grant]) -> dict[str, list[Grant]]:
    """The grants of ``identity``, which has some, by the managed policy that each stands in.

    Among them is always the policy without a name, which either layout has: from one to the other
    it changes in place. One whose name begins with another's may hold what that one held.

    Raises:
        ValueError: a permission set's policy would be too large.
    """
    if identity.policies == "separate" and not identity.identity_center:
        first, *others = sorted(granted, key=lambda grant: (grant.instance, grant.database))
        return {"": [first], **{one.construct_id: [one] for one in others}}
    return packed_logins(granted)


def packed_logins(granted: Sequence[Grant]) -> dict[str, list[Grant]]:
    """The grants of one identity by the managed policy that each stands in, as few as hold them."""
    by_name = {f"{grant.instance}/{grant.database}": grant for grant in granted}
    groups = packed(
        {name: _size(grant) for name, grant in by_name.items()},
        limit=MANAGED_POLICY - EMPTY_POLICY,
    )
    return {group: [by_name[name] for name in names] for group, names in groups.items()}


def connection_ids(declaration: Declaration, grant: Grant) -> list[str]:
    """The connections of an Airflow by which it comes to what it is granted."""
    readers = grant.level == "read" and declaration.instances[grant.instance].has_readers
    return [grant.connection_id, *([grant.reader_connection_id] if readers else [])]


def by_stack(declaration: Declaration, granted: Iterable[Grant]) -> dict[str, list[Grant]]:
    """The grants by the stack that their policies stand in: of an instance, or, "", of all others.

    No policy stands in two, so that each stack is packed by itself.
    """
    stacks: dict[str, list[Grant]] = defaultdict(list)
    for grant in granted:
        own = declaration.instances[grant.instance].access_stack == "own"
        stacks[grant.instance if own else ""].append(grant)
    return stacks


def airflow_policies(
    declaration: Declaration, logins: Sequence[Grant], *, name: str, environment: str
) -> int:
    """The managed policies that an Airflow's role has at most with its ``logins`` packed."""
    lookup = bool(declaration.connections_prefix(name, environment=environment))
    parts = by_stack(declaration, logins).values()
    return sum(len(packed_logins(part)) + lookup for part in parts) + CHANGING


def first(layout: Iterable[str], policy: str) -> list[str]:
    """The policies of ``layout`` that may hold what ``policy`` held, and so change before it."""
    return [other for other in layout if other != policy and other.startswith(policy)]


def _size(grant: Grant) -> int:
    return LOGIN_STATEMENT + len(grant.user) + len(grant.sid)


def _managed(declaration: Declaration) -> Iterator[tuple[Path, str]]:
    by_identity: dict[str, list[Grant]] = defaultdict(list)
    for grant in grants(declaration):
        by_identity[grant.identity].append(grant)
    for name, identity in declaration.identities.items():
        if granted := by_identity[name]:
            yield from _too_many(declaration, name, identity, granted)


def _too_many(
    declaration: Declaration, name: str, identity: Identity, granted: Sequence[Grant]
) -> Iterator[tuple[Path, str]]:
    path = ("identities", name)
    quota = declaration.managed_policies_per_role
    # That of a permission set stands in one stack, wherever its databases are.
    parts = [granted]
    if not identity.identity_center:
        parts = [*by_stack(declaration, granted).values()]
    policies = sum(len(login_policies(identity, part)) for part in parts)
    if identity.identity_center and policies > 1:
        size = EMPTY_POLICY + sum(map(_size, granted))
        message = (
            f"{len(granted)} databases make {size:,} characters of the one policy that a "
            f"permission set refers to; IAM allows {MANAGED_POLICY:,}: declare two identities, of "
            "two permission sets"
        )
        yield path, message
        return
    room = quota - identity.other_policies
    if policies <= room:
        return
    fewer = sum(len(packed_logins(part)) for part in parts)
    remedies: list[str] = []
    if fewer < policies:
        remedies.append(f"declare policies: packed, which needs {fewer}")
    if fewer > room:
        remedies.append(_more(fewer + identity.other_policies))
    message = (
        f"{len(granted)} databases need {policies} managed policies, "
        f"{_room(quota, identity.other_policies)}: {', and '.join(remedies)}"
    )
    yield path, message


def _trusts(declaration: Declaration) -> Iterator[tuple[Path, str]]:
    quota = declaration.trust_policy_characters
    for name, identity in declaration.identities.items():
        if not (named := identity.oidc or identity.saml):
            continue
        size = trust_characters(identity)
        if size > quota:
            path = ("identities", name, "oidc" if identity.oidc else "saml", "subjects")
            count = len(named.subjects)
            message = (
                f"{count} {'subject makes' if count == 1 else 'subjects make'} {size:,} characters "
                f"of the policy that trusts them with the role; IAM allows {quota:,}: declare two "
                "identities"
            )
            if size <= MOST_TRUST_CHARACTERS:
                message += ", or have the quota raised, and declare trust_policy_characters"
            yield path, message


def trust_characters(identity: Identity) -> int:
    """Characters of the trust policy of a role that is made for whom a provider vouches for.

    The partition's name is taken for the longest.
    """
    provider = principal(identity.issuer or "", "arn:aws-us-gov:iam::111122223333")
    action = "WebIdentity"
    if identity.saml:
        provider, action = identity.saml.provider_arn, "SAML"
    token = json.dumps(identity.token, separators=(",", ":"))
    each = TRUST_STATEMENT + len(provider) + len(token)
    size = EMPTY_POLICY - len(",") + each + len(f"sts:AssumeRoleWith{action}")
    if identity.names_source:
        size += NAMED + each + len("sts:SetSourceIdentity")
    return size


def _room(quota: int, other: int) -> str:
    has = f" besides the {other} that it has" if other else ""
    return f"and its role may have {max(quota - other, 0)}{has}"


def _more(needed: int) -> str:
    """How a role comes to have so many managed policies, or what else helps."""
    if needed > MOST_MANAGED_POLICIES:
        return f"grant some to another identity, as IAM allows {MOST_MANAGED_POLICIES} at most"
    return "have the quota raised, and declare managed_policies_per_role"
