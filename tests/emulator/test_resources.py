"""The resource types that the emulator lacks, made and taken away in the local AWS."""

import copy
from typing import Any

import pytest
from botocore.exceptions import ClientError

from proof.account import Account
from tests.emulator.conftest import ACCOUNT, REGION, StackFailedError, Stacks, get, resource, trust

pytestmark = pytest.mark.slow


def subnets(*zones: str) -> dict[str, Any]:
    """A network."""
    return {"Vpc": resource("EC2::VPC", CidrBlock="10.0.0.0/16")} | {
        f"Subnet{number}": resource(
            "EC2::Subnet",
            VpcId={"Ref": "Vpc"},
            CidrBlock=f"10.0.{number}.0/24",
            AvailabilityZone=f"{REGION}{zone}",
        )
        for number, zone in enumerate(zones)
    }


def group(**properties: Any) -> dict[str, Any]:
    """A security group."""
    return resource("EC2::SecurityGroup", VpcId={"Ref": "Vpc"}, GroupDescription="one")


def test_a_network_with_nat_flow_logs_and_rules_is_made_and_taken_away(
    stacks: Stacks, account: Account
) -> None:
    ec2 = account.client("ec2")
    addresses = ec2.describe_addresses()["Addresses"]
    flow_log = resource(
        "EC2::FlowLog",
        ResourceId={"Ref": "Vpc"},
        ResourceType="VPC",
        TrafficType="ALL",
        LogGroupName="flow",
        DeliverLogsPermissionArn=get("Role", "Arn"),
    )
    trusted = trust(Service="vpc-flow-logs.amazonaws.com")
    rule = {"GroupId": get("One", "GroupId"), "IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432}
    outputs = stacks.deploy(
        "network",
        {
            **subnets("a"),
            "One": group(),
            "Two": group(),
            "In": resource(
                "EC2::SecurityGroupIngress",
                **rule,
                SourceSecurityGroupId=get("Two", "GroupId"),
                Description="the other",
            ),
            "Out": resource("EC2::SecurityGroupEgress", **rule, CidrIp={**get("Vpc", "CidrBlock")}),
            "Address": resource("EC2::EIP", Domain="vpc"),
            "Nat": resource(
                "EC2::NatGateway",
                AllocationId=get("Address", "AllocationId"),
                SubnetId={"Ref": "Subnet0"},
            ),
            "Role": resource("IAM::Role", AssumeRolePolicyDocument=trusted),
            "Flow": flow_log,
        },
        One=get("One", "GroupId"),
        Two=get("Two", "GroupId"),
        Nat={"Ref": "Nat"},
        Flow={"Ref": "Flow"},
    )
    [one] = ec2.describe_security_groups(GroupIds=[outputs["One"]])["SecurityGroups"]
    [ingress] = one["IpPermissions"]
    assert (ingress["FromPort"], ingress["ToPort"]) == (5432, 5432)
    [pair] = ingress["UserIdGroupPairs"]
    assert (pair["GroupId"], pair["Description"]) == (outputs["Two"], "the other")
    egress = [p for p in one["IpPermissionsEgress"] if p.get("FromPort") == 5432]
    assert egress[0]["IpRanges"][0]["CidrIp"] == "10.0.0.0/16"
    assert ec2.describe_flow_logs(FlowLogIds=[outputs["Flow"]])["FlowLogs"]
    assert stacks.delete("network") == "DELETE_COMPLETE"
    assert not ec2.describe_flow_logs(FlowLogIds=[outputs["Flow"]])["FlowLogs"]
    assert ec2.describe_addresses()["Addresses"] == addresses


def test_a_group_that_a_rule_of_another_names_is_not_deleted(
    stacks: Stacks, account: Account
) -> None:
    made = stacks.deploy(
        "named", {"Vpc": subnets("a")["Vpc"], "One": group()}, One=get("One", "GroupId")
    )
    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432}
    naming = {
        "Other": resource("EC2::SecurityGroup", GroupDescription="other"),
        "In": resource(
            "EC2::SecurityGroupIngress",
            GroupId=get("Other", "GroupId"),
            SourceSecurityGroupId=made["One"],
            **rule,
        ),
    }
    stacks.deploy("naming", naming)
    with pytest.raises(ClientError, match=r"\(DependencyViolation\).* has a dependent object"):
        account.client("ec2").delete_security_group(GroupId=made["One"])
    assert stacks.delete("named") == "DELETE_FAILED"
    assert stacks.delete("naming") == "DELETE_COMPLETE"
    assert stacks.delete("named") == "DELETE_COMPLETE"


