"""Functions find in the local AWS what they find on AWS, and no more."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from proof.account import Account
from tests.emulator.conftest import (
    REGION,
    Database,
    StackFailedError,
    Stacks,
    allow,
    get,
    resource,
    role,
)

pytestmark = pytest.mark.slow

SERVICE = "lambda.amazonaws.com"
CODE = """
import importlib.util, os, socket, time

def handle(event, context):
    print("asked", event["ask"])
    return globals()[event["ask"]](event, context)

def buckets(event, context):
    import boto3
    return [bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]]

def identity(event, context):
    import boto3
    return boto3.client("sts").get_caller_identity()["Arn"]

def resolve(event, context):
    return socket.getaddrinfo(event["host"], 5432)[0][4][0]

def surroundings(event, context):
    return {
        "importable": [n for n in event["names"] if importlib.util.find_spec(n)],
        "environment": dict(os.environ),
        "here": os.getcwd(),
        "left": context.get_remaining_time_in_millis(),
    }

def long(event, context):
    return event["text"]

def fail(event, context):
    raise LookupError("nothing there")

def leave(event, context):
    os._exit(3)

def hang(event, context):
    time.sleep(60)
"""


def function(role_name: str, **properties: Any) -> dict[str, Any]:
    """A function with `CODE`."""
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Code": {"ZipFile": CODE},
            "Handler": "index.handle",
            "Role": {"Fn::GetAtt": [role_name, "Arn"]},
            "Runtime": "python3.13",
            "Timeout": 30,
            **properties,
        },
    }


@pytest.fixture(scope="session")
def deployed(stacks: Stacks) -> None:
    network = {"Fn::GetAtt": ["Vpc", "CidrBlock"]}
    stacks.deploy(
        "functions",
        {
            "Plain": role(Service=SERVICE),
            "Permitted": role(allow("s3:ListAllMyBuckets", "*"), Service=SERVICE),
            "Inside": role(allow("ec2:*", "*"), allow_s3(), Service=SERVICE),
            "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
            "Subnet": {
                "Type": "AWS::EC2::Subnet",
                "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": network},
            },
            "Group": {
                "Type": "AWS::EC2::SecurityGroup",
                "Properties": {"VpcId": {"Ref": "Vpc"}, "GroupDescription": "none"},
            },
            "WithPermission": function("Permitted", FunctionName="with-permission"),
            "WithoutPermission": function("Plain", FunctionName="without-permission"),
            "Hanging": function("Plain", FunctionName="hanging", Timeout=1),
            "InVpc": function(
                "Inside",
                FunctionName="in-vpc",
                VpcConfig={
                    "SubnetIds": [{"Ref": "Subnet"}],
                    "SecurityGroupIds": [{"Fn::GetAtt": ["Group", "GroupId"]}],
                },
            ),
        },
    )


def allow_s3() -> dict[str, Any]:
    """A second inline policy."""
    return {**allow("s3:*", "*"), "PolicyName": "s3"}


Invoke = Callable[..., Any]


@pytest.fixture
def invoke(account: Account, deployed: None) -> Invoke:
    client = account.client("lambda")

    def invoke(name: str, ask: str, **event: Any) -> Any:
        payload = json.dumps({"ask": ask, **event})
        answer = client.invoke(FunctionName=name, Payload=payload)
        return json.load(answer["Payload"])

    return invoke


def test_a_function_with_a_permission_uses_it(account: Account, invoke: Invoke) -> None:
    account.client("s3").create_bucket(
        Bucket="listed", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    assert "listed" in invoke("with-permission", "buckets")


def test_a_function_without_a_permission_is_denied(account: Account, invoke: Invoke) -> None:
    answer = invoke("without-permission", "buckets")
    assert "(AccessDenied) when calling the ListBuckets operation" in answer["errorMessage"]
    [call] = [call for call in account.calls() if call.session == "without-permission"]
    assert (call.action, call.allowed) == ("s3:ListAllMyBuckets", False)


def test_a_function_runs_with_a_session_of_its_own_role(invoke: Invoke) -> None:
    assert "assumed-role/functions-Plain-" in invoke("without-permission", "identity")


def test_a_function_finds_boto3_and_nothing_of_ours(invoke: Invoke) -> None:
    names = ["boto3", "ministack", "psycopg", "cryptography", "emulator", "aws_cdk", "pg8000"]
    found = invoke("without-permission", "surroundings", names=names)
    assert found["importable"] == ["boto3"]
    assert found["here"] == found["environment"]["LAMBDA_TASK_ROOT"]
    assert 20_000 < found["left"] <= 30_000
    assert found["environment"]["AWS_REGION"] == REGION
    assert "HOME" not in found["environment"]


def test_a_function_in_a_vpc_reaches_no_endpoint_of_aws(invoke: Invoke) -> None:
    answer = invoke("in-vpc", "buckets")
    assert answer["errorType"] == "EndpointConnectionError"


def inside(vpc: str, **more: Any) -> dict[str, Any]:
    """A network, with a function in it."""
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    return {
        "Role": role(allow("ec2:*", "*"), allow_s3(), Service=SERVICE),
        "Vpc": resource("EC2::VPC", CidrBlock=vpc),
        "Subnet": resource("EC2::Subnet", VpcId={"Ref": "Vpc"}, CidrBlock=vpc),
        "Group": resource(
            "EC2::SecurityGroup",
            VpcId={"Ref": "Vpc"},
            GroupDescription="of the function",
            SecurityGroupEgress=[{"CidrIp": "0.0.0.0/0", **rule}],
        ),
        "Inside": function(
            "Role",
            VpcConfig={
                "SubnetIds": [{"Ref": "Subnet"}],
                "SecurityGroupIds": [get("Group", "GroupId")],
            },
        ),
        **more,
    }


def endpoint(*, private_dns: bool = True, **rule: Any) -> dict[str, Any]:
    """An endpoint of STS, and its group with a rule."""
    every = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **rule}
    return {
        "Sts": resource(
            "EC2::VPCEndpoint",
            VpcId={"Ref": "Vpc"},
            ServiceName=f"com.amazonaws.{REGION}.sts",
            VpcEndpointType="Interface",
            PrivateDnsEnabled=private_dns,
            SubnetIds=[{"Ref": "Subnet"}],
            SecurityGroupIds=[get("Endpoints", "GroupId")],
        ),
        "Endpoints": resource(
            "EC2::SecurityGroup", VpcId={"Ref": "Vpc"}, GroupDescription="of endpoints"
        ),
        "In": resource("EC2::SecurityGroupIngress", GroupId=get("Endpoints", "GroupId"), **every),
    }


BY_GROUP: dict[str, Any] = {"SourceSecurityGroupId": get("Group", "GroupId")}


@pytest.mark.first(2)
@pytest.mark.parametrize(
    ("more", "reached"),
    [
        (endpoint(**BY_GROUP), True),
        (endpoint(CidrIp="10.2.0.0/16"), False),
        (endpoint(CidrIp="10.1.0.0/16"), True),
        (endpoint(**BY_GROUP, FromPort=5432, ToPort=5432), False),
        (endpoint(**BY_GROUP, private_dns=False), False),
        (endpoint(SourceSecurityGroupId=get("Endpoints", "GroupId")), False),
    ],
    ids=["by-group", "elsewhere", "by-range", "another-port", "no-name", "another-group"],
)
def test_a_function_in_a_vpc_reaches_the_service_whose_endpoint_lets_it_in_alone(
    more: dict[str, Any], reached: bool, account: Account, stacks: Stacks
) -> None:
    name = stacks.deploy("inside", inside("10.1.0.0/16", **more), Name={"Ref": "Inside"})["Name"]

    def asked(what: str) -> Any:
        answer = account.client("lambda").invoke(
            FunctionName=name, Payload=json.dumps({"ask": what})
        )
        return json.load(answer["Payload"])

    told = asked("identity")
    if reached:
        assert ":assumed-role/inside-Role-" in told
    else:
        assert told["errorType"] == "EndpointConnectionError"
    assert asked("buckets")["errorType"] == "EndpointConnectionError"


@pytest.mark.first(1)
@pytest.mark.parametrize(
    ("egress", "by_nat", "reached"),
    [("0.0.0.0/0", True, True), ("0.0.0.0/0", False, False), ("10.3.0.0/16", True, False)],
    ids=["by-nat", "no-route", "closed-group"],
)
def test_a_function_in_a_vpc_reaches_every_service_by_nat(
    egress: str, by_nat: bool, reached: bool, account: Account, stacks: Stacks
) -> None:
    target = {"NatGatewayId": {"Ref": "Nat"}} if by_nat else {"GatewayId": {"Ref": "Internet"}}
    network = inside(
        "10.3.0.0/16",
        Address=resource("EC2::EIP", Domain="vpc"),
        Nat=resource(
            "EC2::NatGateway",
            SubnetId={"Ref": "Subnet"},
            AllocationId=get("Address", "AllocationId"),
        ),
        Internet=resource("EC2::InternetGateway"),
        Table=resource("EC2::RouteTable", VpcId={"Ref": "Vpc"}),
        Way=resource(
            "EC2::Route",
            RouteTableId={"Ref": "Table"},
            DestinationCidrBlock="0.0.0.0/0",
            **target,
        ),
        Of=resource(
            "EC2::SubnetRouteTableAssociation",
            RouteTableId={"Ref": "Table"},
            SubnetId={"Ref": "Subnet"},
        ),
    )
    [rule] = network["Group"]["Properties"]["SecurityGroupEgress"]
    rule["CidrIp"] = egress
    stack = f"nat-{by_nat}-{egress[:2].strip('.')}"
    name = stacks.deploy(stack, network, Name={"Ref": "Inside"})["Name"]
    answer = account.client("lambda").invoke(FunctionName=name, Payload='{"ask": "identity"}')
    told = json.load(answer["Payload"])
    if reached:
        assert ":assumed-role/" in told
    else:
        assert told["errorType"] == "EndpointConnectionError"


def test_a_function_resolves_an_instances_name(invoke: Invoke, database: Database) -> None:
    assert invoke("in-vpc", "resolve", host=database.endpoint.host) == "127.0.0.1"


def test_a_large_answer_comes_whole(invoke: Invoke) -> None:
    text = "ü" * 500_000
    assert invoke("without-permission", "long", text=text) == text


def test_a_functions_error_is_its_answer(invoke: Invoke) -> None:
    answer = invoke("without-permission", "fail")
    assert answer["errorType"] == "LookupError"
    assert answer["errorMessage"] == "nothing there"


def test_a_function_that_ends_by_itself_is_an_error(invoke: Invoke) -> None:
    assert "exit status 3" in invoke("without-permission", "leave")["errorMessage"]


@pytest.mark.slow
def test_a_function_is_ended_at_its_timeout(invoke: Invoke) -> None:
    answer = invoke("hanging", "hang")
    assert answer["errorMessage"] == "Task timed out after 1.00 seconds"


def test_what_a_function_prints_is_logged(account: Account, invoke: Invoke, state: Path) -> None:
    invoke("without-permission", "identity")
    logs = account.client("logs")
    events = logs.filter_log_events(logGroupName="/aws/lambda/without-permission")["events"]
    assert "asked identity" in [event["message"] for event in events]
    assert "asked identity" in (state / "functions/without-permission.log").read_text()


def test_a_function_whose_role_lambda_may_not_assume_is_refused(stacks: Stacks) -> None:
    with pytest.raises(StackFailedError, match="cannot be assumed by Lambda"):
        stacks.deploy("untrusting", {"Role": role(), "Function": function("Role")})


def test_a_function_in_a_vpc_needs_network_interfaces(stacks: Stacks) -> None:
    inside = function("Role", VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]})
    with pytest.raises(StackFailedError, match="CreateNetworkInterface on EC2"):
        stacks.deploy("no-interfaces", {"Role": role(Service=SERVICE), "Function": inside})
