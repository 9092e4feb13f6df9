"""What an attacker changes in the templates after synthesis is named, wherever it is put.

Each attack is generated: a way to give, times what is given, times who gets it. The review names it
if the matrix disagrees, a guardrail breaks, or somebody has a path that nobody had before.
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from airflow_rds_iam.declaration.model import Declaration
from review.declared import declared
from review.guardrails.rules import broken
from review.guardrails.subject import Subject
from review.matrix.build import matrix
from review.paths.build import paths
from review.templates.access import Access
from review.templates.assembly import of_templates
from tests.declared import dev

Templates = dict[str, dict[str, Any]]
Change = Callable[[Templates], object]
Attack = tuple[str, Change]

DEV = declared(Declaration.model_validate(dev()), environment="dev")
TODAY = date(2026, 11, 25)
ACCOUNT, STRANGER = "111122223333", "444455556666"
NETWORK, DATABASE, AIRFLOW, ACCESS = (
    "dev-network", "dev-database-warehouse", "dev-airflow", "dev-access"
)  # fmt: skip
# Each attack is tried where everything is; quickly, one in so many.
EACH = 1 if os.environ.get("HYPOTHESIS_PROFILE") == "full" else 40


def said(templates: Templates) -> set[str]:
    """All that the review says is not as it should be, and who else could."""
    access = Access(of_templates(templates), DEV.arns_by_role)
    found = matrix(access, DEV)
    subject = Subject(access, DEV, found, TODAY)
    return {f"{one.rule}: {one.violation.message}" for one in broken(subject)} | {
        f"{one.who} may {one.how} ({one.answer})" for one in paths(access, DEV)
    }


def allow(action: Any, resource: Any = "*", **rest: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **rest}


def document(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def add(templates: Templates, stack: str, kind: str, **properties: Any) -> dict[str, Any]:
    """Add a resource; its logical id is ``Added`` and a number."""
    resources = templates[stack]["Resources"]
    name = f"Added{len(resources)}"
    resources[name] = {"Type": kind, "Properties": properties}
    return {"Ref": name}


def those(templates: Templates, *kinds: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Stack, logical id and properties of each resource of these types."""
    for stack, template in templates.items():
        for name, one in template["Resources"].items():
            if one["Type"] in kinds:
                yield stack, name, one.setdefault("Properties", {})


def trust(**principal: Any) -> dict[str, Any]:
    return document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal})


# What is given.

RDS = f"arn:aws:rds-db:eu-central-1:{ACCOUNT}:dbuser:"
LOGINS: dict[str, dict[str, Any]] = {
    "every user": allow("rds-db:connect"),
    "a wildcard in the action": allow("rds-db:c*"),
    "a question mark in the action": allow("rds-db:connec?"),
    "another case of the action": allow("RDS-DB:Connect"),
    "every action": allow("*"),
    "a list of actions": allow(["s3:GetObject", "rds-db:connect"]),
    "every user of every server": allow("rds-db:connect", f"{RDS}*/*"),
    "one user of every server": allow("rds-db:connect", f"{RDS}*/shop_orders_own"),
    "every user by half a name": allow("rds-db:connect", f"{RDS}*/shop_*"),
    "a question mark in the user": allow("rds-db:connect", f"{RDS}*/shop_orders_ow?"),
    "every region": allow("rds-db:connect", f"arn:aws:rds-db:*:{ACCOUNT}:dbuser:*/*"),
    "every account": allow("rds-db:connect", "arn:aws:rds-db:*:*:dbuser:*"),
    "every partition": allow("rds-db:connect", "arn:*:rds-db:*:*:*"),
    "all but another action": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
    "all but a list of actions": {
        "Effect": "Allow", "NotAction": ["s3:*", "iam:*"], "Resource": "*"
    },
    "all but another user": {
        "Effect": "Allow", "Action": "rds-db:connect", "NotResource": f"{RDS}*/nobody"
    },
    "a variable": allow("rds-db:connect", f"{RDS}*/${{aws:PrincipalTag/user}}"),
    "a variable with a default": allow("rds-db:connect", f"{RDS}*/${{aws:username, '*'}}"),
    "a parameter": allow("rds-db:connect", {"Ref": "Given"}),
    "a dynamic reference": allow("rds-db:connect", "{{resolve:ssm:/given}}"),
    "an import": allow("rds-db:connect", {"Fn::ImportValue": "elsewhere"}),
    "a substitution": allow("rds-db:connect", {"Fn::Sub": "arn:${AWS::Partition}:rds-db:*:*:*/*"}),
    "a choice": allow("rds-db:connect", {"Fn::If": ["Unknown", "*", f"{RDS}x/y"]}),
    "a condition of tags": allow(
        "rds-db:connect", Condition={"StringEquals": {"aws:PrincipalTag/a": "b"}}
    ),
    "a condition that always holds": allow(
        "rds-db:connect", Condition={"StringLikeIfExists": {"aws:SourceVpc": "*"}}
    ),
    "a condition of all values of none": allow(
        "rds-db:connect", Condition={"ForAllValues:StringEquals": {"aws:TagKeys": "x"}}
    ),
    "a condition on what is absent": allow(
        "rds-db:connect", Condition={"Null": {"aws:TokenIssueTime": "true"}}
    ),
}  # fmt: skip
OTHERS: dict[str, list[dict[str, Any]]] = {
    "assume any role": [allow("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/shop")],
    "change a trust": [allow("iam:UpdateAssumeRolePolicy")],
    "write a policy": [allow("iam:PutRolePolicy")],
    "attach a policy": [allow("iam:Attach*")],
    "change a policy": [allow("iam:CreatePolicyVersion")],
    "take an older policy": [allow("iam:SetDefaultPolicyVersion")],
    "make a role": [allow(["iam:CreateRole", "iam:PutRolePolicy", "sts:AssumeRole"])],
    "make a user": [allow(["iam:CreateUser", "iam:PutUserPolicy", "iam:CreateAccessKey"])],
    "pass a role to a new function": [
        allow("iam:PassRole"), allow(["lambda:CreateFunction", "lambda:InvokeFunction"])
    ],
    "pass a role to a function and let it be called": [
        allow("iam:PassRole"), allow(["lambda:CreateFunction", "lambda:AddPermission"])
    ],
    "pass a role to a function of a queue": [
        allow("iam:PassRole"), allow(["lambda:CreateFunction", "lambda:CreateEventSourceMapping"])
    ],
    "pass a role to Airflow": [allow(["iam:PassRole", "airflow:CreateEnvironment"])],
    "change the code of functions": [allow("lambda:UpdateFunctionCode")],
    "change the settings of functions": [allow("lambda:UpdateFunctionConfiguration")],
    "call functions": [allow("lambda:Invoke*")],
    "let functions be called": [allow("lambda:AddPermission")],
    "write DAGs": [allow("s3:PutObject")],
    "change buckets": [allow("s3:PutBucketPolicy")],
    "change Airflow": [allow("airflow:UpdateEnvironment")],
    "Airflow's command line": [allow("airflow:CreateCliToken")],
    "Airflow's page": [allow("airflow:CreateWebLoginToken")],
    "Airflow's interface": [allow("airflow:InvokeRestApi")],
    "send tokens elsewhere": [allow("secretsmanager:PutSecretValue")],
    "modify servers": [allow("rds:ModifyDBInstance")],
    "restore a server": [allow(["rds:RestoreDBInstance*", "rds:ModifyDBInstance"])],
    "share a snapshot": [allow("rds:ModifyDBSnapshotAttribute")],
    "export a snapshot": [allow(["rds:StartExportTask", "iam:PassRole"])],
    "read logs": [allow("logs:FilterLogEvents")],
    "send logs elsewhere": [allow("logs:PutSubscriptionFilter")],
    "deploy": [allow("cloudformation:UpdateStack")],
    "change what is deployed": [allow("s3:PutObject", "arn:aws:s3:::cdk-hnb659fds-assets-*/*")],
    "deploy with the bootstrap": [
        allow("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/cdk-*")
    ],
}  # fmt: skip

