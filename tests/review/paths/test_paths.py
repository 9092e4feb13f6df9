"""Each way to a grant: who may do all of it has a path, and who lacks one part has none."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pytest

from airflow_rds_iam.declaration.model import Declaration
from review.declared import declared
from review.iam.policy import Source, policy
from review.matrix.labels import Labels
from review.paths.build import going, paths
from review.paths.model import Path
from review.paths.ways import ways
from review.templates.access import Access
from review.templates.assembly import of_templates
from review.templates.identities import Identity
from tests.declared import dev

Templates = dict[str, dict[str, Any]]
DEV = declared(Declaration.model_validate(dev()), environment="dev")
WHO = "role dev-network/Stranger"
LAMBDA = {"Service": "lambda.amazonaws.com"}


def found(templates: Templates) -> list[Path]:
    return paths(Access(of_templates(templates), DEV.arns_by_role), DEV)


def allow(action: Any, resource: Any = "*", **rest: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **rest}


def stranger(templates: Templates, *statements: dict[str, Any], **properties: Any) -> list[Path]:
    """The paths of a role that is added with these statements."""
    add(templates, "Stranger", *statements, **properties)
    return [one for one in found(templates) if one.who == WHO]


def add(templates: Templates, name: str, *statements: dict[str, Any], **properties: Any) -> None:
    """Add a role."""
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": LAMBDA}
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    templates["dev-network"]["Resources"][name] = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [{"PolicyName": "Inline", "PolicyDocument": document}],
            **properties,
        },
    }


FUNCTION = "function dev-access/UserswarehouseFunction"
WAYS = [
    (["iam:UpdateAssumeRolePolicy"], "have the role of airflow trust it"),
    (["iam:AttachRolePolicy"], "change what the role of airflow may"),
    (["iam:PutRolePolicy"], "change what the role of shop may"),
    (["iam:CreatePolicyVersion"], "change a policy of shop"),
    (["iam:SetDefaultPolicyVersion"], "change a policy of airflow"),
    (["iam:PassRole", "airflow:CreateEnvironment"],
     "pass the role of airflow to what it runs on airflow.amazonaws.com"),
    (["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"],
     f"pass the role of {FUNCTION}"),
    (["lambda:UpdateFunctionCode"], f"change the code of {FUNCTION}"),
    (["lambda:UpdateFunctionConfiguration"], f"change the configuration of {FUNCTION}"),
    (["s3:PutObject"], "write to dags/ of Airflow's bucket, where its code is"),
    (["airflow:UpdateEnvironment"], "give Airflow another bucket"),
    (["airflow:CreateCliToken"], "take a token of Airflow's command line"),
    (["airflow:CreateWebLoginToken"], "use Airflow's page or API"),
    (["airflow:InvokeRestApi"], "use Airflow's page or API"),
    (["rds:ModifyDBInstance"], "modify dev-warehouse"),
    (["rds:ModifyDBSnapshotAttribute"], "copy, restore or share"),
    (["rds:StartExportTask", "iam:PassRole"], "copy, restore or share"),
    (["rds:RestoreDBInstanceFromDBSnapshot", "rds:ModifyDBInstance"], "copy, restore or share"),
    (["rds:RestoreDBInstanceToPointInTime", "rds:ModifyDBInstance"], "copy, restore or share"),
    (["rds:CreateDBInstanceReadReplica", "rds:ModifyDBInstance"], "copy, restore or share"),
    (["rds:CreateBlueGreenDeployment", "rds:ModifyDBInstance"], "copy, restore or share"),
    (["rds:CreateIntegration"], "copy, restore or share"),
    (["backup:StartRestoreJob", "iam:PassRole", "rds:ModifyDBInstance"], "copy, restore or share"),
    (["backup:StartCopyJob", "iam:PassRole"], "copy, restore or share"),
    (["backup:CreateBackupPlan", "backup:CreateBackupSelection", "iam:PassRole"],
     "copy, restore or share"),
    (["backup:StartBackupJob", "iam:PassRole", "backup:PutBackupVaultAccessPolicy"],
     "copy, restore or share"),
    (["lambda:InvokeFunction"], f"call {FUNCTION}"),
    (["lambda:AddPermission"], f"call {FUNCTION}"),
    (["s3:PutBucketPolicy"], "let itself write to Airflow's bucket"),
    (["secretsmanager:PutSecretValue"], "send Airflow's token elsewhere"),
    (["secretsmanager:UpdateSecret"], "send Airflow's token elsewhere"),
    (["iam:CreateRole", "iam:PutRolePolicy", "sts:AssumeRole"], "make a role or user that may"),
    (["iam:CreateUser", "iam:AttachUserPolicy", "iam:CreateAccessKey"], "make a role or user"),
    (["iam:PutRolePolicy"], "give itself a permission to log in"),
    (["iam:AttachRolePolicy"], "give itself a permission to log in"),
    (["s3:ReplicateObject"], "write to the bucket that CDK deploys"),
    (["iam:PassRole", "cloudformation:CreateStack"], "deploy templates of its own with the role"),
    (["iam:PassRole", "cloudformation:UpdateStack"], "deploy templates of its own with the role"),
    (["cloudformation:UpdateStack"], "deploy another template as dev-access"),
    (["cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"],
     "deploy another template as dev-network"),
    (["logs:PutSubscriptionFilter"], "read the statements in the log"),
    (["logs:CreateExportTask"], "read the statements in the log"),
    (["logs:PutAccountPolicy"], "read the statements in the log"),
    (["oam:CreateLink", "logs:Link"], "read the statements in the log"),
    (["pi:DescribeDimensionKeys"], "read statements of dev-warehouse in Performance Insights"),
    (["pi:GetDimensionKeyDetails"], "read statements of dev-warehouse in Performance Insights"),
    (["logs:GetLogEvents"], "read the statements in the log of dev-warehouse"),
    (["logs:StartQuery", "logs:GetQueryResults"], "read the statements in the log"),
    (["rds:DownloadDBLogFilePortion"], "read the statements in the log of dev-warehouse"),
    (["logs:GetLogRecord"], "read the statements in the log of dev-warehouse"),
    (["logs:CreateScheduledQuery", "iam:PassRole"], "read the statements in the log"),
    (["logs:CreateLogAnomalyDetector", "logs:ListAnomalies"], "read the statements in the log"),
    (["logs:DescribeQueries", "logs:GetQueryResults"], "read the statements in the log"),
    (["logs:GetScheduledQueryHistory", "logs:GetQueryResults"], "read the statements in the log"),
    (["pi:GetResourceMetrics"], "read statements of dev-warehouse in Performance Insights"),
    (["pi:GetPerformanceAnalysisReport"], "read statements of dev-warehouse in Performance"),
    (["rds:RestoreDBInstanceFromDBSnapshot", "secretsmanager:GetSecretValue"],
     "copy, restore or share"),
    (["rds:RestoreDBInstanceToPointInTime", "secretsmanager:GetSecretValue"],
     "copy, restore or share"),
    (["lambda:InvokeAsync"], f"call {FUNCTION}"),
    (["lambda:PutResourcePolicy"], f"call {FUNCTION}"),
    (["s3:ReplicateObject"], "write to dags/ of Airflow's bucket, where its code is"),
    (["secretsmanager:PutResourcePolicy"], "send Airflow's token elsewhere"),
    (["secretsmanager:DeleteSecret", "secretsmanager:CreateSecret"],
     "send Airflow's token elsewhere"),
    (["sso:CreateAccountAssignment"], "make a role or user that may"),
    (["sso:PutInlinePolicyToPermissionSet", "sso:ProvisionPermissionSet"],
     "make a role or user that may"),
    (["iam:PassRole", "lambda:CreateWebFunction"], f"pass the role of {FUNCTION}"),
    (["iam:PassRole", "lambda:RunMicrovm"], f"pass the role of {FUNCTION}"),
    (["s3:PutBucketOwnershipControls", "s3:PutBucketAcl"], "let itself write to Airflow's bucket"),
    (["rds:CreateDBCluster", "rds:ModifyDBCluster"], "copy, restore or share"),
    (["logs:PutResourcePolicy"], "read the statements in the log of dev-warehouse"),
    (["logs:PutMetricFilter", "cloudwatch:ListMetrics"], "read the statements in the log"),
    (["logs:AssociateSourceToS3TableIntegration", "s3tables:GetTableData"],
     "read the statements in the log"),
    (["logs:PutIntegration", "iam:PassRole"], "read the statements in the log"),
    (["iam:PutGroupPolicy"], "give a group of users a permission to log in"),
    (["iam:AttachGroupPolicy"], "give a group of users a permission to log in"),
]  # fmt: skip


def those(given: Sequence[Path], how: str) -> list[str]:
    return [one.answer for one in given if one.how.startswith(how)]


def those_of(given: Sequence[Path], how: str) -> list[str]:
    return [one.how for one in given if one.how.startswith(how)]


@pytest.mark.first(20)
@pytest.mark.parametrize(("actions", "how"), WAYS, ids=lambda value: str(value)[:40])
def test_who_may_do_all_of_it_has_a_path_and_who_lacks_a_part_has_none(
    dev_templates: Templates, actions: list[str], how: str
) -> None:
    roles = {
        "Whole": [allow(actions)],
        "Denied": [allow(actions), allow(actions[0]) | {"Effect": "Deny"}],
        **{f"No{n}": [allow([*actions[:n], *actions[n + 1 :]])] for n in range(len(actions))},
    }
    for name, statements in roles.items():
        add(dev_templates, name, *statements)
    by_who: dict[str, list[Path]] = defaultdict(list)
    for one in found(dev_templates):
        by_who[one.who.removeprefix("role dev-network/")].append(one)
    whole = by_who["Whole"]
    # Of a role that says for whom it is passed, that cannot be told.
    unsure = {"unknown"} if "airflow.amazonaws.com" in how else {"allowed"}
    assert set(those(whole, how)) == unsure
    assert all(any("Inline" in one.detail for one in path.evidence) for path in whole)
    assert [name for name in roles if those(by_who[name], how)] == ["Whole"]


# These need a role that trusts who asks, and are tried below.
BY_TRUST = ("assume the role", "take the role", "deploy templates of its own with CDK's bootstrap")


def test_each_way_there_is_can_be_gone_by_who_may_do_all_of_it_alone(
    dev_templates: Templates,
) -> None:
    access = Access(of_templates(dev_templates), DEV.arns_by_role)
    every = list(ways(access, Labels(access.assembly, DEV), access.identities))
    tried = [one for one in every if not one.how.startswith(BY_TRUST)]
    assert len(tried) > 100

    def who(actions: Sequence[str]) -> Identity:
        document = {"Version": "2012-10-17", "Statement": [allow(list(actions))]}
        given = policy(document, Source())
        arn = "arn:aws:iam::111122223333:role/stranger"
        return Identity(
            kind="role", name="stranger", arn=arn, account="111122223333", resource=None,
            policies=(given,),
        )  # fmt: skip

    for way in tried:
        actions = [need.action for need in way.needs]
        assert [one.how for one in going(who(actions), "stranger", way)] == [way.how]
        for lacking in actions:
            others = [action for action in actions if action != lacking]
            assert not list(going(who(others), "stranger", way)), (way.how, lacking)
    # And each of them is tried above by name, in the whole of the review.
    for how in {one.how for one in tried}:
        begins = [how.startswith(known[:14]) for _, known in WAYS]
        assert any(begins), f"{how} is not among WAYS"


def test_who_may_modify_no_server_but_copies_may_restore_one_and_modify_that(
    dev_templates: Templates,
) -> None:
    copies = "arn:aws:rds:eu-central-1:111122223333:db:copy-*"
    restoring = "rds:RestoreDBInstanceFromDBSnapshot"
    given = stranger(dev_templates, allow(restoring), allow("rds:ModifyDBInstance", copies))
    assert [one.how for one in given] == ["copy, restore or share the data of dev-warehouse"]


CLUSTER = [
    (["rds:ModifyDBClusterSnapshotAttribute"], "copy, restore or share"),
    (["rds:RestoreDBClusterFromSnapshot", "rds:ModifyDBCluster"], "copy, restore or share"),
    (["rds:CreateGlobalCluster", "rds:CreateDBCluster", "rds:RemoveFromGlobalCluster",
      "rds:ModifyDBCluster"], "copy, restore or share"),
    (["rds:StartActivityStream", "kinesis:GetRecords"], "read the statements on"),
]  # fmt: skip


@pytest.mark.parametrize(("actions", "how"), CLUSTER, ids=lambda value: str(value)[:40])
def test_a_cluster_is_copied_by_actions_of_its_own(
    dev_templates: Templates, actions: list[str], how: str
) -> None:
    dev_templates["dev-network"]["Resources"]["Cluster"] = {
        "Type": "AWS::RDS::DBCluster", "Properties": {"Engine": "aurora-postgresql"}
    }  # fmt: skip

    def of_the_cluster(may: list[str]) -> list[str]:
        given = stranger(dev_templates, allow(may or "s3:ListBucket"))
        return [one for one in those_of(given, how) if "warehouse" not in one]

    assert of_the_cluster(actions)
    assert not of_the_cluster(actions[1:])


@pytest.mark.parametrize(
    ("provider", "actions"),
    [
        ("oidc-provider/id.example.com", ["iam:UpdateOpenIDConnectProviderThumbprint"]),
        ("oidc-provider/id.example.com",
         ["iam:DeleteOpenIDConnectProvider", "iam:CreateOpenIDConnectProvider"]),
        ("saml-provider/acme", ["iam:UpdateSAMLProvider"]),
        ("saml-provider/acme", ["iam:DeleteSAMLProvider", "iam:CreateSAMLProvider"]),
    ],
)  # fmt: skip
def test_who_may_change_a_provider_has_what_its_tokens_give(
    dev_templates: Templates, provider: str, actions: list[str]
) -> None:
    name = f"arn:aws:iam::111122223333:{provider}"
    action = "sts:AssumeRoleWithSAML" if "saml" in provider else "sts:AssumeRoleWithWebIdentity"
    trust = {"Effect": "Allow", "Action": action, "Principal": {"Federated": name}}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    add(dev_templates, "Given", allow("rds-db:connect"), AssumeRolePolicyDocument=document)
    how = "change the provider by which the role of role dev-network/Given is given"
    assert those(stranger(dev_templates, allow(actions)), how)
    assert not those(stranger(dev_templates, allow(actions[1:] or "s3:ListBucket")), how)


def test_nobody_has_a_path_but_what_delivers_to_the_bucket_and_what_calls_the_function(
    dev_templates: Templates,
) -> None:
    assert [
        (one.who.rpartition("/")[2][:-8], one.how.partition(" function")[0], one.answer)
        for one in found(dev_templates)
    ] == [
        ("UserswarehouseDriftCheckCallerFunction", "call", "allowed"),
        ("UserswarehouseFunctionProviderframeworkonEvent", "call", "allowed"),
        ("AirflowFilesFunction", "write to dags/ of Airflow's bucket, where its code is",
         "allowed"),
        ("AirflowFilesFunctionProviderframeworkonEvent", "call", "allowed"),
        ("UserswarehouseDriftCheckRole", "call", "allowed"),
    ]  # fmt: skip


# A chain: who may become somebody who is on a path is on one, too.
INTERN = "arn:aws:iam::111122223333:role/intern"


MIDDLE = "arn:aws:iam::111122223333:role/middle"


def between(
    templates: Templates, *, trusted: str = INTERN, may: str = "s3:PutObject", whom: str = MIDDLE
) -> list[tuple[str, str]]:
    """The paths of an intern, who may assume the stranger, who trusts it and may write DAGs."""
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": trusted}}
    assuming = {"Version": "2012-10-17", "Statement": [allow("sts:AssumeRole", whom)]}
    templates["dev-network"]["Resources"]["Intern"] = {
        "Type": "AWS::IAM::Policy",
        "Properties": {"PolicyName": "Inline", "Roles": ["intern"], "PolicyDocument": assuming},
    }
    stranger(
        templates,
        allow(may),
        RoleName="middle",
        AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": [trust]},
    )
    return [(one.how, one.answer) for one in found(templates) if one.who == "intern"]


def test_who_may_become_somebody_on_a_path_is_on_it_too(dev_templates: Templates) -> None:
    # The path of an existing role's name is not known.
    assert between(dev_templates) == [(f"assume the role of {WHO}", "unknown")]
    assert between(dev_templates, trusted=ROOT["AWS"]) == [(f"assume the role of {WHO}", "allowed")]


@pytest.mark.parametrize(
    "lacking",
    [
        {"trusted": INTERN.replace("intern", "another")},
        {"may": "s3:GetObject"},
        {"trusted": "arn:aws:iam::111122223333:root", "whom": MIDDLE.replace("middle", "another")},
    ],
)
def test_a_chain_that_lacks_a_part_is_none(
    dev_templates: Templates, lacking: dict[str, str]
) -> None:
    assert between(dev_templates, **lacking) == []


def test_the_code_of_what_is_on_a_path_is_a_way_to_it(dev_templates: Templates) -> None:
    given = stranger(dev_templates, allow("lambda:UpdateFunctionCode"))
    ends = [one for one in given if "AirflowFilesFunction" in one.how]
    assert ends
    assert all("AirflowFilesFunction" in str(one.reaches) for one in ends)


SHELLS = [
    ("AWS::EC2::Instance", {"IamInstanceProfile": {"Role": "shop"}}, "ssm:StartSession"),
    ("AWS::EC2::Instance", {"IamInstanceProfile": {"Role": "shop"}}, "ssm:SendCommand"),
    ("AWS::IAM::InstanceProfile", {"Roles": ["shop"]}, "ssm:StartSession"),
    ("AWS::ECS::TaskDefinition", {"TaskRoleArn": "arn:aws:iam::111122223333:role/shop"},
     "ecs:ExecuteCommand"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "properties", "action"), SHELLS)
def test_who_may_give_commands_in_what_has_a_role_has_it(
    dev_templates: Templates, kind: str, properties: dict[str, Any], action: str
) -> None:
    assert those(stranger(dev_templates, allow(action)), "give commands in") == []
    dev_templates["dev-network"]["Resources"]["Machine"] = {"Type": kind, "Properties": properties}
    assert those(stranger(dev_templates, allow(action)), "give commands in") == ["allowed"]
    assert those(stranger(dev_templates, allow("ssm:GetParameter")), "give commands in") == []


ISSUER = "oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"


@pytest.mark.parametrize(
    ("action", "answers"),
    [("eks:AssociateAccessPolicy", ["unknown"]), ("eks:DescribeCluster", [])],
)
def test_who_gets_into_the_cluster_may_run_a_pod_that_has_the_role(
    dev_templates: Templates, action: str, answers: list[str]
) -> None:
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": f"arn:aws:iam::111122223333:oidc-provider/{ISSUER}"},
    }
    dev_templates["dev-network"]["Resources"]["Pods"] = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [
                {
                    "PolicyName": "Connect",
                    "PolicyDocument": {
                        "Version": "2012-10-17", "Statement": [allow("rds-db:connect")]
                    },
                }
            ],
        },
    }  # fmt: skip
    cluster = "arn:aws:eks:eu-central-1:111122223333:access-entry/pods/*"
    statement = {"Effect": "Allow", "Action": action, "Resource": cluster}
    assert those(stranger(dev_templates, statement), "run a pod that has the role") == answers


def test_who_may_make_stack_sets_may_deploy_if_the_account_has_roles_for_them(
    dev_templates: Templates,
) -> None:
    actions = ["cloudformation:CreateStackSet", "cloudformation:CreateStackInstances"]
    given = stranger(dev_templates, allow(actions))
    assert those(given, "deploy templates of its own with a stack set") == ["unknown"]
    alone = stranger(dev_templates, allow(actions[0]))
    assert those(alone, "deploy templates of its own with a stack set") == []


def trusting(templates: Templates, principal: Any, **rest: Any) -> list[Path]:
    """The paths when Airflow's role trusts somebody more."""
    [role] = [
        one["Properties"]
        for one in templates["dev-airflow"]["Resources"].values()
        if "airflow.amazonaws.com" in str(one.get("Properties", {}).get("AssumeRolePolicyDocument"))
    ]
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, **rest}
    role["AssumeRolePolicyDocument"]["Statement"].append(statement)
    return [one for one in found(templates) if one.how == "assume the role of airflow"]


