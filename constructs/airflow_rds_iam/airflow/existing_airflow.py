"""An Airflow that was there before."""

from aws_cdk import aws_iam as iam
from constructs import Construct


class ExistingAirflow(Construct):
    """An Airflow by its attributes, so that nobody must look it up: nothing of it is made.

    Args:
        role_arn: of its tasks' role, of the stack's account.
        connections_prefix: of its secrets backend, such as ``airflow/connections``, if it has one.
        authorities: where its workers have RDS's certificates.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        role_arn: str,
        connections_prefix: str | None,
        authorities: str,
    ) -> None:
        super().__init__(scope, construct_id)
        name = role_arn.rpartition("/")[2]
        self.execution_role: iam.IRole = iam.Role.from_role_name(self, "Role", name)
        self.execution_role_arn = role_arn
        self.connections_prefix = connections_prefix
        self.authorities = authorities