# Who gets it, and how: each gives a policy document to somebody.

Give = Callable[[Templates, dict[str, Any]], object]
LAMBDA = trust(Service="lambda.amazonaws.com")


def _new_role(templates: Templates, **properties: Any) -> dict[str, Any]:
    return add(templates, ACCESS, "AWS::IAM::Role", AssumeRolePolicyDocument=LAMBDA, **properties)


def _inline(policy: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"PolicyName": "Given", "PolicyDocument": policy}]


def _managed(templates: Templates, policy: dict[str, Any], **whom: Any) -> dict[str, Any]:
    return add(templates, ACCESS, "AWS::IAM::ManagedPolicy", PolicyDocument=policy, **whom)


def _group_of_a_user(templates: Templates, policy: dict[str, Any]) -> None:
    group = add(templates, ACCESS, "AWS::IAM::Group", Policies=_inline(policy))
    add(templates, ACCESS, "AWS::IAM::User", Groups=[group])


def _user_added_to_a_group(templates: Templates, policy: dict[str, Any]) -> None:
    group = add(templates, ACCESS, "AWS::IAM::Group")
    user = add(templates, ACCESS, "AWS::IAM::User")
    add(templates, ACCESS, "AWS::IAM::UserToGroupAddition", GroupName=group, Users=[user])
    add(templates, ACCESS, "AWS::IAM::GroupPolicy", GroupName=group, PolicyName="Given",
        PolicyDocument=policy)  # fmt: skip


def _from_another_stack(templates: Templates, policy: dict[str, Any]) -> None:
    role = add(templates, NETWORK, "AWS::IAM::Role", AssumeRolePolicyDocument=LAMBDA)
    templates[NETWORK].setdefault("Outputs", {})["Role"] = {
        "Value": role, "Export": {"Name": "the-role"}
    }  # fmt: skip
    add(templates, ACCESS, "AWS::IAM::Policy", PolicyName="Given", PolicyDocument=policy,
        Roles=[{"Fn::ImportValue": "the-role"}])  # fmt: skip


def _a_new_stack(templates: Templates, policy: dict[str, Any]) -> None:
    templates["another"] = {"Resources": {}}
    add(templates, "another", "AWS::IAM::RolePolicy", RoleName="shop", PolicyName="Given",
        PolicyDocument=policy)  # fmt: skip