ROOT = {"AWS": "arn:aws:iam::111122223333:root"}


def test_a_role_is_assumed_by_whom_it_trusts(dev_templates: Templates) -> None:
    stranger(dev_templates, allow("sts:AssumeRole"))
    assert {(one.who, one.answer) for one in trusting(dev_templates, ROOT)} == {
        (WHO, "allowed"),
        # Whoever else of the account may.
        (f"AWS {ROOT['AWS']}", "unknown"),
    }


def test_a_role_that_trusts_a_service_alone_is_assumed_by_nobody(dev_templates: Templates) -> None:
    assert those(stranger(dev_templates, allow("sts:AssumeRole")), "assume the role of air") == []


def test_a_role_whose_trust_is_elsewhere_is_perhaps_assumed_by_who_may(
    dev_templates: Templates,
) -> None:
    given = stranger(dev_templates, allow("sts:AssumeRole"))
    assert those(given, "assume the role of shop") == ["unknown"]
    assert those(stranger(dev_templates, allow("s3:GetObject")), "assume") == []


def test_an_account_that_is_trusted_is_told(dev_templates: Templates) -> None:
    given = trusting(dev_templates, {"AWS": "444455556666"})
    assert [(one.who, one.answer) for one in given] == [("AWS 444455556666", "unknown")]


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        ({"StringEquals": {"iam:PassedToService": "airflow.amazonaws.com"}}, "unknown"),
        ({"Bool": {"aws:SecureTransport": "false"}}, None),
    ],
)
def test_a_condition_that_cannot_be_decided_leaves_the_path_open(
    dev_templates: Templates, condition: dict[str, Any], answer: str | None
) -> None:
    given = stranger(dev_templates, allow("airflow:UpdateEnvironment", Condition=condition))
    assert those(given, "give Airflow another bucket") == ([answer] if answer else [])


