"""Policy documents are refused as AWS refuses them: dev's own, changed to what is wrong."""

import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from emulator.policies.kinds import Policies
from emulator.policies.principals import Principals
from proof.account import Account
from tests.application import CdkOut, templates
from tests.emulator.conftest import (
    ACCOUNT,
    REGION,
    StackFailedError,
    Stacks,
    allow,
    resource,
    role,
    trust,
)  # fmt: skip

pytestmark = pytest.mark.slow

Document = dict[str, Any]
ARNS = {
    "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role/",
    "AWS::S3::Bucket": "arn:aws:s3:::",
}
ANY = f"arn:aws:any:{REGION}:{ACCOUNT}:"
REFERRED_TO_BY_ARN = ("AWS::SecretsManager::Secret", "AWS::SNS::Topic")
NOBODY = f"arn:aws:iam::{ACCOUNT}:role/nobody"
WRONG_ANYWHERE: dict[str, Any] = {
    "an element that is none": {"Resources": "*"},
    "an action that is called otherwise": {"Actions": "s3:GetObject"},
    "an effect that is none": {"Effect": "Permit"},
    "an effect in other letters": {"Effect": "allow"},
    "no effect": {"Effect": None},
    "no action": {"Action": None},
    "an empty list of actions": {"Action": []},
    "an empty action": {"Action": ""},
    "an action of no service": {"Action": "GetObject"},
    "an action of no service's name": {"Action": "a b:GetObject"},
    "an action with two colons": {"Action": "s3:Get:Object"},
    "an action that is a number": {"Action": 1},
    "an action with a space": {"Action": "s3:Get Object"},
    "actions of both kinds": {"NotAction": "s3:GetObject"},
    "a condition that is a text": {"Condition": "aws:SourceAccount"},
    **{
        f"the condition operator {operator}": {"Condition": {operator: {"aws:SourceAccount": "1"}}}
        for operator in (
            "StringEqual", "stringequals", "StringEqualsIfExist", "ForAnyValues:StringEquals",
            "ForAllValue:StringLike", "NullIfExists", "Equals", "StringGreaterThan", "ArnMatch",
        )
    },
    "a condition key of no service": {"Condition": {"StringEquals": {"SourceAccount": "1"}}},
    "a condition on an object": {"Condition": {"StringEquals": {"aws:SourceAccount": {"a": "b"}}}},
}  # fmt: skip
WRONG_RESOURCES: dict[str, Any] = {
    "no resource": None,
    "an empty list of resources": [],
    "a resource that is a name": "files",
    "a resource of another partition": "arn:aws-cn:s3:::files",
    "a resource of no partition": "arn:*:s3:::files",
    "a resource of any service": "arn:aws:*:::files",
    "a resource of no service": "arn:aws:::files",
    "a resource with too few parts": "arn:aws:s3:files",
    "a resource of no name": f"arn:aws:sqs:{REGION}:{ACCOUNT}:",
    "a bucket of a region": f"arn:aws:s3:{REGION}::files",
    "a role of a region": f"arn:aws:iam:{REGION}:{ACCOUNT}:role/files",
    "what IAM has not": f"arn:aws:iam::{ACCOUNT}:roles/files",
}
WRONG_PRINCIPALS: dict[str, Any] = {
    "no principal": None,
    "an empty principal": {},
    "a principal that is a text": NOBODY,
    "a principal of no kind": {"Services": "lambda.amazonaws.com"},
    "a service that is a name": {"Service": "lambda"},
    "a service of another domain": {"Service": "lambda.example.com"},
    "an account of eleven digits": {"AWS": ACCOUNT[1:]},
    "a role of no account": {"AWS": "arn:aws:iam:::role/nobody"},
    "a role that does not exist": {"AWS": NOBODY},
    "a user that does not exist": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/nobody"},
    "a session of a role that does not exist": {
        "AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/nobody/session"
    },
    "a group": {"AWS": f"arn:aws:iam::{ACCOUNT}:group/all"},
    "all roles": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/*"},
    "a provider that is none": {"Federated": "example.com"},
}
WRONG_IN: dict[str, dict[str, dict[str, Any]]] = {
    "identity": {
        "a principal": {"Principal": {"AWS": "*"}},
        "a principal that it is not": {"NotPrincipal": {"AWS": "*"}},
        "an id with a hyphen": {"Sid": "an-id"},
        "resources of both kinds": {"NotResource": "*"},
        **{what: {"Resource": value} for what, value in WRONG_RESOURCES.items()},
    },
    "trust": {
        "a resource": {"Resource": "*"},
        "a resource that it is not": {"NotResource": "*"},
        "all that it is not": {"NotPrincipal": {"AWS": "*"}, "Principal": None},
        "another service's action": {"Action": "s3:GetObject"},
        "all of STS's actions": {"Action": "sts:*"},
        "any action": {"Action": "*"},
        **{what: {"Principal": value} for what, value in WRONG_PRINCIPALS.items()},
    },
    "bucket": {
        "another bucket": {"Resource": "arn:aws:s3:::another"},
        "any resource": {"Resource": "*"},
        "another service's action": {"Action": "kms:Decrypt"},
        **{what: {"Resource": value} for what, value in WRONG_RESOURCES.items()},
        **{what: {"Principal": value} for what, value in WRONG_PRINCIPALS.items()},
    },
    "key": {
        "another service's action": {"Action": "s3:GetObject"},
        "no resource": {"Resource": None},
        **{what: {"Principal": value} for what, value in WRONG_PRINCIPALS.items()},
    },
}


@pytest.fixture(scope="module")
def documents(cdk_out: CdkOut) -> dict[str, list[Document]]:
    """Dev's own, by kind, with the name of its resource in the place of each reference."""
    found: dict[str, list[Document]] = {kind: [] for kind in WRONG_IN}
    for template in templates(cdk_out("dev")).values():
        for one in template["Resources"].values():
            given = resolved(one.get("Properties", {}), template["Resources"])
            kind = one["Type"].removeprefix("AWS::")
            if kind in ("IAM::ManagedPolicy", "IAM::Policy"):
                found["identity"].append(given["PolicyDocument"])
            elif kind == "IAM::Role":
                found["trust"].append(given["AssumeRolePolicyDocument"])
                found["identity"] += [one["PolicyDocument"] for one in given.get("Policies", [])]
            elif kind == "S3::BucketPolicy":
                found["bucket"].append({**given["PolicyDocument"], "Id": given["Bucket"]})
            elif kind == "KMS::Key":
                found["key"].append(given["KeyPolicy"])
    assert all(found.values())
    return found


def resolved(value: Any, resources: Mapping[str, Any]) -> Any:
    """With names and ARNs of the kind that a reference would have."""
    if isinstance(value, list):
        return [resolved(one, resources) for one in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    content = cast("dict[str, Any]", value)
    pseudo = {
        "AWS::Partition": "aws",
        "AWS::Region": REGION,
        "AWS::AccountId": ACCOUNT,
        "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/dev/1",
    }
    if "Ref" in content:
        name = content["Ref"]
        by_arn = name in resources and resources[name]["Type"] in REFERRED_TO_BY_ARN
        return f"{ANY}{name.lower()}" if by_arn else pseudo.get(name, name.lower())
    if "Fn::GetAtt" in content:
        name, attribute = content["Fn::GetAtt"]
        kind = resources[name]["Type"]
        arn = ARNS.get(kind, ANY)
        return f"{arn}{name.lower()}" if attribute.endswith("Arn") else name.lower()
    if "Fn::Join" in content:
        separator, parts = content["Fn::Join"]
        return separator.join(map(str, resolved(parts, resources)))
    if any(name.startswith("Fn::") for name in content):
        return f"{ANY}of-another-stack"
    return {name: resolved(one, resources) for name, one in content.items()}


def checks() -> dict[str, Callable[[Document], None]]:
    """What refuses a document, by kind, in an account that has nobody."""
    policies = Policies(Principals(ACCOUNT, lambda _: {}))
    return {
        "identity": policies.identity,
        "trust": policies.trust,
        "bucket": lambda document: policies.bucket(document, document["Id"]),
        "key": policies.key,
    }


@pytest.mark.parametrize("kind", WRONG_IN)
def test_what_dev_deploys_is_taken(kind: str, documents: dict[str, list[Document]]) -> None:
    for document in documents[kind]:
        checks()[kind](document)
        checks()[kind](json.loads(json.dumps(document)))


def changed(document: Document, new: Mapping[str, Any]) -> Iterator[Document]:
    """The document with each of its statements changed; None takes an element away."""
    for index in range(len(document["Statement"])):
        one = deepcopy(document)
        statement = {**one["Statement"][index], **new}
        one["Statement"][index] = {
            name: value for name, value in statement.items() if value is not None
        }
        yield one


@pytest.mark.parametrize("kind", WRONG_IN)
def test_what_is_wrong_in_any_statement_is_refused(
    kind: str, documents: dict[str, list[Document]]
) -> None:
    taken: list[str] = []
    for what, new in {**WRONG_ANYWHERE, **WRONG_IN[kind]}.items():
        for document in documents[kind]:
            for wrong in changed(document, new):
                try:
                    checks()[kind](wrong)
                except ValueError:
                    continue
                taken.append(f"{what}: {wrong['Statement']}")
    assert taken == []


@pytest.mark.parametrize("kind", WRONG_IN)
@pytest.mark.parametrize(
    "new",
    [
        {"Version": "2012-10-18"},
        {"Version": 20121017},
        {"Statement": []},
        {"Statement": "all"},
        {"Statement": ["all"]},
        {"Statements": []},
        {"Id": 1},
    ],
    ids=str,
)
def test_what_is_wrong_around_the_statements_is_refused(
    kind: str, new: Document, documents: dict[str, list[Document]]
) -> None:
    for document in documents[kind]:
        with pytest.raises(ValueError, match="Syntax errors in policy"):
            checks()["key" if kind == "bucket" else kind]({**document, **new})


def test_identities_policies_have_the_newer_version(documents: dict[str, list[Document]]) -> None:
    for document in documents["identity"]:
        for version in ({}, {"Version": "2008-10-17"}):
            old = {"Statement": document["Statement"], **version}
            with pytest.raises(ValueError, match="must be version 2012-10-17 or greater"):
                checks()["identity"](old)


@pytest.mark.parametrize("kind", ["identity", "trust"])
def test_a_statements_id_is_its_own(kind: str, documents: dict[str, list[Document]]) -> None:
    for document in documents[kind]:
        twice = [{**document["Statement"][0], "Sid": "Same"}] * 2
        with pytest.raises(ValueError, match="must be unique"):
            checks()[kind]({**document, "Statement": twice})


def test_a_key_stays_somebodys(documents: dict[str, list[Document]]) -> None:
    for document in documents["key"]:
        services = [one for one in document["Statement"] if "AWS" not in one["Principal"]]
        statements = services or [{**document["Statement"][0], "Action": "kms:Decrypt"}]
        with pytest.raises(ValueError, match="will not allow you to update the key policy"):
            checks()["key"]({**document, "Statement": statements})


WRONG: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "s3:Get*"},
}
OWNER = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
MISSING = f"arn:aws:iam::{ACCOUNT}:policy/missing"


def said(kind: str, document: Any, **properties: Any) -> dict[str, Any]:
    """The resource that has a policy."""
    name = "KeyPolicy" if kind == "KMS::Key" else "PolicyDocument"
    return resource(kind, **{name: document}, **properties)


def with_(made: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """A resource with more properties."""
    return {**made, "Properties": {**made["Properties"], **properties}}


DEPLOYED: dict[str, tuple[dict[str, Any], str]] = {
    "a managed policy": (
        {"It": said("IAM::ManagedPolicy", WRONG)},
        "Policy statement must contain resources. (MalformedPolicyDocument)",
    ),
    "an inline policy": (
        {
            "Role": role(),
            "It": said("IAM::Policy", WRONG, PolicyName="it", Roles=[{"Ref": "Role"}]),
        },
        "Policy statement must contain resources. (MalformedPolicyDocument)",
    ),
    "a role's own policy": (
        {"It": role({"PolicyName": "it", "PolicyDocument": WRONG})},
        "Policy statement must contain resources. (MalformedPolicyDocument)",
    ),
    "a role's trust": (
        {"It": role(AWS=NOBODY)},
        f'Invalid principal in policy: "AWS":"{NOBODY}"',
    ),
    "a bucket's policy": (
        {"Bucket": resource("S3::Bucket"), "It": said(
            "S3::BucketPolicy",
            {**WRONG, "Statement": {**WRONG["Statement"], "Principal": "*", "Resource": "*"}},
            Bucket={"Ref": "Bucket"},
        )},
        "Policy has invalid resource (MalformedPolicy)",
    ),
    "a key's policy": (
        {"It": said("KMS::Key", {**WRONG, "Statement": {
            "Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": {"AWS": NOBODY},
        }})},
        "one or more invalid principals. (MalformedPolicyDocumentException)",
    ),
    "a topic's policy": (
        {"Topic": resource("SNS::Topic"), "It": said(
            "SNS::TopicPolicy", {**WRONG, "Statement": {
                "Effect": "Allow", "Action": "sns:Publish", "Resource": "*",
            }}, Topics=[{"Ref": "Topic"}],
        )},
        "Missing required field Principal",
    ),
    "a log group's policy": (
        {"It": resource("Logs::LogGroup", ResourcePolicyDocument={**WRONG, "Statement": {
            "Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*",
        }})},
        "Missing required field Principal",
    ),
    "a boundary that does not exist": (
        {"It": with_(role(), PermissionsBoundary=MISSING)},
        f"Scope ARN: {MISSING} does not exist or is not attachable",
    ),
    "a managed policy that does not exist": (
        {"It": with_(role(), ManagedPolicyArns=[MISSING])},
        f"Policy {MISSING} does not exist or is not attachable",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("resources", "says"), DEPLOYED.values(), ids=DEPLOYED)
def test_a_stack_with_a_wrong_policy_fails(
    stacks: Stacks, resources: dict[str, Any], says: str
) -> None:
    with pytest.raises(StackFailedError) as refused:
        stacks.deploy(f"documents-{abs(hash(says + str(resources)))}", resources)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    "kind",
    ["IAM::GroupPolicy", "IAM::RolePolicy", "IAM::UserPolicy", "SNS::TopicInlinePolicy",
     "SQS::QueueInlinePolicy", "SecretsManager::ResourcePolicy"],
)  # fmt: skip
def test_a_policy_of_a_kind_that_is_not_known_here_is_not_passed_over(
    stacks: Stacks, kind: str
) -> None:
    with pytest.raises(ClientError, match="Unrecognized resource types"):
        stacks.deploy(f"unknown-{kind.replace('::', '-')}", {"It": said(kind, WRONG)})


def test_a_managed_policys_name_is_taken_once(stacks: Stacks) -> None:
    right = allow("s3:GetObject", "*")["PolicyDocument"]
    named = said("IAM::ManagedPolicy", right, ManagedPolicyName="taken")
    stacks.deploy("taken", {"It": named})
    with pytest.raises(StackFailedError, match="A policy called taken already exists"):
        stacks.deploy("taken-again", {"It": named})


def test_a_roles_boundary_holds(stacks: Stacks, account: Account) -> None:
    boundary = said("IAM::ManagedPolicy", allow("s3:*", "*")["PolicyDocument"])
    bounded = with_(role(allow("iam:ListRoles", "*")), PermissionsBoundary={"Ref": "Boundary"})
    get = {"Fn::GetAtt": ["Bounded", "Arn"]}
    arn = stacks.deploy("bounded", {"Boundary": boundary, "Bounded": bounded}, Arn=get)["Arn"]
    bound = account.client("iam", account.assume(arn, session="test"))
    with pytest.raises(bound.exceptions.ClientError, match="AccessDenied"):
        bound.list_roles()


@pytest.mark.parametrize("call", ["create_policy", "create_role", "put_role_policy", "trust"])
def test_iams_own_calls_refuse_a_wrong_policy(account: Account, call: str) -> None:
    iam = account.client("iam")
    right = json.dumps(trust(**OWNER))
    calls: dict[str, Callable[[], Any]] = {
        "create_policy": lambda: iam.create_policy(
            PolicyName="wrong", PolicyDocument=json.dumps(WRONG)
        ),
        "create_role": lambda: iam.create_role(
            RoleName="wrong", AssumeRolePolicyDocument=json.dumps(trust(AWS=NOBODY))
        ),
        "put_role_policy": lambda: iam.put_role_policy(
            RoleName="called", PolicyName="it", PolicyDocument=json.dumps(WRONG)
        ),
        "trust": lambda: iam.update_assume_role_policy(
            RoleName="called", PolicyDocument=json.dumps(trust(AWS=NOBODY))
        ),
    }
    if call in ("put_role_policy", "trust"):
        iam.create_role(RoleName="called", AssumeRolePolicyDocument=right)
    try:
        with pytest.raises(iam.exceptions.MalformedPolicyDocumentException):
            calls[call]()
    finally:
        if call in ("put_role_policy", "trust"):
            iam.delete_role(RoleName="called")


def to(principal: Any, action: str, on: str) -> str:
    """A policy of a resource."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": on}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


@pytest.fixture(scope="module")
def given(stacks: Stacks) -> Mapping[str, str]:
    """Ids of what has policies of its own."""
    function = resource(
        "Lambda::Function",
        Code={"ZipFile": "def handler(event, context): pass"},
        FunctionName="given",
        Handler="index.handler",
        Role={"Fn::GetAtt": ["Role", "Arn"]},
        Runtime="python3.13",
    )
    return stacks.deploy(
        "given",
        {
            "Bucket": resource("S3::Bucket"),
            "Function": function,
            "Key": resource("KMS::Key", KeyPolicy=json.loads(to(OWNER, "kms:*", "*"))),
            "Role": role(Service="lambda.amazonaws.com"),
            "Secret": resource("SecretsManager::Secret", Name="given"),
        },
        **{name: {"Ref": name} for name in ("Bucket", "Function", "Key", "Secret")},
    )


NOT = {"AWS": NOBODY}
CALLS: dict[tuple[str, str], tuple[str, Callable[[Mapping[str, str], bool], dict[str, Any]]]] = {
    ("kms", "put_key_policy"): ("MalformedPolicyDocumentException", lambda ids, right: {
        "KeyId": ids["Key"], "Policy": to(OWNER if right else NOT, "kms:*", "*"),
    }),
    ("kms", "create_key"): ("MalformedPolicyDocumentException", lambda _, right: {
        "Policy": to(OWNER, "kms:*" if right else "kms:Decrypt", "*"),
    }),
    ("s3", "put_bucket_policy"): ("MalformedPolicy", lambda ids, right: {
        "Bucket": ids["Bucket"],
        "Policy": to(OWNER, "s3:*", f"arn:aws:s3:::{ids['Bucket'] if right else 'another'}"),
    }),
    ("lambda", "add_permission"): ("InvalidParameterValueException", lambda ids, right: {
        "FunctionName": ids["Function"], "StatementId": "it", "Action": "lambda:InvokeFunction",
        "Principal": "events.amazonaws.com" if right else NOBODY,
    }),
    ("secretsmanager", "put_resource_policy"): ("MalformedPolicyDocument", lambda ids, right: {
        "SecretId": ids["Secret"],
        "ResourcePolicy": to(OWNER if right else NOT, "secretsmanager:GetSecretValue", "*"),
    }),
    ("logs", "put_resource_policy"): ("InvalidParameterException", lambda _, right: {
        "policyName": "it",
        "policyDocument": to(OWNER if right else NOT, "logs:PutLogEvents", "*"),
    }),
}  # fmt: skip


@pytest.mark.first(2)
@pytest.mark.parametrize(("service", "call"), CALLS)
def test_services_own_calls_refuse_a_wrong_policy_and_take_a_right_one(
    account: Account, given: Mapping[str, str], service: str, call: str
) -> None:
    code, parameters = CALLS[service, call]
    act = getattr(account.client(service), call)
    with pytest.raises(ClientError, match=code):
        act(**parameters(given, False))
    assert act(**parameters(given, True))["ResponseMetadata"]["HTTPStatusCode"] < 300


@pytest.mark.parametrize(
    "wrong",
    [
        {"Action": "InvokeFunction"},
        {"Action": "s3:GetObject"},
        {"StatementId": "an id"},
        {"Principal": "events"},
        {"Principal": "events.example.com"},
        {"SourceAccount": ACCOUNT[1:]},
        {"SourceArn": "rule"},
    ],
    ids=str,
)
def test_a_functions_permission_says_whom_it_lets_do_what(wrong: dict[str, str]) -> None:
    right = {"StatementId": "it", "Action": "lambda:InvokeFunction", "Principal": "*"}
    with pytest.raises(ValueError, match=r"failed to satisfy constraint|principal was invalid"):
        Policies(Principals(ACCOUNT, lambda _: {})).permission({**right, **wrong})


def test_a_templates_permission_is_held_to_the_same(
    stacks: Stacks, given: Mapping[str, str]
) -> None:
    permission = resource(
        "Lambda::Permission",
        Action="lambda:InvokeFunction",
        FunctionName=given["Function"],
        Principal=NOBODY,
    )
    with pytest.raises(StackFailedError, match="The provided principal was invalid"):
        stacks.deploy("permitted-nobody", {"It": permission})


def test_a_name_is_not_free_before_a_secrets_recovery_window_ends(
    stacks: Stacks, account: Account
) -> None:
    client = account.client("secretsmanager")
    client.create_secret(Name="in-its-window", SecretString="x")
    client.delete_secret(SecretId="in-its-window", RecoveryWindowInDays=7)
    secret = {"Secret": resource("SecretsManager::Secret", Name="in-its-window")}
    with pytest.raises(StackFailedError, match="already scheduled for deletion"):
        stacks.deploy("in-its-window", secret)
    with pytest.raises(client.exceptions.ClientError):
        client.create_secret(Name="in-its-window", SecretString="x")
    client.delete_secret(SecretId="in-its-window", ForceDeleteWithoutRecovery=True)
    stacks.deploy("after-its-window", secret)
    # CloudFormation deletes without a window.
    assert stacks.delete("after-its-window") == "DELETE_COMPLETE"
    stacks.deploy("after-its-window-again", secret)


@pytest.mark.parametrize(
    ("becomes", "says"),
    [("gone", "is pending deletion"), ("off", "is disabled"), ("", "not exist")],
)
def test_a_key_that_is_not_enabled_encrypts_nothing_new(
    stacks: Stacks, account: Account, becomes: str, says: str
) -> None:
    kms = account.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"] if becomes else "arn:aws:kms:::key/none"
    if becomes == "gone":
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    elif becomes == "off":
        kms.disable_key(KeyId=key)
    secret = resource("SecretsManager::Secret", KmsKeyId=key)
    with pytest.raises(StackFailedError, match=says):
        stacks.deploy(f"key-that-is-{becomes or 'none'}", {"Secret": secret})