@pytest.mark.parametrize("given_back", [True, False])
def test_a_rule_that_somebody_revoked_by_hand_keeps_no_stack_from_being_deleted(
    stacks: Stacks, account: Account, given_back: bool
) -> None:
    ec2 = account.client("ec2")

    def let_in(one: str, other: str) -> dict[str, Any]:
        return resource(
            "EC2::SecurityGroupIngress",
            GroupId=get(one, "GroupId"),
            SourceSecurityGroupId=get(other, "GroupId"),
            IpProtocol="tcp",
            FromPort=5432,
            ToPort=5432,
            Description=other,
        )

    made = {
        "Vpc": subnets("a")["Vpc"],
        "One": group(),
        "Two": resource("EC2::SecurityGroup", GroupDescription="other"),
        "IntoOne": let_in("One", "Two"),
        "IntoTwo": let_in("Two", "One"),
    }
    name = f"by-hand-{given_back}"
    outputs = stacks.deploy(name, made, One=get("One", "GroupId"), Two=get("Two", "GroupId"))
    for one in ec2.describe_security_groups(GroupIds=[*outputs.values()])["SecurityGroups"]:
        rules = {"GroupId": one["GroupId"], "IpPermissions": one["IpPermissions"]}
        ec2.revoke_security_group_ingress(**rules)
        if given_back:
            ec2.authorize_security_group_ingress(**rules)
    assert stacks.delete(name) == "DELETE_COMPLETE"


def test_a_flow_log_needs_a_role_that_trusts_it(stacks: Stacks) -> None:
    flow_log = resource(
        "EC2::FlowLog",
        ResourceId={"Ref": "Vpc"},
        ResourceType="VPC",
        TrafficType="ALL",
        LogGroupName="flow",
        DeliverLogsPermissionArn=get("Role", "Arn"),
    )
    trusted = trust(Service="ec2.amazonaws.com")
    role = resource("IAM::Role", AssumeRolePolicyDocument=trusted)
    with pytest.raises(StackFailedError, match=r"does not let vpc-flow-logs.amazonaws.com assume"):
        stacks.deploy("untrusted-flow-log", {**subnets("a"), "Role": role, "Flow": flow_log})


def airflow(name: str, zones: str = "ab") -> dict[str, Any]:
    """An Airflow environment, with what it needs."""
    trusted = trust(Service="")
    statement = trusted["Statement"]
    statement["Principal"] = {"Service": ["airflow.amazonaws.com", "airflow-env.amazonaws.com"]}
    arn = f"arn:aws:airflow:{REGION}:{ACCOUNT}:environment/{name}"
    statement["Condition"] = {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": arn},
    }
    return {
        **subnets(*zones),
        "Group": group(),
        "Role": resource("IAM::Role", AssumeRolePolicyDocument=trusted),
        "Bucket": resource(
            "S3::Bucket", BucketName=f"{name}-files", VersioningConfiguration={"Status": "Enabled"}
        ),
        "Airflow": resource(
            "MWAA::Environment",
            Name=name,
            AirflowVersion="3.0.6",
            EnvironmentClass="mw1.small",
            AirflowConfigurationOptions={"core.parallelism": "4"},
            DagS3Path="dags",
            ExecutionRoleArn=get("Role", "Arn"),
            SourceBucketArn=get("Bucket", "Arn"),
            LoggingConfiguration={"TaskLogs": {"Enabled": True, "LogLevel": "INFO"}},
            NetworkConfiguration={
                "SubnetIds": [{"Ref": "Subnet0"}, {"Ref": "Subnet1"}],
                "SecurityGroupIds": [get("Group", "GroupId")],
            },
        ),
    }