GIVING: dict[str, Give] = {
    "a new role, inline": lambda t, p: _new_role(t, Policies=_inline(p)),
    "a new role, by a policy": lambda t, p: add(
        t, ACCESS, "AWS::IAM::Policy", PolicyName="Given", PolicyDocument=p, Roles=[_new_role(t)]
    ),
    "a new role, by a policy of its own": lambda t, p: add(
        t, ACCESS, "AWS::IAM::RolePolicy", PolicyName="Given", PolicyDocument=p,
        RoleName=_new_role(t),
    ),
    "a new role, by a managed policy": lambda t, p: _managed(t, p, Roles=[_new_role(t)]),
    "a new role, that names a managed policy": lambda t, p: _new_role(
        t, ManagedPolicyArns=[_managed(t, p)]
    ),
    "a role of another stack": _from_another_stack,
    "an existing role, from a new stack": _a_new_stack,
    "an existing role": lambda t, p: _managed(t, p, Roles=["intern"]),
    "an existing user": lambda t, p: _managed(t, p, Users=["intern"]),
    "an existing group": lambda t, p: _managed(t, p, Groups=["interns"]),
    "a new user, inline": lambda t, p: add(t, ACCESS, "AWS::IAM::User", Policies=_inline(p)),
    "a new user, by a policy of its own": lambda t, p: add(
        t, ACCESS, "AWS::IAM::UserPolicy", PolicyName="Given", PolicyDocument=p,
        UserName=add(t, ACCESS, "AWS::IAM::User"),
    ),
    "a new group": lambda t, p: add(t, ACCESS, "AWS::IAM::Group", Policies=_inline(p)),
    "a group with a user": _group_of_a_user,
    "a user added to a group": _user_added_to_a_group,
    "nobody yet": _managed,
    "a permission set": lambda t, p: add(
        t, ACCESS, "AWS::SSO::PermissionSet", Name="Given", InstanceArn="x", InlinePolicy=p
    ),
    "a permission set, by text": lambda t, p: add(
        t, ACCESS, "AWS::SSO::PermissionSet", Name="Given", InstanceArn="x",
        InlinePolicy=json.dumps(p),
    ),
}  # fmt: skip


def to_each_role_there_is(templates: Templates) -> Iterator[tuple[str, Give]]:
    """By an escape hatch: a policy in each role, and a statement in each policy."""
    for stack, name, _ in those(templates, "AWS::IAM::Role"):

        def inline(t: Templates, p: dict[str, Any], stack: str = stack, name: str = name) -> None:
            role = t[stack]["Resources"][name]["Properties"]
            role["Policies"] = [*role.get("Policies", []), *_inline(p)]

        yield f"{name}, inline", inline
    for stack, name, _ in those(templates, "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):

        def more(t: Templates, p: dict[str, Any], stack: str = stack, name: str = name) -> None:
            own = t[stack]["Resources"][name]["Properties"]["PolicyDocument"]["Statement"]
            own.extend(p["Statement"])

        yield f"{name}, a statement more", more


# Who may do it already, or who reaches nobody by it but itself: (what, whom), as patterns.
NOTHING_GAINED = [
    (r"write DAGs|change buckets|change Airflow|Airflow's|send tokens",
     r"AirflowExecutionRole|Loginwarehouse|Connections"),
    (r"functions", r"UserswarehouseFunctionRole"),
    (r"call functions|let functions be called", r"UserswarehouseFunctionProvider|DriftCheck"),
    (r"write DAGs", r"AirflowFilesFunctionRole"),
    (r"assume any role", r"IdentityshopLogins|an existing role, from a new stack"),
]  # fmt: skip


def granted(templates: Templates) -> Iterator[Attack]:
    """Each permission, given to each in each way."""
    everybody = [*GIVING.items(), *to_each_role_there_is(templates)]
    powers = {name: [one] for name, one in LOGINS.items()} | OTHERS
    for who, give in everybody:
        for what, statements in powers.items():
            if not any(re.search(a, what) and re.match(b, who) for a, b in NOTHING_GAINED):
                yield f"{what} to {who}", lambda t, g=give, s=statements: g(t, document(*s))


def rewritten(templates: Templates) -> Iterator[Attack]:
    """The statement that lets somebody log in, changed in one element."""
    for stack, name, own in those(templates, "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        for number, one in enumerate(own["PolicyDocument"]["Statement"]):
            if one["Action"] != "rds-db:connect":
                continue
            for what, wanted in LOGINS.items():

                def rewrite(
                    t: Templates,
                    stack: str = stack,
                    name: str = name,
                    number: int = number,
                    wanted: dict[str, Any] = wanted,
                ) -> None:
                    policy = t[stack]["Resources"][name]["Properties"]["PolicyDocument"]
                    policy["Statement"][number] = deepcopy(wanted)

                yield f"{what} in {name}", rewrite


IAM = f"arn:aws:iam::{ACCOUNT}"
ROLE_ELSEWHERE = f"arn:aws:iam::{STRANGER}:role/intern"
OIDC = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
SUB, AUD = (f"token.actions.githubusercontent.com:{claim}" for claim in ("sub", "aud"))
STRANGERS: dict[str, dict[str, Any]] = {
    "everybody": {"Principal": "*"},
    "everybody, as AWS": {"Principal": {"AWS": "*"}},
    "everybody, in a list": {"Principal": {"AWS": [f"arn:aws:iam::{ACCOUNT}:role/shop", "*"]}},
    "another account": {"Principal": {"AWS": STRANGER}},
    "another account's root": {"Principal": {"AWS": f"arn:aws:iam::{STRANGER}:root"}},
    "another account's role": {"Principal": {"AWS": ROLE_ELSEWHERE}},
    "another account's session": {
        "Principal": {"AWS": f"arn:aws:sts::{STRANGER}:assumed-role/intern/me"}
    },
    "a parameter": {"Principal": {"AWS": {"Ref": "Given"}}},
    "all but one": {"NotPrincipal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/shop"}},
    "everybody of an organisation": {
        "Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}
    },
    "everybody with any tag": {
        "Principal": "*", "Condition": {"StringLike": {"aws:PrincipalTag/a": "?*"}}
    },
    "everybody of any account": {
        "Principal": "*", "Condition": {"StringLike": {"aws:PrincipalAccount": "*"}}
    },
    "everybody of another account": {
        "Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalAccount": STRANGER}}
    },
    "everybody who says no account": {
        "Principal": "*",
        "Condition": {"StringEqualsIfExists": {"aws:PrincipalAccount": ACCOUNT}},
    },
    "everybody, for all values of none": {
        "Principal": "*",
        "Condition": {"ForAllValues:StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
    },
}  # fmt: skip
PROVIDERS: dict[str, dict[str, Any]] = {
    "every repository": {"StringEquals": {AUD: "sts.amazonaws.com"}},
    "any subject": {"StringLike": {SUB: "*"}},
    "any repository": {"StringLike": {SUB: "repo:*"}},
    "any repository of an owner": {"StringLike": {SUB: "repo:acme/*"}},
    "no condition": {},
    "a subject, if there is one": {
        "StringEqualsIfExists": {SUB: "repo:acme/a:ref:refs/heads/main"}
    },
}


