"""The stack that changes each time somebody is given or refused access."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aws_cdk import Annotations, CfnOutput, CfnParameter, NestedStack, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from airflow_rds_iam.access.administrator import Administrator
from airflow_rds_iam.access.database_users import DatabaseUsers
from airflow_rds_iam.access.identity_access import IdentityAccess, login_description
from airflow_rds_iam.access.login_policies import LoginPolicies
from airflow_rds_iam.airflow.airflow import Airflow, secrets_backend
from airflow_rds_iam.airflow.existing_airflow import ExistingAirflow
from airflow_rds_iam.audit.server_metrics import ServerMetrics
from airflow_rds_iam.audit.watch import Watch
from airflow_rds_iam.declaration.airflow_names import AIRFLOW, EXECUTION_ROLE, output, told_apart
from airflow_rds_iam.declaration.connections import crowded
from airflow_rds_iam.declaration.grants import Grant, grants
from airflow_rds_iam.declaration.identities import providers_made
from airflow_rds_iam.declaration.model import Declaration
from airflow_rds_iam.declaration.policies import by_stack, login_policies
from airflow_rds_iam.keys import log_key
from airflow_rds_iam.network.network import Network
from airflow_rds_iam.servers.server import Server
from stacks.airflow_access import AirflowIdentity, TaskLogin, let_airflow_in
from stacks.database import DatabaseStack
from stacks.databases import AnyDatabaseStack
from stacks.desired_databases import desired_databases

READ_BY_PEOPLE = 100
"""The grants of a template that is written with a line for each value."""


class AccessStack(Stack):
    """Policies, database users and Airflow connections: everything that follows from a grant."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: str,
        declaration: Declaration,
        network: Network,
        databases: Mapping[str, AnyDatabaseStack],
        airflows: Mapping[str, Airflow],
        **kwargs: Any,
    ) -> None:
        granted = [
            grant
            for grant in grants(declaration)
            if declaration.instances[grant.instance].mode == "manage"
        ]
        super().__init__(
            scope,
            construct_id,
            # A third of the characters, of which CloudFormation takes a million.
            suppress_template_indentation=len(granted) > READ_BY_PEOPLE,
            **kwargs,
        )
        airflows = {
            name: airflows.get(name) or self._existing(name, declaration)
            for name in declaration.airflows
        }
        # Whatever is declared here, the other stacks publish these and so stay as they are.
        for name, airflow in airflows.items():
            CfnOutput(self, output(EXECUTION_ROLE, name), value=airflow.execution_role.role_name)
        for name, database in databases.items():
            CfnOutput(self, f"ResourceId-{name}", value=database.instance.made_resource_id)
        # CloudFormation resolves references to other stacks anew in an update alone, and updates a
        # stack only where its template or a parameter has changed.
        deployment = CfnParameter(
            self,
            "Deployment",
            default="never",
            description="When it is deployed: with another value this stack is updated",
        )
        # It leaves a resource alone, too, whose properties are what they were: a parameter changes
        # one, and neither the template nor what was reviewed.
        repair = CfnParameter(
            self,
            "Repair",
            default="never",
            description="The last repair: another value puts right what is not as declared",
        )
        key = log_key(self, "LogKey")
        scopes: dict[str, Construct] = {
            name: NestedStack(self, f"Access-{name}", description=f"Access to {name}")
            if declaration.instances[name].access_stack == "own"
            else self
            for name in databases
        }
        users = {
            name: DatabaseUsers(
                scopes[name],
                f"Users-{name}",
                instance=database.instance,
                databases=desired_databases(declaration, name),
                prefix=declaration.prefix,
                observed=declaration.instances[name].mode == "observe",
                schedule=declaration.drift_check.schedule,
                topic_arn=declaration.alarms.topic_arn,
                nobody_because=declaration.alarms.nobody_because,
                repair=repair.value_as_string,
                key=key,
                vpc=network.vpc,
                subnets=network.private_subnets,
                security_group=database.users_security_group,
                deployment=deployment.value_as_string,
            )
            for name, database in databases.items()
        }
        for name, database in databases.items():
            existing = declaration.instances[name].existing
            if existing and existing.bootstrap:
                administrator = Administrator(
                    scopes[name],
                    f"Administrator-{name}",
                    instance=database.instance,
                    secret_arn=existing.bootstrap.secret,
                    key_arn=existing.bootstrap.key,
                    key=key,
                    vpc=network.vpc,
                    subnets=network.private_subnets,
                    security_group=database.users_security_group,
                    endpoints=network.endpoints_security_group,
                )
                users[name].made.node.add_dependency(administrator)
                Annotations.of(administrator).add_warning_v2(
                    "airflow-rds-iam:bootstrap",
                    f"instances.{name}.existing.bootstrap lets a function read the password of the "
                    "master user: remove it once this is deployed, and deploy again",
                )
        for name, database in databases.items():
            if not isinstance(database, DatabaseStack):
                continue  # its logs and its storage are its owner's
            Watch(
                scopes[name],
                f"Watch-{name}",
                metrics=ServerMetrics(
                    identifier=database.instance.identifier,
                    members=database.instance.members,
                    cluster=(is_cluster := declaration.instances[name].is_cluster),
                ),
                storage_gib=None if is_cluster else declaration.instances[name].storage.gib,
                checked=users[name],
                topic_arn=declaration.alarms.topic_arn,
                nobody_because=declaration.alarms.nobody_because,
            )
        for name, made in users.items():
            if why := crowded(declaration, name):
                Annotations.of(made).add_warning_v2("airflow-rds-iam:few-connections", why)
            # Where `make doctor` finds what looks inside.
            CfnOutput(self, f"Doctor-{name}", value=made.doctor.function.function_name)
        servers = {name: database.instance for name, database in databases.items()}
        tasks = {
            one.grant: one
            for one in self._let_in(
                declaration,
                granted,
                environment=environment,
                servers=servers,
                scopes=scopes,
                airflows=airflows,
            )
        }
        for name, airflow in airflows.items():
            its_own = [
                grant
                for grant in granted
                if name in (grant.identity, declaration.whose_task(grant.identity))
            ]
            for stack, part in by_stack(declaration, its_own).items():
                scope = scopes[stack] if stack else self
                let_airflow_in(
                    scope if name == AIRFLOW else Construct(scope, told_apart("Grants", name)),
                    [grant for grant in part if grant not in tasks],
                    tasks=[tasks[grant] for grant in part if grant in tasks],
                    whom=AirflowIdentity(airflow=airflow, name=name, environment=environment),
                    layout=declaration.airflows[name].policies,
                    servers=servers,
                    users=users,
                )

    def _existing(self, name: str, declaration: Declaration) -> Airflow:
        existing = declaration.airflows[name].existing
        if existing is None:
            raise ValueError("an Airflow must be made, or be declared to exist")
        if existing.connections_prefix:
            CfnOutput(
                self,
                output("AirflowConfiguration", name),
                description="Configuration options that the Airflow which exists must have set",
                value=self.to_json_string(secrets_backend(existing.connections_prefix)),
            )
        return ExistingAirflow(
            self,
            told_apart("Airflow", name),
            role_arn=existing.role_arn,
            connections_prefix=existing.connections_prefix,
            authorities=existing.authorities,
        )

    def _let_in(
        self,
        declaration: Declaration,
        granted: Sequence[Grant],
        *,
        environment: str,
        servers: Mapping[str, Server],
        scopes: Mapping[str, Construct],
        airflows: Mapping[str, Airflow],
    ) -> Iterator[TaskLogin]:
        providers = {
            issuer: iam.CfnOIDCProvider(
                self, f"Provider-{issuer}", url=issuer, client_id_list=audiences
            )
            for issuer, audiences in providers_made(declaration.identities.values()).items()
        }
        for name, identity in declaration.identities.items():
            its_own = [grant for grant in granted if grant.identity == name]
            if not its_own:
                continue
            taken_by = declaration.whose_task(name)
            parts = by_stack(declaration, its_own)
            if identity.identity_center:
                parts = {"": its_own}
            layouts = {stack: login_policies(identity, part) for stack, part in parts.items()}
            access = IdentityAccess(
                self,
                f"Identity-{name}",
                name=name,
                identity=identity,
                environment=environment,
                layout=layouts.pop("", {}),
                servers=servers,
                execution_role_arn=taken_by and airflows[taken_by].execution_role_arn,
                providers=providers,
            )
            policies: Construct = access
            for stack, layout in layouts.items():
                policies = LoginPolicies(
                    scopes[stack],
                    f"Identity-{name}",
                    layout=layout,
                    servers=servers,
                    description=login_description(name, environment),
                    role=access.role,
                    anew=identity.task_role,
                )
            if identity.task_role:
                for grant in its_own:
                    yield TaskLogin(grant=grant, access=access, policies=policies)
