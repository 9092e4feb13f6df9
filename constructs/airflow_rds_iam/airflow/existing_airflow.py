"""An Airflow that was there before."""

from aws_cdk import aws_iam as iam
from constructs import Construct


class ExistingAirflow(Construct):
    """An Airflow by its attributes, so that nobody must look it up: nothing of it is made.

    Args:
        role_name: of its tasks' role, of the stack's account.
        connections_prefix: of its secrets backend, such as ``airflow/connections``, if it has one.
        authorities: where its workers have RDS's certificates.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        role_name: str,
        connections_prefix: str | None,
        authorities: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self.execution_role: iam.IRole = iam.Role.from_role_name(self, "Role", role_name)
        self.connections_prefix = connections_prefix
        self.authorities = authorities