def test_an_airflow_environment_keeps_what_it_was_given(stacks: Stacks, account: Account) -> None:
    resources = airflow("kept")
    stacks.deploy("airflow", resources)
    s3, mwaa = account.client("s3"), account.client("mwaa")
    version = s3.put_object(Bucket="kept-files", Key="dags/requirements.txt", Body=b"")["VersionId"]
    given = {"RequirementsS3Path": "dags/requirements.txt", "MaxWorkers": "3"}
    resources["Airflow"]["Properties"] |= given | {"RequirementsS3ObjectVersion": version}
    group_arn = get("Airflow", "LoggingConfiguration.TaskLogs.CloudWatchLogGroupArn")
    outputs = stacks.deploy("airflow", resources, Tasks=group_arn)
    found = mwaa.get_environment(Name="kept")["Environment"]
    assert found["Status"] == "AVAILABLE"
    assert found["RequirementsS3ObjectVersion"] == version
    assert found["AirflowConfigurationOptions"] == {"core.parallelism": "4"}
    assert found["MaxWorkers"] == 3
    assert outputs["Tasks"].endswith(":log-group:airflow-kept-Task")
    versions = s3.list_object_versions(Bucket="kept-files")["Versions"]
    s3.delete_object(Bucket="kept-files", Key="dags/requirements.txt", VersionId=version)
    assert len(versions) == 1
    assert stacks.delete("airflow") == "DELETE_COMPLETE"
    assert mwaa.list_environments()["Environments"] == []


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"EnvironmentClass": "mw1.tiny"}, "EnvironmentClass 'mw1.tiny'"),
        ({"AirflowVersion": "3"}, "AirflowVersion '3'"),
        ({"MinWorkers": 9, "MaxWorkers": 3}, "MinWorkers 9 to MaxWorkers 3"),
        (
            {"WebserverAccessMode": "SECRET"},
            "WebserverAccessMode: 'SECRET' is not a valid enum value",
        ),
        ({"Name": "another"}, "does not let airflow.amazonaws.com assume it for"),
        ({"RequirementsS3Path": "missing.txt"}, "RequirementsS3Path: no missing.txt"),
        ({"SourceBucketArn": "arn:aws:s3:::none"}, "SourceBucketArn: no bucket none"),
    ],
)
def test_an_airflow_environment_that_mwaa_would_not_make_is_refused(
    stacks: Stacks, properties: dict[str, Any], reason: str
) -> None:
    resources = copy.deepcopy(airflow("refused"))
    resources["Airflow"]["Properties"] |= properties
    with pytest.raises(StackFailedError) as refused:
        stacks.deploy(f"refused-airflow-{'-'.join(properties)}", resources)
    assert reason in str(refused.value)


def test_the_subnets_of_an_airflow_environment_are_in_two_zones(stacks: Stacks) -> None:
    with pytest.raises(StackFailedError, match="the subnets are in one zone"):
        stacks.deploy("one-zone", airflow("one-zone", zones="aa"))


def test_a_secrets_reference_is_its_arn(stacks: Stacks, account: Account) -> None:
    secret = resource("SecretsManager::Secret", Name="airflow/one", SecretString="1")
    outputs = stacks.deploy("secret", {"Secret": secret}, Ref={"Ref": "Secret"})
    assert outputs["Ref"].startswith(
        f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:airflow/one"
    )
    secret["Properties"]["SecretString"] = "2"
    assert stacks.deploy("secret", {"Secret": secret}, Ref={"Ref": "Secret"}) == outputs
    found = account.client("secretsmanager").get_secret_value(SecretId=outputs["Ref"])
    assert found["SecretString"] == "2"
    with pytest.raises(StackFailedError, match="already exists"):
        stacks.deploy("second-secret", {"Secret": secret})
    assert stacks.delete("secret") == "DELETE_COMPLETE"


