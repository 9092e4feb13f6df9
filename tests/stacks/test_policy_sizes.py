"""What the declaration's check of Airflow's policies supposes of their sizes."""

import json

from airflow_rds_iam.declaration.conflicts import LOGIN_POLICY, OWN_POLICIES
from review.templates.assembly import read
from tests.application import CdkOut


def test_the_declaration_is_checked_with_the_size_of_the_roles_own_policies(
    cdk_out: CdkOut,
) -> None:
    sizes = {
        one.logical_id: len(json.dumps(one.properties["PolicyDocument"], separators=(",", ":")))
        for one in read(cdk_out("dev")).of_type("AWS::IAM::Policy")
    }
    [own] = [size for name, size in sizes.items() if name.startswith("AirflowExecutionRole")]
    # Names that AWS gives, such as the key's and the bucket's, are longer than they stand here.
    assert OWN_POLICIES / 2 < own < OWN_POLICIES - 500