def test_a_boundary_closes_what_it_leaves_out(dev_templates: Templates) -> None:
    dev_templates["dev-network"]["Resources"]["Boundary"] = {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [allow("s3:*")]},
        },
    }
    boundary = {"PermissionsBoundary": {"Ref": "Boundary"}}
    given = stranger(dev_templates, allow(["s3:PutObject", "rds:ModifyDBInstance"]), **boundary)
    assert {one.how.split()[0] for one in given} == {"write"}


def test_a_policy_that_aws_manages_is_not_known_but_for_a_few(dev_templates: Templates) -> None:
    managed = "arn:aws:iam::aws:policy/"
    given = stranger(dev_templates, ManagedPolicyArns=[f"{managed}AmazonRDSFullAccess"])
    assert [(one.how[:11], one.answer) for one in given] == [("do whatever", "unknown")]
    given = stranger(dev_templates, ManagedPolicyArns=[f"{managed}AdministratorAccess"])
    assert len({one.how for one in given}) > 15


def test_a_policy_of_the_bucket_opens_it(dev_templates: Templates) -> None:
    for one in dev_templates["dev-airflow"]["Resources"].values():
        if one["Type"] == "AWS::S3::BucketPolicy":
            arn = {"AWS": "arn:aws:iam::111122223333:role/analyst"}
            one["Properties"]["PolicyDocument"]["Statement"].append(
                allow("s3:PutObject") | {"Principal": arn}
            )
    stranger(dev_templates, allow("s3:GetObject"), RoleName="analyst")
    hows = [one.how[:15] for one in found(dev_templates) if one.who == WHO]
    assert hows == ["write to dags/ "]