@pytest.mark.parametrize(
    ("pattern", "says"),
    [("%a b%", "Invalid character"), ("%(a|b)%", "Invalid character"), ("x" * 1025, "1024")],
)
def test_a_metric_filter_that_cloudwatch_would_not_take_is_refused(
    stacks: Stacks, pattern: str, says: str
) -> None:
    counted = {"MetricNamespace": "x", "MetricName": "y", "MetricValue": "1"}
    group = resource("Logs::LogGroup", LogGroupName="/filtered")
    filtered = resource(
        "Logs::MetricFilter",
        LogGroupName={"Ref": "Group"},
        FilterPattern=pattern,
        MetricTransformations=[counted],
    )
    with pytest.raises(StackFailedError, match=says):
        stacks.deploy("filtered", {"Group": group, "Filter": filtered})
    stacks.delete("filtered")
    stacks.made.discard("filtered")


def test_an_alarm_on_an_expression_is_one_that_nothing_here_measures(
    stacks: Stacks, account: Account
) -> None:
    opened = {"MetricStat": {"Metric": {"MetricName": "x"}, "Period": 60, "Stat": "Maximum"}}
    queries = [
        {"Id": "used", "Expression": "100 * opened", "Period": 60, "ReturnData": True},
        {"Id": "opened", "ReturnData": False, **opened},
    ]
    alarm = resource(
        "CloudWatch::Alarm",
        AlarmName="on-an-expression",
        Metrics=queries,
        ComparisonOperator="GreaterThanThreshold",
        Threshold=80,
        EvaluationPeriods=5,
    )
    stacks.deploy("expression", {"Alarm": alarm})
    [found] = account.client("cloudwatch").describe_alarms(AlarmNames=["on-an-expression"])[
        "MetricAlarms"
    ]
    assert found["StateValue"] == "INSUFFICIENT_DATA"
    for one in queries:
        one["ReturnData"] = True
    with pytest.raises(StackFailedError, match="exactly one has ReturnData"):
        stacks.deploy("expression", {"Alarm": alarm})
    stacks.delete("expression")


def test_endpoints_are_told_as_they_are_asked_for(stacks: Stacks, account: Account) -> None:
    def endpoint(service: str, **properties: Any) -> dict[str, Any]:
        name = f"com.amazonaws.{REGION}.{service}"
        return resource("EC2::VPCEndpoint", VpcId={"Ref": "Vpc"}, ServiceName=name, **properties)

    interface: dict[str, Any] = {
        "VpcEndpointType": "Interface",
        "SubnetIds": [{"Ref": "Subnet0"}],
        "SecurityGroupIds": [get("One", "GroupId")],
    }
    ids = stacks.deploy(
        "endpoints",
        {
            **subnets("a"),
            "One": group(),
            "Files": endpoint("s3"),
            "Logs": endpoint("logs", PrivateDnsEnabled=True, **interface),
            "Keys": endpoint("kms", PrivateDnsEnabled=False, **interface),
        },
        **{name: {"Ref": name} for name in ("Vpc", "Files", "Logs", "Keys")},
        One=get("One", "GroupId"),
    )
    ec2 = account.client("ec2")

    def found(**filters: list[str]) -> dict[str, Any]:
        asked = [{"Name": name.replace("_", "-"), "Values": of} for name, of in filters.items()]
        answer = ec2.describe_vpc_endpoints(Filters=asked)["VpcEndpoints"]
        return {one["VpcEndpointId"]: one for one in answer}

    mine = found(vpc_id=[ids["Vpc"]])
    assert mine.keys() == {ids["Files"], ids["Logs"], ids["Keys"]}
    assert mine.keys() <= found().keys()
    assert {id_ for id_, one in mine.items() if one["PrivateDnsEnabled"]} == {ids["Logs"]}
    assert [one["GroupId"] for one in mine[ids["Logs"]]["Groups"]] == [ids["One"]]
    logs = found(vpc_id=[ids["Vpc"]], service_name=[f"com.amazonaws.{REGION}.logs"])
    assert logs.keys() == {ids["Logs"]}
    assert found(vpc_id=[ids["Vpc"]], vpc_endpoint_type=["Gateway"]).keys() == {ids["Files"]}
    assert found(vpc_id=["vpc-missing"]) == {}
    with pytest.raises(ec2.exceptions.ClientError, match="The filter 'colour' is invalid"):
        found(colour=["blue"])