def trusted(templates: Templates) -> Iterator[Attack]:
    """Each role, trusted to somebody more; those that log in, also to somebody of the account."""
    connecting = ("AirflowExecutionRole", "UserswarehouseFunctionRole")
    for stack, name, own in those(templates, "AWS::IAM::Role"):
        more = {what: {"Action": "sts:AssumeRole", **one} for what, one in STRANGERS.items()}
        for what, condition in PROVIDERS.items():
            more[what] = {"Action": "sts:AssumeRoleWithWebIdentity",
                          "Principal": {"Federated": OIDC}, "Condition": condition}  # fmt: skip
        if name.startswith(connecting):
            for service in ("ec2", "ecs-tasks", "states", "codebuild", "sagemaker"):
                who = {"Service": f"{service}.amazonaws.com"}
                more[service] = {"Action": "sts:AssumeRole", "Principal": who}
            for who in (f"{IAM}:root", ACCOUNT, f"{IAM}:role/shop", f"{IAM}:user/intern"):
                for action in (
                    "sts:AssumeRole",
                    "sts:*",
                    "*",
                    ["sts:AssumeRole", "sts:TagSession"],
                ):
                    more[f"{who}, {action}"] = {"Action": action, "Principal": {"AWS": who}}
            first = own["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
            for action in ("sts:TagSession", "sts:SetSourceIdentity", "sts:*"):
                more[f"what it trusts, {action}"] = {"Action": action, "Principal": first}
        for what, statement in more.items():

            def open_it(
                t: Templates, stack: str = stack, name: str = name, one: dict[str, Any] = statement
            ) -> None:
                role = t[stack]["Resources"][name]["Properties"]
                role["AssumeRolePolicyDocument"]["Statement"].append({"Effect": "Allow", **one})

            yield f"{name} trusted to {what}", open_it


def loosened(templates: Templates) -> Iterator[Attack]:
    """Each condition of a trust, or of what a resource allows, that is made to mean nothing."""
    loose: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
        "dropped": lambda _: {},
        "if it exists": lambda c: {f"{op}IfExists": keys for op, keys in c.items()},
        "for all values": lambda c: {f"ForAllValues:{op}": keys for op, keys in c.items()},
        "like anything": lambda c: {
            "StringLike": {key: "*" for keys in c.values() for key in keys}
        },
        "like half of it": lambda c: {
            "StringLike": {key: "arn:aws:*" for keys in c.values() for key in keys}
        },
        "of another account": lambda c: json.loads(json.dumps(c).replace(ACCOUNT, STRANGER)),
        "not another": lambda c: {
            "StringNotEquals": {key: "x" for keys in c.values() for key in keys}
        },
        "absent": lambda c: {"Null": {key: "true" for keys in c.values() for key in keys}},
    }
    places = {
        "AWS::IAM::Role": "AssumeRolePolicyDocument", "AWS::KMS::Key": "KeyPolicy",
        "AWS::S3::BucketPolicy": "PolicyDocument",
    }  # fmt: skip
    for stack, name, own in those(templates, *places):
        element = places[templates[stack]["Resources"][name]["Type"]]
        for number, one in enumerate(own[element]["Statement"]):
            for how, change in loose.items() if "Condition" in one else ():
                # Of two conditions, one of another account lets in nobody at all.
                if one["Effect"] != "Allow" or (
                    how == "of another account"
                    and (ACCOUNT not in json.dumps(one["Condition"]) or "Fn::GetAtt" in str(one))
                ):
                    continue

                def loosen(
                    t: Templates,
                    stack: str = stack,
                    name: str = name,
                    element: str = element,
                    number: int = number,
                    change: Callable[[dict[str, Any]], dict[str, Any]] = change,
                ) -> None:
                    policy = t[stack]["Resources"][name]["Properties"][element]
                    statement = policy["Statement"][number]
                    statement["Condition"] = change(statement["Condition"])

                yield f"condition {number} of {name} {how}", loosen