DEPLOY = "arn:aws:iam::111122223333:role/cdk-hnb659fds-deploy-role-111122223333-eu-central-1"
EXECUTION = "arn:aws:iam::111122223333:role/cdk-hnb659fds-cfn-exec-role-111122223333-eu-central-1"


@pytest.mark.parametrize(
    ("statements", "answers"),
    [
        ([allow("sts:AssumeRole", DEPLOY)], ["unknown"]),
        ([allow("sts:AssumeRole", DEPLOY.replace("deploy", "lookup"))], []),
        ([allow("iam:PassRole", EXECUTION), allow("cloudformation:CreateStack")], ["allowed"]),
        ([allow("iam:PassRole", EXECUTION)], []),
        ([allow("iam:PassRole", DEPLOY), allow("cloudformation:UpdateStack")], []),
    ],
)
def test_who_may_deploy_has_everything(
    dev_templates: Templates, statements: list[dict[str, Any]], answers: list[str]
) -> None:
    given = stranger(dev_templates, *statements)
    assert those(given, "deploy templates of its own") == answers
    assert all(one.reaches == ["everything on dev-warehouse"] for one in given)


PROVIDER = "arn:aws:iam::111122223333:oidc-provider/gitlab.com"


@pytest.mark.parametrize(
    ("condition", "whose"),
    [
        ({"StringEquals": {"gitlab.com:sub": "project_path:a/b"}}, "project_path:a/b"),
        ({"StringLike": {"gitlab.com:sub": "*"}}, "subjects that are not named exactly"),
    ],
)
def test_whose_tokens_give_a_role_that_deploys_is_told(
    dev_templates: Templates, condition: dict[str, Any], whose: str
) -> None:
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": PROVIDER},
        "Condition": condition,
    }
    document = {"Version": "2012-10-17", "Statement": [trust]}
    stranger(dev_templates, allow("sts:AssumeRole", DEPLOY), AssumeRolePolicyDocument=document)
    given = [one for one in found(dev_templates) if one.who == f"Federated {PROVIDER}"]
    assert [one.how for one in given] == [f"take the role of {WHO} with a token of {whose}"]


