"""CloudFormation in the local AWS refuses what AWS refuses, and takes away what it made."""

import json
from itertools import takewhile
from pathlib import Path
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError

from proof.account import Account
from proof.logins import Endpoint, connect, token
from tests.emulator.conftest import (
    MASTER,
    REGION,
    StackFailedError,
    Stacks,
    allow,
    instance,
    resource,
    role,
)

pytestmark = pytest.mark.slow

CHECK = Path(__file__).parents[2] / "lambda/drift_check/handler.py"
RESPONDER = """
import json, os, urllib.request

def handle(event, context):
    if event["ResourceProperties"].get("Crash") == "true":
        raise LookupError("crashed before it answered")
    wanted = event["ResourceProperties"].get("Fail")
    answer = {
        "Status": "FAILED" if wanted and event["RequestType"] != "Delete" else "SUCCESS",
        "Reason": wanted or "",
        "PhysicalResourceId": "the-one",
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": {"Said": json.dumps(event.get("OldResourceProperties", {}).get("Say"))},
    }
    request = urllib.request.Request(
        event["ResponseURL"], json.dumps(answer).encode(), {"content-type": ""}, method="PUT")
    urllib.request.urlopen(request)
"""


def custom(**properties: Any) -> dict[str, Any]:
    """A custom resource and its function."""
    return {
        "Role": role(Service="lambda.amazonaws.com"),
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Code": {"ZipFile": RESPONDER},
                "Handler": "index.handle",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Runtime": "python3.13",
            },
        },
        "Thing": {
            "Type": "Custom::Thing",
            "Properties": {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}, **properties},
        },
    }


def test_a_custom_resource_that_fails_gives_the_stacks_reason(stacks: Stacks) -> None:
    with pytest.raises(StackFailedError, match="no port is open there"):
        stacks.deploy("failing", custom(Fail="no port is open there"))


def test_a_function_that_crashes_without_an_answer_fails_at_once(stacks: Stacks) -> None:
    with pytest.raises(StackFailedError, match="crashed before it answered"):
        stacks.deploy("crashing", custom(Crash=True))


def test_a_failed_update_goes_back_and_a_custom_resource_hears_of_both(stacks: Stacks) -> None:
    said = {"Fn::GetAtt": ["Thing", "Said"]}
    stacks.deploy("changing", custom(Say="one"), Said=said)
    assert stacks.deploy("changing", custom(Say="two"), Said=said) == {"Said": '"one"'}
    with pytest.raises(StackFailedError, match="not today"):
        stacks.deploy("changing", custom(Say="three", Fail="not today"), Said=said)
    assert stacks.deploy("changing", custom(Say="four"), Said=said) == {"Said": '"two"'}
    assert stacks.delete("changing") == "DELETE_COMPLETE"


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"Engine": "mysql"}, "Engine 'mysql'"),
        ({"EngineVersion": "9.6"}, "EngineVersion '9.6'"),
        ({"MasterUsername": "rdsadmin"}, "MasterUsername 'rdsadmin' cannot be used"),
        ({"MasterUserAuthenticationType": "password"}, "requires MasterUserPassword or"),
        (
            {"MasterUserAuthenticationType": "password", "MasterUserPassword": "pass word"},
            "8 to 128 printable characters",
        ),
        ({"EnableIAMDatabaseAuthentication": False}, "requires EnableIAMDatabaseAuth"),
        ({"MasterUserPassword": "secret"}, "MasterUserPassword cannot be given"),
        ({"AllocatedStorage": "5"}, "AllocatedStorage 5"),
        ({"BackupRetentionPeriod": 36}, "BackupRetentionPeriod 36"),
        ({"MonitoringInterval": 60}, "MonitoringRoleArn is required"),
        ({"EnableCloudwatchLogsExports": ["audit"]}, "EnableCloudwatchLogsExports"),
        ({"DBSubnetGroupName": "missing"}, "DBSubnetGroupName 'missing'"),
        ({"VPCSecurityGroups": ["sg-missing"]}, "no group 'sg-missing'"),
        ({"DBParameterGroupName": "missing"}, "DBParameterGroup not found: missing"),
        ({"DBInstanceIdentifier": "a--b"}, "DBInstanceIdentifier: 'a--b'"),
    ],
)
def test_an_instance_that_rds_would_not_make_is_refused(
    stacks: Stacks, properties: dict[str, Any], reason: str
) -> None:
    with pytest.raises(StackFailedError) as refused:
        stacks.deploy(f"refused-{abs(hash(reason))}", {"Server": instance(**properties)})
    assert reason in str(refused.value)


