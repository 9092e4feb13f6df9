"""Ways to the code that runs with a grant."""

from collections.abc import Iterator

from review.iam.matching import token
from review.paths.model import Need, Way
from review.paths.needs import any_of_its_choice, policies_of, way
from review.templates.access import Access
from review.templates.assembly import Resource

_MAKES = "database_users.handler.handle"
"""A function that makes the users that it is called with."""
_READS = "database_users.look.handle"
"""One that takes a user's name, changes nothing and tells of no data."""

CALLING = (
    "lambda:InvokeFunction", "lambda:InvokeAsync", "lambda:InvokeFunctionUrl",
    "lambda:AddPermission", "lambda:PutResourcePolicy",
)  # fmt: skip


def by_the_function(one: Resource, name: str, access: Access) -> Iterator[Way]:
    """To what the function does, or to have it do something else."""
    arn = one.attribute("Arn")
    for action, what in (
        ("lambda:UpdateFunctionCode", "code"),
        ("lambda:UpdateFunctionConfiguration", "configuration"),
    ):
        need = Need(action=action, resource=arn, policies=policies_of(one, access))
        yield Way(how=f"change the {what} of {name}", needs=[need], reaches=[name])
    if one.properties.get("Handler") == _READS:
        return
    what = "users" if one.properties.get("Handler") == _MAKES else "an event"
    for action in CALLING:
        need = Need(action=action, resource=arn, policies=policies_of(one, access))
        yield Way(how=f"call {name}, with {what} of its own choice", needs=[need], reaches=[name])


# No access control list counts before the bucket's ownership is changed.
LETTING_WRITE = (
    ("s3:PutBucketPolicy",),
    ("s3:PutBucketOwnershipControls", "s3:PutBucketAcl"),
)

# Who gets into a cluster runs pods of any service account there.
IN_A_CLUSTER = (
    "eks:AssociateAccessPolicy", "eks:CreateAccessEntry", "eks:UpdateAccessEntry",
    "eks:AssociateIdentityProviderConfig", "eks:MutateViaKubernetesApi",
    "eks:CreateCapability", "eks:UpdateCapability",
)  # fmt: skip

# A command in what runs already, by a service that AWS has for it.
SHELLS = {
    # The last: what it runs when it is started anew.
    "AWS::EC2::": (
        "ssm:StartSession", "ssm:SendCommand", "ec2-instance-connect:SendSSHPublicKey",
        "ec2-instance-connect:SendSerialConsoleSSHPublicKey", "ec2:ModifyInstanceAttribute",
    ),
    "AWS::EKS::PodIdentityAssociation": IN_A_CLUSTER,
    "AWS::IAM::InstanceProfile": ("ssm:StartSession", "ssm:SendCommand"),
    "AWS::ECS::": ("ecs:ExecuteCommand",),
    "AWS::SageMaker::": ("sagemaker:CreatePresignedNotebookInstanceUrl",),
}  # fmt: skip


def by_a_shell(one: Resource, name: str) -> Iterator[Way]:
    """To give commands in a machine or a container that has a role."""
    for kind, actions in SHELLS.items():
        for action in actions if one.type.startswith(kind) else ():
            yield way(
                f"give commands in {one.type} {one.shown}",
                [name],
                (action, any_of_its_choice(action)),
            )


def by_airflow(one: Resource, name: str, access: Access) -> Iterator[Way]:
    """To what Airflow runs, or to its page, interface and command line."""
    arn = one.attribute("Arn")
    folder = str(one.properties.get("DagS3Path", "dags")).strip("/")
    bucket = str(one.properties.get("SourceBucketArn"))
    own = [
        policy
        for other in access.assembly.of_type("AWS::S3::Bucket")
        if other.attribute("Arn") == bucket
        for policy in policies_of(other, access)
    ]
    for actions in LETTING_WRITE:
        yield Way(
            how="let itself write to Airflow's bucket, where its code is",
            needs=[Need(action=action, resource=bucket, policies=own) for action in actions],
            reaches=[name],
        )
    dag = f"{bucket}/{folder}/{token('a DAG')}.py"
    # The second is all that the role of a replication needs there.
    for action in ("s3:PutObject", "s3:ReplicateObject"):
        yield Way(
            how=f"write to {folder}/ of Airflow's bucket, where its code is",
            needs=[Need(action=action, resource=dag, policies=own)],
            reaches=[name],
        )
    yield way("give Airflow another bucket", [name], ("airflow:UpdateEnvironment", arn))
    yield way("take a token of Airflow's command line", [name], ("airflow:CreateCliToken", arn))
    role = arn.replace(":environment/", ":role/") + "/" + token("an Airflow role")
    for action in ("airflow:CreateWebLoginToken", "airflow:InvokeRestApi"):
        yield way("use Airflow's page or API", [name], (action, role))
