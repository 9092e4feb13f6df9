"""What templates cannot show, each with the command that closes the gap."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from review.bootstrap import bootstraps
from review.declared import Declared
from review.iam.aws_managed import is_aws_managed
from review.iam.matching import has_token
from review.matrix.connecting import CONNECT
from review.templates.access import Access
from review.templates.identities import Identity
from review.templates.network import existing_networks
from review.templates.servers import Server


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Something that decides on access and that this review does not know."""

    what: str
    commands: tuple[str, ...]
    """For a shell, as they stand but for what is in ``<>``."""


def horizon(access: Access, declared: Declared | None = None) -> list[Gap]:
    """Every gap of the assembly, and of what is ``declared`` to be there without it."""
    found = [
        *_of_the_account(access),
        *_of_identities(access),
        *_of_networks(access),
        *(_of_airflows(declared) if declared else ()),
        *_of_servers(access),
    ]
    return list(dict.fromkeys(found))


def _of_the_account(access: Access) -> Iterator[Gap]:
    if not access.assembly.stacks:
        return
    environment = access.assembly.stacks[0].environment
    account = _known(environment["account"], "account")
    target = f"aws organizations list-policies-for-target --target-id {account}"
    yield Gap(
        what="Policies of the organisation, which may deny what is allowed here",
        commands=(
            f"{target} --filter SERVICE_CONTROL_POLICY",
            f"{target} --filter RESOURCE_CONTROL_POLICY",
        ),
    )
    yield Gap(
        what=f"Every other role, user and group of the account: one that may {CONNECT} on * may "
        "log in as anybody",
        commands=(
            "aws iam get-account-authorization-details "
            "--filter Role User Group LocalManagedPolicy AWSManagedPolicy",
        ),
    )
    yield Gap(
        what="Permission sets of IAM Identity Center, and who is assigned to them",
        commands=(
            "aws sso-admin list-permission-sets-provisioned-to-account "
            f"--instance-arn <instance-arn> --account-id {account}",
            "aws sso-admin list-account-assignments --instance-arn <instance-arn> "
            f"--account-id {account} --permission-set-arn <permission-set-arn>",
        ),
    )
    for one in bootstraps(access.assembly):
        roles = f"cdk-{one.qualifier}-{{}}-role-{_known(one.account, 'account')}-" + _known(
            one.region, "region"
        )
        yield Gap(
            what="The roles that deploy: what they may is the bootstrap's, and whoever may assume "
            "them may change all of this",
            commands=(
                f"aws iam list-attached-role-policies --role-name {roles.format('cfn-exec')}",
                f"aws iam get-role --role-name {roles.format('deploy')}",
            ),
        )
    yield Gap(
        what="Who from outside the account may reach what is deployed, as IAM Access Analyzer sees",
        commands=(
            "aws accessanalyzer list-analyzers --type ACCOUNT",
            "aws accessanalyzer list-findings-v2 --analyzer-arn <analyzer-arn>",
        ),
    )


def _of_identities(access: Access) -> Iterator[Gap]:
    for identity in access.identities:
        name = identity.name
        if identity.resource is None and identity.kind == "role" and not has_token(name):
            role = shlex.quote(name)
            yield Gap(
                what=f"The other policies of the existing role {name}, its trust and its boundary",
                commands=(
                    f"aws iam get-role --role-name {role}",
                    f"aws iam list-attached-role-policies --role-name {role}",
                    f"aws iam list-role-policies --role-name {role}",
                    "aws iam simulate-principal-policy "
                    f"--policy-source-arn {_known(identity.arn, 'role-arn')} "
                    f"--action-names {CONNECT} --resource-arns {_any_user(access)}",
                ),
            )
        yield from _hidden(identity)


def _hidden(identity: Identity) -> Iterator[Gap]:
    for policy in identity.policies:
        if any(not one.readable for one in policy.statements):
            arn = policy.source.element
            known = shlex.quote(arn) if is_aws_managed(arn) else "<policy-arn>"
            yield Gap(
                what=f"The statements of {arn or policy.source}, which are not in the templates",
                commands=(
                    f"aws iam get-policy --policy-arn {known}",
                    f"aws iam get-policy-version --policy-arn {known} --version-id <version>",
                ),
            )


def _of_airflows(declared: Declared) -> Iterator[Gap]:
    """Of those that were there before."""
    for name, airflow in declared.airflows.items():
        if airflow.made:
            continue
        amazons = (
            f"aws mwaa get-environment --name {airflow.environment}",
            "aws s3api get-bucket-policy --bucket <bucket-of-its-dags>",
        )
        yield Gap(
            what=f"What the Airflow that was there before ({name}) has set: which secrets backend "
            "it asks for connections, who may change its DAGs, and who may become its role",
            commands=amazons
            if airflow.environment
            else ("airflow config get-value secrets backend", "airflow connections list"),
        )