def group(**parameters: str) -> dict[str, Any]:
    """A parameter group."""
    properties = {"Family": "postgres17", "Description": "some", "Parameters": parameters}
    return {"Type": "AWS::RDS::DBParameterGroup", "Properties": properties}


def test_a_parameter_that_nobody_knows_is_refused(stacks: Stacks) -> None:
    with pytest.raises(StackFailedError, match="Could not find parameter with name: log_all"):
        stacks.deploy("unknown-parameter", {"Group": group(log_all="1")})


def test_an_instance_lives_and_dies_with_its_stack(
    stacks: Stacks, account: Account, state: Path
) -> None:
    def resources(**parameters: str) -> dict[str, Any]:
        server = instance(
            DBInstanceIdentifier="mortal",
            DBName="orders",
            DBParameterGroupName={"Ref": "Group"},
            DeletionProtection=True,
        )
        return {"Server": server, "Group": group(**parameters)}

    where = {
        "Host": {"Fn::GetAtt": ["Server", "Endpoint.Address"]},
        "Port": {"Fn::GetAtt": ["Server", "Endpoint.Port"]},
    }
    parameters = {"rds.force_ssl": "1", "log_statement": "ddl"}
    outputs = stacks.deploy("mortal", resources(**parameters), **where)
    endpoint = Endpoint(
        host=outputs["Host"], port=int(outputs["Port"]), authorities=account.authorities
    )

    def shown(name: str) -> str:
        given = token(account.administrator, endpoint, MASTER, region=REGION)
        with connect(endpoint, database="orders", user=MASTER, password=given) as connection:
            [row] = connection.execute(f"SHOW {name}".encode()).fetchall()
            return row[0]

    assert shown("log_statement") == "ddl"
    assert "ready to accept connections" in (state / "rds/mortal/postgresql.log").read_text()
    parameters["log_statement"] = "all"
    stacks.deploy("mortal", resources(**parameters), **where)
    assert shown("log_statement") == "all"

    assert stacks.delete("mortal") == "DELETE_FAILED"
    assert shown("rds.force_ssl") == "1"
    account.client("rds").modify_db_instance(
        DBInstanceIdentifier="mortal", DeletionProtection=False, ApplyImmediately=True
    )
    assert stacks.delete("mortal") == "DELETE_COMPLETE"
    with pytest.raises(psycopg.OperationalError, match="Connection refused"):
        shown("log_statement")
    assert not (state / "rds/mortal/data").exists()


def test_an_instance_goes_to_another_major_version_where_that_is_allowed_and_not_back(
    stacks: Stacks, account: Account
) -> None:
    def deploy(major: str, **properties: Any) -> dict[str, str]:
        server = instance(
            DBInstanceIdentifier="growing",
            DBParameterGroupName={"Ref": "Group"},
            EngineVersion=major,
            **properties,
        )
        family = group(log_statement="all")
        family["Properties"]["Family"] = f"postgres{major}"
        resources = {"Server": server, "Group": family}
        return stacks.deploy("growing", resources, Group={"Ref": "Group"})

    before = deploy("17", AllocatedStorage="30")["Group"]
    with pytest.raises(StackFailedError, match="The AllowMajorVersionUpgrade flag must be present"):
        deploy("18", AllocatedStorage="30")
    after = deploy("18", AllocatedStorage="30", AllowMajorVersionUpgrade=True)["Group"]
    groups = account.client("rds").describe_db_parameter_groups()["DBParameterGroups"]
    families = {one["DBParameterGroupName"]: one["DBParameterGroupFamily"] for one in groups}
    assert before not in families
    assert families[after] == "postgres18"
    with pytest.raises(StackFailedError, match="Cannot upgrade postgres from 18 to 17"):
        deploy("17", AllocatedStorage="30", AllowMajorVersionUpgrade=True)
    with pytest.raises(StackFailedError, match="storage cannot be reduced"):
        deploy("18", AllocatedStorage="20")


