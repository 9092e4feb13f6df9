"""The ways to the grants of an assembly: whole combinations of what would have to be allowed."""

from collections.abc import Iterator, Sequence

from review.bootstrap import bootstraps
from review.guardrails.pipelines_are_named_exactly import named, providers
from review.iam.decision import Answer, Decision, Policies, Request, decide
from review.iam.matching import token
from review.iam.policy import Policy
from review.iam.principals import Principal
from review.matrix.labels import Labels
from review.paths.model import Need, Way
from review.templates.access import Access
from review.templates.assembly import Resource
from review.templates.identities import Identity
from review.templates.resource_policies import resource_policies
from review.templates.servers import Server

# What has something run with a role that is passed to a service.
RUNNING = {
    "airflow.amazonaws.com": ("airflow:CreateEnvironment",),
    "codebuild.amazonaws.com": ("codebuild:CreateProject", "codebuild:StartBuild"),
    "ec2.amazonaws.com": ("ec2:RunInstances",),
    "ecs-tasks.amazonaws.com": ("ecs:RegisterTaskDefinition", "ecs:RunTask"),
    "glue.amazonaws.com": ("glue:CreateJob", "glue:StartJobRun"),
    "lambda.amazonaws.com": ("lambda:CreateFunction", "lambda:InvokeFunction"),
}
COPYING = (
    ("rds:CreateDBSnapshot", "rds:ModifyDBSnapshotAttribute"),
    ("rds:CopyDBSnapshot", "rds:ModifyDBSnapshotAttribute"),
    ("rds:CreateDBSnapshot", "rds:StartExportTask"),
    ("rds:CreateDBSnapshot", "rds:RestoreDBInstanceFromDBSnapshot", "rds:ModifyDBInstance"),
    ("rds:RestoreDBInstanceToPointInTime", "rds:ModifyDBInstance"),
)
READING = (
    ("logs:FilterLogEvents",),
    ("logs:GetLogEvents",),
    ("logs:StartQuery", "logs:GetQueryResults"),
    ("logs:StartLiveTail",),
)


def ways(access: Access, labels: Labels, holding: Sequence[Identity]) -> Iterator[Way]:
    """Every way, whoever may go it.

    Args:
        access: what the templates hold.
        labels: what identities are called.
        holding: those that may log in to a database, or deploy.
    """
    yield from _by_the_bootstrap(access)
    for identity in holding:
        if identity.kind == "role":
            yield from _by_the_role(identity, labels.name(identity))
            yield from _by_a_token(identity, labels.name(identity))
            yield from _by_a_policy(identity, labels.name(identity), access)
        for one in labels.runs_with(identity):
            if one.type == "AWS::Lambda::Function":
                yield from _by_the_function(one, labels.name(identity), access)
            else:
                yield from _by_airflow(one, labels.name(identity), access)
    for server in access.servers:
        yield from _by_the_server(server, access)


def _by_the_role(identity: Identity, name: str) -> Iterator[Way]:
    arn, known = identity.arn, bool(identity.trust)
    assume = Need(
        action="sts:AssumeRole",
        resource=arn,
        policies=identity.trust,
        account=identity.account,
        decides=known,
    )
    # Of an existing role, the trust is not known: whoever has no statement for it is left out here,
    # and the horizon says so.
    given = () if known else (Decision(answer=Answer.UNKNOWN),)
    yield Way(how=f"assume the role of {name}", needs=[assume], reaches=[name], given=given)
    yield _way(f"have the role of {name} trust it", [name], ("iam:UpdateAssumeRolePolicy", arn))
    for action in ("iam:AttachRolePolicy", "iam:PutRolePolicy"):
        yield _way(f"change what the role of {name} may", [name], (action, arn))
    for service, actions in RUNNING.items():
        trusted = _trusted(identity, service)
        if trusted.answer is not Answer.DENIED:
            yield _way(
                f"pass the role of {name} to what it runs on {service}",
                [name],
                ("iam:PassRole", arn),
                *((action, _any(action)) for action in actions),
                given=[trusted],
            )


def _by_a_token(identity: Identity, name: str) -> Iterator[Way]:
    """By a token of an identity provider, such as one that a pipeline's job is given."""
    statements = [one for policy in identity.trust for one in policy.statements]
    for provider in dict.fromkeys(each for one in statements for each in providers(one)):
        subjects = sorted({each for one in statements for each in named(one, f"{provider}:sub")})
        need = Need(
            action="sts:AssumeRoleWithWebIdentity",
            resource=identity.arn,
            policies=identity.trust,
            account=identity.account,
            decides=True,
        )
        whose = " or ".join(subjects) or "subjects that are not named exactly"
        yield Way(
            how=f"take the role of {name} with a token of {whose}", needs=[need], reaches=[name]
        )