def opened(templates: Templates) -> Iterator[Attack]:
    """Each bucket, key, secret, function and topic, opened by a policy of its own."""
    held = {
        "AWS::S3::BucketPolicy": "PolicyDocument", "AWS::KMS::Key": "KeyPolicy"
    }  # fmt: skip
    services = {
        "a service": {"Principal": {"Service": "ec2.amazonaws.com"}},
        "a service for another account": {
            "Principal": {"Service": "s3.amazonaws.com"},
            "Condition": {"StringEquals": {"aws:SourceAccount": STRANGER}},
        },
    }
    for what, who in (STRANGERS | services).items():
        for stack, name, _ in those(templates, *held):
            element = held[templates[stack]["Resources"][name]["Type"]]

            def more(
                t: Templates,
                stack: str = stack,
                name: str = name,
                element: str = element,
                who: dict[str, Any] = who,
            ) -> None:
                policy = t[stack]["Resources"][name]["Properties"][element]
                policy["Statement"].append({**allow("*"), **who})

            yield f"{name} to {what}", more
        new: dict[str, dict[str, Any]] = {
            "AWS::SecretsManager::ResourcePolicy": {"ResourcePolicy": 0, "SecretId": "x"},
            "AWS::SNS::TopicPolicy": {"PolicyDocument": 0, "Topics": ["x"]},
            "AWS::SQS::QueuePolicy": {"PolicyDocument": 0, "Queues": ["x"]},
            "AWS::S3::BucketPolicy": {"PolicyDocument": 0, "Bucket": "x"},
            "AWS::S3::AccessPoint": {"Policy": 0, "Bucket": "x"},
            "AWS::Logs::ResourcePolicy": {"PolicyDocument": 0, "PolicyName": "x"},
            "AWS::Lambda::LayerVersionPermission": {},
        }
        for kind, properties in new.items():
            for text in (False, True):
                if not properties or (text and kind not in _AS_TEXT):
                    continue
                policy: Any = document({**allow("*"), **who})
                given = {k: v if v != 0 else json.dumps(policy) if text else policy
                         for k, v in properties.items()}  # fmt: skip
                if isinstance(next(iter(given.values())), str) and "Ref" in json.dumps(who):
                    continue
                yield f"{kind} to {what}, {text}", lambda t, k=kind, g=given: add(t, ACCESS, k, **g)
    for stack, name, _ in those(templates, "AWS::Lambda::Function"):
        for principal in ("*", STRANGER, ROLE_ELSEWHERE, "sns.amazonaws.com"):
            for action in ("lambda:InvokeFunction", "lambda:*", "lambda:UpdateFunctionCode"):
                for reference in ({"Ref": name}, {"Fn::GetAtt": [name, "Arn"]}):
                    yield (
                        f"{name} to {principal}, {action}, {list(reference)}",
                        (
                            lambda t, s=stack, p=principal, a=action, f=reference: add(
                                t,
                                s,
                                "AWS::Lambda::Permission",
                                FunctionName=f,
                                Principal=p,
                                Action=a,
                            )
                        ),
                    )
    # One of the account's own, whom no other policy here names.
    intern = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/intern"}
    [(stack, bucket, _)] = [
        one for one in those(templates, "AWS::S3::BucketPolicy") if "AccessLogs" not in one[1]
    ]
    for action in ("s3:PutObject", "s3:Put*", "s3:*", "s3:PutBucketPolicy"):

        def write(
            t: Templates, stack: str = stack, bucket: str = bucket, action: str = action
        ) -> None:
            policy = t[stack]["Resources"][bucket]["Properties"]["PolicyDocument"]
            policy["Statement"].append(allow(action, Principal=intern))

        yield f"{action} on the bucket to one of the account", write
    functions = [
        name for _, name, one in those(templates, "AWS::Lambda::Function")
        if "DATABASE_HOST" in json.dumps(one)
    ]  # fmt: skip
    for function in functions:
        # The doctor's reads, and whoever is on call may have it.
        calls = () if "Doctor" in function else ("lambda:InvokeFunction", "lambda:AddPermission")
        for action in ("lambda:UpdateFunctionCode", *calls):
            yield f"{action} on {function}", lambda t, f=function, a=action: add(
                t, ACCESS, "AWS::Lambda::Permission", FunctionName={"Fn::GetAtt": [f, "Arn"]},
                Principal=intern["AWS"], Action=a,
            )  # fmt: skip


_AS_TEXT = ("AWS::SecretsManager::ResourcePolicy", "AWS::Logs::ResourcePolicy")
MANAGED = [
    "arn:aws:iam::aws:policy/AdministratorAccess",
    "arn:aws-cn:iam::aws:policy/AdministratorAccess",
    "arn:aws:iam::aws:policy/PowerUserAccess",
    "arn:aws:iam::aws:policy/IAMFullAccess",
    "arn:aws:iam::aws:policy/AmazonRDSFullAccess",
    "arn:aws:iam::aws:policy/job-function/DatabaseAdministrator",
    f"arn:aws:iam::{ACCOUNT}:policy/elsewhere",
    {"Ref": "Given"},
    {"Fn::ImportValue": "elsewhere"},
    {"Fn::If": ["Unknown", "arn:aws:iam::aws:policy/AdministratorAccess", {"Ref": "AWS::NoValue"}]},
]


def managed_elsewhere(templates: Templates) -> Iterator[Attack]:
    """A policy that AWS or somebody else manages, attached to each role, and to new ones."""
    for arn in MANAGED:
        for stack, name, _ in those(templates, "AWS::IAM::Role"):

            def attach(t: Templates, stack: str = stack, name: str = name, arn: Any = arn) -> None:
                role = t[stack]["Resources"][name]["Properties"]
                role["ManagedPolicyArns"] = [*role.get("ManagedPolicyArns", []), arn]

            yield f"{arn} to {name}", attach
        for kind, element in {
            "AWS::IAM::Role": "ManagedPolicyArns", "AWS::IAM::User": "ManagedPolicyArns",
            "AWS::SSO::PermissionSet": "ManagedPolicies",
        }.items():  # fmt: skip
            rest = {"AssumeRolePolicyDocument": LAMBDA} if kind.endswith("Role") else {}
            yield (
                f"{arn} to a new {kind}",
                lambda t, k=kind, e=element, a=arn, r=rest: add(t, ACCESS, k, **{e: [a]}, **r),
            )
        yield f"{arn} to a group", lambda t, a=arn: add(
            t, ACCESS, "AWS::IAM::User",
            Groups=[add(t, ACCESS, "AWS::IAM::Group", ManagedPolicyArns=[a])],
        )  # fmt: skip