@pytest.mark.parametrize(("policy", "again"), [("RetainExceptOnCreate", True), ("Retain", False)])
def test_a_failed_first_creation_can_be_tried_again_unless_it_left_a_name_behind(
    policy: str, again: bool, stacks: Stacks
) -> None:
    logs = {
        "Type": "AWS::Logs::LogGroup",
        "DeletionPolicy": policy,
        "Properties": {"LogGroupName": f"/named/{policy}"},
    }

    def resources(**properties: str) -> dict[str, Any]:
        return {"Logs": logs, "Group": group(**properties) | {"DependsOn": "Logs"}}

    with pytest.raises(StackFailedError, match="Could not find parameter"):
        stacks.deploy(f"first-{policy}", resources(unknown="1"))
    if again:
        stacks.deploy(f"second-{policy}", resources(log_statement="all"))
    else:
        with pytest.raises(StackFailedError, match="already exists"):
            stacks.deploy(f"second-{policy}", resources(log_statement="all"))


def test_a_retained_instance_outlives_its_stack_with_what_it_stands_on(
    stacks: Stacks, account: Account
) -> None:
    server = instance(DBInstanceIdentifier="retained", DBParameterGroupName={"Ref": "Group"})
    kept = {"DeletionPolicy": "RetainExceptOnCreate"}
    resources = {"Server": server | kept, "Group": group(log_statement="all") | kept}
    stacks.deploy("retaining", resources)
    assert stacks.delete("retaining") == "DELETE_COMPLETE"
    rds = account.client("rds")
    [left] = rds.describe_db_instances(DBInstanceIdentifier="retained")["DBInstances"]
    [its_group] = left["DBParameterGroups"]
    assert rds.describe_db_parameter_groups(DBParameterGroupName=its_group["DBParameterGroupName"])
    rds.delete_db_instance(DBInstanceIdentifier="retained", SkipFinalSnapshot=True)


def test_a_bucket_that_holds_objects_is_not_deleted(stacks: Stacks, account: Account) -> None:
    tags = [{"Key": "environment", "Value": "test"}]
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "full-one", "Tags": tags}}
    stacks.deploy("bucket", {"Bucket": bucket})
    s3 = account.client("s3")
    assert s3.get_bucket_tagging(Bucket="full-one")["TagSet"] == tags
    s3.put_object(Bucket="full-one", Key="one", Body=b"1")
    assert stacks.delete("bucket") == "DELETE_FAILED"
    s3.delete_object(Bucket="full-one", Key="one")
    assert stacks.delete("bucket") == "DELETE_COMPLETE"


def test_a_buckets_name_is_taken_once(stacks: Stacks, account: Account) -> None:
    account.client("s3").create_bucket(
        Bucket="taken-by-somebody",
        CreateBucketConfiguration={"LocationConstraint": account.region},
    )
    named = {"It": resource("S3::Bucket", BucketName="taken-by-somebody")}
    with pytest.raises(StackFailedError, match="Validation failed"):
        stacks.deploy("takes-a-bucket", named)


def test_a_bucket_that_holds_versions_of_deleted_objects_is_not_deleted(
    stacks: Stacks, account: Account
) -> None:
    versioned = {"Status": "Enabled"}
    bucket = resource("S3::Bucket", BucketName="deep-one", VersioningConfiguration=versioned)
    stacks.deploy("deep", {"Bucket": bucket})
    s3 = account.client("s3")
    version = s3.put_object(Bucket="deep-one", Key="one", Body=b"1")["VersionId"]
    marker = s3.delete_object(Bucket="deep-one", Key="one")["VersionId"]
    s3.delete_object(Bucket="deep-one", Key="one", VersionId=version)
    assert stacks.delete("deep") == "DELETE_FAILED"
    s3.delete_object(Bucket="deep-one", Key="one", VersionId=marker)
    assert stacks.delete("deep") == "DELETE_COMPLETE"


def test_a_deleted_stack_is_known_by_its_id_alone(stacks: Stacks) -> None:
    stacks.deploy("forgotten", {"Topic": resource("SNS::Topic")})
    [stack] = stacks.client.describe_stacks(StackName="forgotten")["Stacks"]
    assert stacks.delete("forgotten") == "DELETE_COMPLETE"
    for ask in (stacks.client.get_template, stacks.client.list_stack_resources):
        with pytest.raises(ClientError, match="does not exist"):
            ask(StackName="forgotten")
    assert stacks.client.get_template(StackName=stack["StackId"])["TemplateBody"]