def _by_the_bootstrap(access: Access) -> Iterator[Way]:
    """By a deploy, which may change all of it."""
    everything = [f"everything on {one.name}" for one in access.servers]
    # Whom the bootstrap's roles trust is not in these templates: their account, as it is made.
    elsewhere = Decision(answer=Answer.UNKNOWN)
    for one in bootstraps(access.assembly) if everything else ():
        yield _way(
            "deploy templates of its own with CDK's bootstrap",
            everything,
            ("sts:AssumeRole", one.role("deploy")),
            given=[elsewhere],
        )
        for action in ("cloudformation:CreateStack", "cloudformation:UpdateStack"):
            yield _way(
                "deploy templates of its own with the role of CDK's bootstrap that CloudFormation "
                "has",
                everything,
                ("iam:PassRole", one.role("cfn-exec")),
                (action, _any(action)),
            )


def _by_a_policy(identity: Identity, name: str, access: Access) -> Iterator[Way]:
    held = {(one.source.stack, one.source.logical_id) for one in identity.policies}
    for one in access.assembly.of_type("AWS::IAM::ManagedPolicy"):
        if (one.stack.name, one.logical_id) in held:
            for action in ("iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion"):
                yield _way(f"change a policy of {name}", [name], (action, one.attribute(None)))


def _by_the_function(one: Resource, name: str, access: Access) -> Iterator[Way]:
    arn = one.attribute("Arn")
    for action, what in (
        ("lambda:UpdateFunctionCode", "code"),
        ("lambda:UpdateFunctionConfiguration", "configuration"),
    ):
        need = Need(action=action, resource=arn, policies=_policies_of(one, access))
        yield Way(how=f"change the {what} of {name}", needs=[need], reaches=[name])


def _by_airflow(one: Resource, name: str, access: Access) -> Iterator[Way]:
    arn = one.attribute("Arn")
    folder = str(one.properties.get("DagS3Path", "dags")).strip("/")
    bucket = str(one.properties.get("SourceBucketArn"))
    own = [
        policy
        for other in access.assembly.of_type("AWS::S3::Bucket")
        if other.attribute("Arn") == bucket
        for policy in _policies_of(other, access)
    ]
    dag = f"{bucket}/{folder}/{token('a DAG')}.py"
    yield Way(
        how=f"write to {folder}/ of Airflow's bucket, where its code is",
        needs=[Need(action="s3:PutObject", resource=dag, policies=own)],
        reaches=[name],
    )
    yield _way("give Airflow another bucket", [name], ("airflow:UpdateEnvironment", arn))
    yield _way("take a token of Airflow's command line", [name], ("airflow:CreateCliToken", arn))
    role = arn.replace(":environment/", ":role/") + "/" + token("an Airflow role")
    for action in ("airflow:CreateWebLoginToken", "airflow:InvokeRestApi"):
        yield _way("use Airflow's page or API", [name], (action, role))


def _by_the_server(server: Server, access: Access) -> Iterator[Way]:
    one = server.resource
    if one is None:
        return
    cluster = one.type == "AWS::RDS::DBCluster"
    arn = one.attribute("DBClusterArn" if cluster else "DBInstanceArn")
    everything = [f"everything on {server.name}"]
    modify = "rds:ModifyDBCluster" if cluster else "rds:ModifyDBInstance"
    yield _way(f"modify {server.name}", everything, (modify, arn))
    for actions in COPYING:
        named = [each.replace("DBInstance", "DBCluster") if cluster else each for each in actions]
        needs = [(each, arn if each == modify else _any(each)) for each in named]
        needs = [
            (each, arn if "Create" in each or "PointInTime" in each else of) for each, of in needs
        ]
        yield _way(f"copy, restore or share the data of {server.name}", everything, *needs)
    for log in access.assembly.of_type("AWS::Logs::LogGroup"):
        if str(log.properties.get("LogGroupName", "")).endswith(f"/{server.name}/postgresql"):
            for actions in READING:
                needs = [(each, log.attribute("Arn")) for each in actions]
                yield _way(f"read the statements in the log of {server.name}", everything, *needs)
    for action in ("rds:DownloadCompleteDBLogFile", "rds:DownloadDBLogFilePortion"):
        yield _way(f"read the statements in the log of {server.name}", everything, (action, arn))


def _way(
    how: str, reaches: Sequence[str], *needs: tuple[str, str], given: Sequence[Decision] = ()
) -> Way:
    return Way(
        how=how,
        needs=[Need(action=action, resource=resource) for action, resource in needs],
        reaches=reaches,
        given=given,
    )


def _trusted(identity: Identity, service: str) -> Decision:
    """Whether the role trusts the service; not known of one that is made elsewhere."""
    if not identity.trust:
        return Decision(answer=Answer.UNKNOWN)
    request = Request(
        principal=Principal(service=service), action="sts:AssumeRole", resource=identity.arn
    )
    return decide(request, Policies(resource=identity.trust))


def _policies_of(one: Resource, access: Access) -> list[Policy]:
    names = {one.attribute(None), one.attribute("Arn")}
    return [each.policy for each in resource_policies(access.assembly) if names & each.of]


def _any(action: str) -> str:
    """A resource of the asker's choice: what is allowed of any, it has; of some, it may have."""
    return token(f"what {action} makes", kind="?")