def handed_on(templates: Templates) -> Iterator[Attack]:
    """A role that may log in, given to something that somebody else controls."""
    roles: dict[str, tuple[Any, str]] = {"shop": (f"{IAM}:role/shop", "")}
    for _, name, own in those(templates, "AWS::Lambda::Function", "AWS::MWAA::Environment"):
        if "DATABASE_HOST" in json.dumps(own) or "DagS3Path" in own:
            reference = own.get("Role") or own["ExecutionRoleArn"]
            roles[f"that of {name}"] = reference, reference["Fn::GetAtt"][0]
    for role, (arn, name) in roles.items():
        for stack in (NETWORK, AIRFLOW, ACCESS):
            if name and name not in templates[stack]["Resources"]:
                continue
            profile: Any = {"Ref": name} if name else "shop"
            by: dict[str, Change] = {
                "a function": lambda t, s=stack, a=arn: add(
                    t, s, "AWS::Lambda::Function", Role=a, Code={"ZipFile": "x"}),
                "a task": lambda t, s=stack, a=arn: add(
                    t, s, "AWS::ECS::TaskDefinition", TaskRoleArn=a),
                "a notebook": lambda t, s=stack, a=arn: add(
                    t, s, "AWS::SageMaker::NotebookInstance", RoleArn=a),
                "an environment": lambda t, s=stack, a=arn: add(
                    t, s, "AWS::MWAA::Environment", Name="other", ExecutionRoleArn=a),
                "a schedule": lambda t, s=stack, a=arn: add(
                    t, s, "AWS::Scheduler::Schedule", Target={"RoleArn": a, "Arn": "x"}),
                "a machine": lambda t, s=stack, n=profile: add(
                    t, s, "AWS::IAM::InstanceProfile", Roles=[n]),
                "certificates": lambda t, s=stack, a=arn: add(
                    t, s, "AWS::RolesAnywhere::Profile", Name="x", RoleArns=[a]),
                "a pod": lambda t, s=stack, a=arn: add(
                    t, s, "AWS::EKS::PodIdentityAssociation", RoleArn=a, ClusterName="x"),
                "whoever signs up": lambda t, s=stack, a=arn: add(
                    t, s, "AWS::Cognito::IdentityPoolRoleAttachment", Roles={"authenticated": a}),
            }  # fmt: skip
            for what, change in by.items():
                yield f"role {role} to {what} in {stack}", change


def elsewhere(_: Templates) -> Iterator[Attack]:
    """What is deployed and does not stand in the templates, and the servers and their network."""
    for stack in (NETWORK, DATABASE, AIRFLOW, ACCESS):
        for kind in ("AWS::CloudFormation::Stack", "AWS::CloudFormation::StackSet",
                     "Acme::Access::Grant", "Acme::Access::Grant::MODULE",
                     "AWS::ServiceCatalog::CloudFormationProvisionedProduct"):  # fmt: skip
            yield (
                f"{kind} in {stack}",
                lambda t, s=stack, k=kind: add(
                    t, s, k, TemplateURL="https://bucket.s3.amazonaws.com/grant.json"
                ),
            )
        yield (
            f"a custom resource in {stack}",
            lambda t, s=stack: add(
                t,
                s,
                "Custom::Grant",
                ServiceToken=f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:x",
            ),
        )
        yield f"a macro of {stack}", lambda t, s=stack: t[s].update(Transform=["Grant"])
        yield f"a part by a macro in {stack}", lambda t, s=stack: add(
            t, s, "AWS::IAM::Role",
            **{"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://x/y"}}},
        )  # fmt: skip