# Whatever names the function, a version of it, or its ARN within a text.
ARN = {"Fn::GetAtt": ["UserswarehouseFunction1716FE67", "Arn"]}
CALLING: dict[str, tuple[str, dict[str, Any]]] = {
    "its alias": ("AWS::Lambda::EventSourceMapping", {"FunctionName": {"Ref": "Live"}}),
    "a qualified ARN": (
        "AWS::Events::Rule", {"Targets": [{"Arn": {"Fn::Join": ["", [ARN, ":live"]]}}]}
    ),
    "a definition as text": (
        "AWS::StepFunctions::StateMachine",
        {"DefinitionString": {"Fn::Sub": ['{"Resource": "${F}"}', {"F": ARN}]}},
    ),
    "an address of API Gateway's": (
        "AWS::ApiGateway::Method",
        {"Integration": {"Uri": {"Fn::Join": ["", ["x/functions/", ARN, "/invocations"]]}}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", CALLING)
def test_what_calls_the_function_is_told_however_it_names_it(
    dev_templates: Templates, how: str
) -> None:
    kind, properties = CALLING[how]
    resources = dev_templates["dev-access"]["Resources"]
    resources["Live"] = {
        "Type": "AWS::Lambda::Alias",
        "Properties": {"FunctionName": ARN, "Name": "live", "FunctionVersion": "1"},
    }
    resources["Caller"] = {"Type": kind, "Properties": properties}
    assert [one.who for one in found(dev_templates) if one.who.startswith(kind)] == [
        f"{kind} dev-access/Caller"
    ]