def test_a_condition_joins_the_values_of_a_list(stacks: Stacks) -> None:
    given = {"Fn::Join": ["", {"Ref": "Given"}]}
    template = {
        "Parameters": {"Given": {"Type": "CommaDelimitedList", "Default": ""}},
        "Conditions": {"Some": {"Fn::Not": [{"Fn::Equals": ["", given]}]}},
        "Resources": {"Topic": resource("SNS::Topic")},
        "Outputs": {"Said": {"Value": {"Fn::If": ["Some", "some", "none"]}}},
    }
    assert stacks.deploy_template("joining", template) == {"Said": "none"}


def test_a_resource_changes_with_what_an_attribute_says_and_not_with_what_it_is_of(
    stacks: Stacks,
) -> None:
    def said(**properties: str) -> str:
        follower = {
            "Type": "Custom::Thing",
            "Properties": {
                "ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]},
                "Say": {"Fn::GetAtt": ["Thing", "Said"]},
            },
        }
        resources = {**custom(**properties), "Follower": follower}
        return stacks.deploy("following", resources, Said={"Fn::GetAtt": ["Follower", "Said"]})[
            "Said"
        ]

    assert said(Other="1") == "null"
    # Changed, it would have been told what it said before.
    assert said(Other="2", Say="it") == "null"
    assert said(Other="3", Say="it") == json.dumps("null")


def test_an_update_tells_of_what_it_changes_and_removes_and_of_nothing_else(
    stacks: Stacks,
) -> None:
    def group(days: int) -> dict[str, Any]:
        return resource("Logs::LogGroup", RetentionInDays=days)

    stacks.deploy("telling", {"Same": group(1), "Changed": group(1), "Gone": group(1)})
    stacks.deploy("telling", {"Same": group(1), "Changed": group(3), "New": group(1)})
    events = stacks.client.describe_stack_events(StackName="telling")["StackEvents"]
    of_the_update = takewhile(lambda one: one["ResourceStatus"] != "CREATE_COMPLETE", events)
    found = {(one["LogicalResourceId"], one["ResourceStatus"]) for one in of_the_update}
    assert {name for name, _ in found} == {"telling", "Changed", "Gone", "New"}
    assert {("Changed", "UPDATE_COMPLETE"), ("Gone", "DELETE_COMPLETE")} <= found


USERS = """
def handle(event, context):
    if event["Databases"] == ["broken"]:
        raise ValueError("no route")
    return {**event, "Statements": len(event["Databases"])}
"""


def _inline(code: str, handler: str, its_role: str, **variables: Any) -> dict[str, Any]:
    return resource(
        "Lambda::Function",
        Code={"ZipFile": code},
        Handler=handler,
        Role={"Fn::GetAtt": [its_role, "Arn"]},
        Runtime="python3.13",
        Timeout=60,
        Environment={"Variables": variables},
    )


def test_a_check_is_of_what_the_stack_that_is_deployed_declares(
    stacks: Stacks, account: Account
) -> None:
    def checked(databases: list[str]) -> Any:
        users = {"Fn::GetAtt": ["Users", "Arn"]}
        told = {"STACK": {"Ref": "AWS::StackId"}, "RESOURCE": "Thing", "FUNCTION": users}
        lookup = allow("cloudformation:GetTemplate", {"Ref": "AWS::StackId"})
        call = {**allow("lambda:InvokeFunction", users), "PolicyName": "call"}
        resources = {
            **custom(Databases=databases, Prefix="blue"),
            "Users": _inline(USERS, "index.handle", "Role"),
            "Caller": _inline(CHECK.read_text(), "index.handle", "CallerRole", **told),
            "CallerRole": role(lookup, call, Service="lambda.amazonaws.com"),
        }
        name = stacks.deploy("checked", resources, Caller={"Ref": "Caller"})["Caller"]
        answer = account.client("lambda").invoke(FunctionName=name, Payload='{"Mode": "check"}')
        return json.load(answer["Payload"])

    found = checked(["orders", "reports"])
    assert found == {
        "Mode": "check", "Databases": ["orders", "reports"], "Prefix": "blue", "Statements": 2
    }  # fmt: skip
    assert checked(["orders"])["Statements"] == 1
    assert checked(["broken"])["errorMessage"] == "no route"