def on_the_server(templates: Templates) -> Iterator[Attack]:
    """The server itself, its users, and who reaches its port."""

    def server(t: Templates) -> dict[str, Any]:
        [(_, _, own)] = those(t, "AWS::RDS::DBInstance")
        return own

    properties: dict[str, Any] = {
        "EnableIAMDatabaseAuthentication": [False, "false", None, {"Fn::If": ["A", True, False]}],
        "MasterUserPassword": ["x", {"Ref": "Given"}, "{{resolve:secretsmanager:x}}"],
        "ManageMasterUserPassword": [True],
        "MasterUserAuthenticationType": ["password", None],
        "PubliclyAccessible": [True, "true", {"Fn::If": ["A", True, False]}, None],
        "DBParameterGroupName": ["default.postgres17", None],
        "VPCSecurityGroups": [["sg-0123456789abcdef0"], None, []],
        "EnableCloudwatchLogsExports": [[], ["upgrade"], None],
        "Domain": ["d-1234567890"],
    }
    for key, values in properties.items():
        for value in values:

            def change(t: Templates, key: str = key, value: Any = value) -> None:
                server(t)[key] = value
                if value is None:
                    del server(t)[key]

            yield f"{key} {value}", change
    for value in ("0", "off", {"Ref": "Given"}, None):

        def plain(t: Templates, value: Any = value) -> None:
            [(_, _, group)] = those(t, "AWS::RDS::DBParameterGroup")
            group["Parameters"]["rds.force_ssl"] = value

        yield f"rds.force_ssl {value}", plain
    yield "a copy", lambda t: add(
        t, DATABASE, "AWS::RDS::DBInstance",
        **{**server(t), "DBInstanceIdentifier": "copy", "SourceDBInstanceIdentifier": "x"},
    )  # fmt: skip
    [(_, _, first), *_] = those(templates, "AWS::EC2::SecurityGroupIngress")
    sources: list[dict[str, Any]] = [
        {"CidrIp": "0.0.0.0/0"}, {"CidrIpv6": "::/0"}, {"CidrIp": "0.0.0.0/1"},
        {"CidrIp": "10.0.0.0/8"}, {"SourcePrefixListId": "pl-0123456789abcdef0"},
        {"SourceSecurityGroupId": "sg-0123456789abcdef0"}, {"SourceSecurityGroupName": "other"},
        {"CidrIp": {"Ref": "Given"}},
    ]  # fmt: skip
    ports: list[dict[str, Any]] = [
        {"IpProtocol": "-1"}, {"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535},
        {"IpProtocol": "6", "FromPort": 5432, "ToPort": 5432},
        {"IpProtocol": "tcp", "FromPort": {"Ref": "Given"}, "ToPort": {"Ref": "Given"}},
    ]  # fmt: skip
    for source in sources:
        for port in ports:
            yield (
                f"{source} {port}",
                lambda t, s=source, p=port: add(
                    t,
                    DATABASE,
                    "AWS::EC2::SecurityGroupIngress",
                    GroupId=first["GroupId"],
                    **s,
                    **p,
                ),
            )

    def bastion(t: Templates) -> None:
        group = add(t, DATABASE, "AWS::EC2::SecurityGroup", GroupDescription="x", VpcId="x")
        source = {"SourceSecurityGroupId": {"Fn::GetAtt": [group["Ref"], "GroupId"]}}
        add(t, DATABASE, "AWS::EC2::SecurityGroupIngress", GroupId=first["GroupId"],
            IpProtocol="-1", **source)  # fmt: skip

    yield "a group of a bastion", bastion
    for level in ("Read", "Write", "Own"):
        for user in ("shop_orders_own", "ghost", "administrator"):

            def user_more(t: Templates, level: str = level, user: str = user) -> None:
                [(_, _, users), *_] = those(t, "Custom::DatabaseUsers")
                users["Databases"][0][level].append(user)

            yield f"{user} made to {level}", user_more
    yield "the log sent elsewhere", lambda t: add(
        t, DATABASE, "AWS::Logs::SubscriptionFilter", FilterPattern="",
        LogGroupName="/aws/rds/instance/dev-warehouse/postgresql", DestinationArn="arn:aws:x",
    )  # fmt: skip

    def bucket(t: Templates) -> None:
        [(_, _, airflow)] = those(t, "AWS::MWAA::Environment")
        airflow["SourceBucketArn"] = "arn:aws:s3:::elsewhere"

    yield "code from another bucket", bucket

    def role(t: Templates) -> None:
        [(_, _, airflow)] = those(t, "AWS::MWAA::Environment")
        airflow["ExecutionRoleArn"] = f"arn:aws:iam::{ACCOUNT}:role/elsewhere"

    yield "another role for Airflow", role


FAMILIES = [granted, rewritten, trusted, loosened, opened, managed_elsewhere, handed_on, elsewhere,
            on_the_server]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.__name__)
def test_each_attack_is_named(
    dev_templates_as_written: Templates, family: Callable[[Templates], Iterator[Attack]]
) -> None:
    before = said(dev_templates_as_written)
    attacks = list(family(deepcopy(dev_templates_as_written)))
    missed: list[str] = []
    for name, attack in attacks[:: EACH if len(attacks) > 60 else 1]:
        templates = deepcopy(dev_templates_as_written)
        attack(templates)
        if not said(templates) - before:
            missed.append(name)
    assert len(attacks) > 20
    assert missed == [], "\n".join(missed)


# A role whose permission something else takes away again, and how that something is undone.
MODIFY = allow("rds:ModifyDBInstance")


def _bounded(t: Templates) -> None:
    boundary = add(t, ACCESS, "AWS::IAM::ManagedPolicy", PolicyDocument=document(allow("s3:*")))
    _new_role(t, Policies=_inline(document(MODIFY)), PermissionsBoundary=boundary)


def _denied(t: Templates) -> None:
    deny = {"Effect": "Deny", "Action": "rds:*", "Resource": "*", "Sid": "No"}
    add(t, ACCESS, "AWS::IAM::Policy", PolicyName="No", PolicyDocument=document(deny),
        Roles=[_new_role(t, Policies=_inline(document(MODIFY)))])  # fmt: skip


def _last(t: Templates, kind: str) -> dict[str, Any]:
    return [one for one in t[ACCESS]["Resources"].values() if one["Type"] == kind][-1]


def _boundary(t: Templates) -> dict[str, Any]:
    return _last(t, "AWS::IAM::ManagedPolicy")["Properties"]["PolicyDocument"]["Statement"][0]


def _denial(t: Templates) -> dict[str, Any]:
    return _last(t, "AWS::IAM::Policy")["Properties"]["PolicyDocument"]["Statement"][0]


def _of_role(t: Templates) -> dict[str, Any]:
    return _last(t, "AWS::IAM::Role")["Properties"]