def _of_networks(access: Access) -> Iterator[Gap]:
    for vpc in existing_networks(access.assembly):
        of_vpc = f"Name=vpc-id,Values={vpc}"
        yield Gap(
            what=f"How the network {vpc} is set up, which was there before: its routes to the "
            "internet and to other networks, whom its endpoints let in, whether its flows are "
            "logged",
            commands=(
                f"aws ec2 describe-route-tables --filters {of_vpc}",
                f"aws ec2 describe-vpc-endpoints --filters {of_vpc}",
                f"aws ec2 describe-flow-logs --filter Name=resource-id,Values={vpc}",
            ),
        )


def _of_servers(access: Access) -> Iterator[Gap]:
    for server in access.servers:
        name = _known(server.name, "instance")
        yield Gap(
            what=f"What is in {server.name} itself: users and privileges that were made by hand "
            "since its last check",
            commands=(
                "aws cloudwatch get-metric-statistics --namespace AirflowRdsIam "
                f"--metric-name StatementsOutstanding --dimensions Name=Instance,Value={name} "
                "--statistics Maximum --period 86400 --start-time <yesterday> --end-time <now>",
            ),
        )
        if server.observed:
            yield Gap(
                what=f"What is declared of {server.name}: it is observed alone (mode: observe), so "
                "that nobody is given access, and its function's log says what would be done",
                commands=(
                    "aws logs filter-log-events --log-group-name <log-group-of-the-users-function>",
                ),
            )
        if server.resource is None:
            yield Gap(
                what=f"How {server.name} is set up, which was there before: whether it forces TLS, "
                "is encrypted, has a public address, keeps backups, and which logs it exports",
                commands=(
                    _description(server),
                    "aws rds describe-db-cluster-parameters --db-cluster-parameter-group-name "
                    "<parameter-group> --source user"
                    if server.is_cluster
                    else "aws rds describe-db-parameters --db-parameter-group-name "
                    "<parameter-group> --source user",
                ),
            )
            if server.is_cluster:
                yield Gap(
                    what=f"The instances of {server.name}: how many read, which of them have a "
                    "public address or a custom endpoint, and whose clusters replicate it",
                    commands=(
                        f"aws rds describe-db-instances --filters Name=db-cluster-id,Values={name}",
                        f"aws rds describe-db-cluster-endpoints --db-cluster-identifier {name}",
                        "aws rds describe-global-clusters",
                    ),
                )
            yield Gap(
                what=f"Roles of {server.name} that are not declared, and what each may: a plan "
                "names them, and what stays theirs",
                commands=(
                    "aws logs filter-log-events --log-group-name <log-group-of-the-users-function>",
                ),
            )
            yield Gap(
                what=f"Who may read the password of the master user of {server.name}, if it has "
                "one, and so become its administrator",
                commands=(
                    f"{_description(server)} --query "
                    f"{'DBClusters' if server.is_cluster else 'DBInstances'}[].MasterUserSecret",
                    "aws secretsmanager get-resource-policy --secret-id <secret-arn>",
                    "aws iam simulate-principal-policy --policy-source-arn <role-arn> "
                    "--action-names secretsmanager:GetSecretValue --resource-arns <secret-arn>",
                ),
            )
        if server.ranges:
            yield Gap(
                what=f"Whether {server.name} is reached, which is in another network (addresses "
                f"of {', '.join(server.ranges)}): by peering or a transit gateway, routes of both, "
                "and what its own network lets in",
                commands=(
                    "aws ec2 describe-vpc-peering-connections",
                    "aws ec2 describe-transit-gateway-attachments",
                ),
            )
        yield Gap(
            what=f"Security groups of {server.name}, and rules of them, that were added by hand",
            commands=(
                _description(server),
                "aws ec2 describe-security-group-rules "
                "--filters Name=group-id,Values=<security-group-id>",
            ),
        )


def _description(server: Server) -> str:
    kind = "cluster" if server.is_cluster else "instance"
    return f"aws rds describe-db-{kind}s --db-{kind}-identifier {_known(server.name, kind)}"


def _any_user(access: Access) -> str:
    environment = access.assembly.stacks[0].environment
    parts = (_known(environment[each], each) for each in ("partition", "region", "account"))
    partition, region, account = parts
    return shlex.quote(f"arn:{partition}:rds-db:{region}:{account}:dbuser:*/*")


def _known(text: str, otherwise: str) -> str:
    """For a shell; a placeholder where only a deployment knows."""
    return f"<{otherwise}>" if not text or has_token(text) else shlex.quote(text)