UNDONE: dict[str, tuple[Change, Change]] = {
    "a boundary that allows all": (_bounded, lambda t: _boundary(t).update(Action="*")),
    "a boundary that allows more": (
        _bounded, lambda t: _boundary(t).update(Action=["s3:*", "rds:Modify*"])
    ),
    "a boundary of all but another": (
        _bounded, lambda t: (_boundary(t).pop("Action"), _boundary(t).update(NotAction="iam:*"))
    ),
    "no boundary": (_bounded, lambda t: _of_role(t).pop("PermissionsBoundary")),
    "a boundary that AWS manages": (
        _bounded, lambda t: _of_role(t).update(
            PermissionsBoundary="arn:aws:iam::aws:policy/AdministratorAccess")
    ),
    "a boundary from elsewhere": (
        _bounded, lambda t: _of_role(t).update(PermissionsBoundary={"Ref": "Given"})
    ),
    "a denial that is gone": (_denied, lambda t: _denial(t).update(Effect="Allow")),
    "a denial of nobody": (
        _denied, lambda t: _last(t, "AWS::IAM::Policy")["Properties"].update(Roles=["another"])
    ),
    "a denial that may not be deployed": (
        _denied, lambda t: _last(t, "AWS::IAM::Policy").update(Condition="Never")
    ),
    "a denial of another action": (_denied, lambda t: _denial(t).update(Action="rds:Delete*")),
    "a denial of another resource": (
        _denied, lambda t: _denial(t).update(Resource="arn:aws:rds:*:*:db:another")
    ),
    "a denial under a condition": (
        _denied, lambda t: _denial(t).update(Condition={"Bool": {"aws:ViaAWSService": "true"}})
    ),
    "a denial under a condition that never holds": (
        _denied,
        lambda t: _denial(t).update(Condition={"StringEquals": {"aws:PrincipalAccount": STRANGER}}),
    ),
    "a denial of a choice": (
        _denied, lambda t: _last(t, "AWS::IAM::Policy")["Properties"].update(
            PolicyDocument=document({"Fn::If": ["A", _denial(t), {"Ref": "AWS::NoValue"}]}))
    ),
}  # fmt: skip


@pytest.mark.first(4)
@pytest.mark.parametrize("how", UNDONE)
def test_what_takes_a_permission_away_is_missed_when_it_is_undone(
    dev_templates: Templates, how: str
) -> None:
    limit, undo = UNDONE[how]
    before = said(dev_templates)
    limit(dev_templates)
    assert said(dev_templates) == before
    undo(dev_templates)
    assert said(dev_templates) - before


def _function(t: Templates) -> dict[str, Any]:
    role = _new_role(t, Policies=_inline(document(allow("logs:PutLogEvents"))))
    arn = {"Fn::GetAtt": [role["Ref"], "Arn"]}
    return add(t, ACCESS, "AWS::Lambda::Function", Role=arn, Code={"ZipFile": "x"})


OWN_ACCOUNT = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
UNHARMED: dict[str, Change] = {
    "nothing": lambda _: None,
    "a role that reads another bucket": lambda t: _new_role(
        t, Policies=_inline(document(allow("s3:GetObject", "arn:aws:s3:::another/*")))
    ),
    "a role that writes to another bucket of a stack": lambda t: add(
        t, AIRFLOW, "AWS::IAM::Role", AssumeRolePolicyDocument=LAMBDA, Policies=_inline(document(
            allow("s3:PutObject", {"Fn::Join": ["", [
                {"Fn::GetAtt": [add(t, AIRFLOW, "AWS::S3::Bucket")["Ref"], "Arn"]}, "/*"]]}))),
    ),
    "a role that passes another role": lambda t: _new_role(
        t, Policies=_inline(document(
            allow("iam:PassRole", f"{IAM}:role/another"), allow("lambda:CreateFunction")))
    ),
    "a role that denies everything": lambda t: _new_role(
        t, Policies=_inline(document({"Effect": "Deny", "Action": "*", "Resource": "*"}))
    ),
    "a function": _function,
    "a function that a service calls for its account": lambda t: add(
        t, ACCESS, "AWS::Lambda::Permission", FunctionName=_function(t), SourceAccount=ACCOUNT,
        Principal="s3.amazonaws.com", Action="lambda:InvokeFunction",
    ),
    "a topic for its account": lambda t: add(
        t, ACCESS, "AWS::SNS::TopicPolicy", Topics=["x"], PolicyDocument=document(
            allow("sns:Publish", Principal={"Service": "events.amazonaws.com"},
                  Condition=OWN_ACCOUNT)),
    ),
    "a key of its account": lambda t: add(
        t, ACCESS, "AWS::KMS::Key",
        KeyPolicy=document(allow("kms:*", Principal={"AWS": f"{IAM}:root"})),
    ),
    "a bucket that nobody reaches without TLS": lambda t: add(
        t, ACCESS, "AWS::S3::BucketPolicy", Bucket="x", PolicyDocument=document(
            {**allow("s3:*", Principal="*", Condition={"Bool": {"aws:SecureTransport": "false"}}),
             "Effect": "Deny"}),
    ),
    "a group that lets in its own": lambda t: add(
        t, DATABASE, "AWS::EC2::SecurityGroup", GroupDescription="x", VpcId="x",
        SecurityGroupIngress=[{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}],
    ),
    "an alarm": lambda t: add(
        t, ACCESS, "AWS::CloudWatch::Alarm", MetricName="x",
        AlarmActions=["arn:aws:sns:eu-central-1:111122223333:operations"],
    ),
    "a user of nothing": lambda t: add(t, ACCESS, "AWS::IAM::User"),
}  # fmt: skip


@pytest.mark.first(4)
@pytest.mark.parametrize("change", UNHARMED)
def test_what_harms_nobody_names_nothing_new(dev_templates: Templates, change: str) -> None:
    before = said(dev_templates)
    UNHARMED[change](dev_templates)
    assert said(dev_templates) == before
