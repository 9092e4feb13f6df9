"""ministack, and every private name of it that the local AWS uses: here and nowhere else."""

import base64
import importlib
import importlib.metadata
import json
import os
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_network
from typing import Any, NamedTuple, TypeAlias, cast
from xml.etree import ElementTree

from emulator.policies.grammar import listed, statements
from emulator.processes import environment_without

VERSION = "1.5.33"

_OF_EVENTS = ("_add_event", "_update_resource", "_delete_resource")
_PRIVATE_NAMES = {
    "app": ("AUTH", "app"),
    "core.iam_evaluator": (
        "AuthError",
        "EvalContext",
        "_RESOURCE_POLICY_LOOKUPS",
        "_gather_role_policies",
        "_permissions_boundary",
        "evaluate",
        "evaluate_resource_policy",
        "evaluate_trust_policy",
        "resolve_principal",
        "validate_policy_document",
    ),
    "core.rds_iam": ("RdsIamTokenError", "verify_rds_iam_token"),
    "core.responses": ("error_response_json", "request_scope"),
    "services.cloudformation": ("_exports", "_stack_events", "_stacks"),
    "services.cloudformation.custom_resource": ("deliver_response",),
    "services.cloudformation.handlers": (
        "_ACTION_HANDLERS",
        "_error",
        "_imported_export_names",
    ),
    "services.cloudformation.provisioners": ("_RESOURCE_HANDLERS", "_physical_name"),
    "services.cloudformation.stacks": (
        *_OF_EVENTS,
        "_resolve_stack_outputs",
        "_runs_on_worker_thread",
    ),
    "services.cloudwatch": (
        "_alarms",
        "_describe_alarms",
        "_dims_from_list",
        "_dims_key",
        "_dispatch_alarm_actions",
        "_evaluate_alarm",
        "_metrics",
        "_record_history",
        "record_metric",
    ),
    "services.cloudwatch_logs": ("_log_groups", "_put_resource_policy"),
    "services.ec2": (
        "_ACTION_MAP",
        "_addresses",
        "_error",
        "_network_acl_entry_xml",
        "_network_acls",
        "_network_interfaces",
        "_parse_filters",
        "_route_tables",
        "_security_groups",
        "_subnets",
        "_vpc_endpoints",
        "_vpc_peering",
        "_vpce_fields_xml",
        "_vpcs",
    ),
    "services.iam": (
        "_groups",
        "_oidc_providers",
        "_policies",
        "_roles",
        "_trust_policy_not_principal_error",
        "_users",
    ),
    "services.kms": ("_create_key", "_keys", "_put_key_policy"),
    "services.lambda_svc": ("_add_permission", "_execute_function_warm", "_functions"),
    "services.mwaa": ("_environments",),
    "services.rds": (
        "_ACTION_MAP",
        "_clusters",
        "_db_cluster_param_groups",
        "_error",
        "_instances",
        "_param_groups",
        "_subnet_groups",
    ),
    "services.s3": (
        "_bucket_tags",
        "_bucket_versioning",
        "_buckets",
        "_error",
        "_object_versions",
        "_put_bucket_policy",
    ),
    "services.secretsmanager": ("_put_resource_policy", "_secrets"),
    "services.sts": (
        "_error",
        "_web_identity_principal",
        "_web_identity_trust_denied",
        "register_session",
    ),
}

# Amazon EC2 API reference, DescribeVpcEndpoints, as far as the account has them.
_ENDPOINT_FILTERS = {
    "service-name": "ServiceName",
    "vpc-endpoint-id": "VpcEndpointId",
    "vpc-endpoint-state": "State",
    "vpc-endpoint-type": "VpcEndpointType",
    "vpc-id": "VpcId",
}
# "Monitor and control actions taken with assumed roles" of the IAM user guide.
_SOURCE_IDENTITY = "https://aws.amazon.com/source_identity"
_JSON_ERROR = ("core.responses", "error_response_json")
_WITHOUT_RESOURCES = ("DELETE_COMPLETE", "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE")

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

Properties: TypeAlias = dict[str, Any]
"""A resource's properties, as its template has them once references are resolved."""
Attributes: TypeAlias = dict[str, str]
"""What `Fn::GetAtt` answers, by name."""
Created: TypeAlias = tuple[str, Attributes]
"""A physical id (what `Ref` answers) and the attributes."""


@dataclass(frozen=True)
class Credentials:
    """Keys; of a session if there is a token."""

    access_key_id: str
    secret_access_key: str
    session_token: str = ""


@dataclass(frozen=True)
class Decision:
    """Whether a principal's ARN was allowed an action on a resource's ARN."""

    principal: str
    action: str
    resource: str
    allowed: bool


@dataclass(frozen=True)
class Function:
    """A Lambda function as it was deployed; `timeout` in seconds, `memory` in MB."""

    name: str
    arn: str
    runtime: str
    handler: str
    role: str
    timeout: float
    memory: int
    variables: Mapping[str, str]
    subnets: Sequence[str]
    security_groups: Sequence[str]
    log_group: str
    log_level: str
    code: bytes


@dataclass(frozen=True)
class Outcome:
    """What an invocation gave: `payload` is the error's record when it `failed`."""

    payload: Any
    failed: bool
    log: str


class Where(NamedTuple):
    """The place of a resource in a template, by which CloudFormation names what has no name."""

    stack: str
    logical_id: str


@dataclass(frozen=True)
class ResourceType:
    """How CloudFormation handles a type. An update that raises leaves the resource as it was."""

    create: Callable[[str, Properties, str], Created]
    """Logical id, properties, stack's name."""
    delete: Callable[[str, Properties], None]
    """Physical id, properties."""
    update: Callable[[str, Properties, Properties, Where], Created] | None = None
    """Physical id, old and new properties; without it a change makes a new resource."""

    def change(self, physical_id: str, old: Properties, new: Properties, where: Where) -> Created:
        """Update the resource of a type that has updates."""
        if self.update is None:
            raise TypeError("the resource type has no update")
        return self.update(physical_id, old, new, where)


class Emulator:
    """One account in one region. ministack reads its environment at import, so there is one."""

    def __init__(self, *, port: int, account: str, region: str) -> None:
        """RuntimeError if the installed ministack is not the one this was written for."""
        found = importlib.metadata.version("ministack")
        if found != VERSION:
            raise RuntimeError(f"ministack {found} is installed; this needs {VERSION} exactly")
        self.account = account
        self.region = region
        self.endpoint = f"http://127.0.0.1:{port}"
        self.policies_per_role = 10
        """Managed policies, of "IAM and AWS STS quotas": AWS raises it to 20 for who asks."""
        self.root = Credentials(f"AKIA{secrets.token_hex(8).upper()}", secrets.token_urlsafe(30))
        inherited = environment_without(("AWS_", "GATEWAY_", "LAMBDA_", "MINISTACK_"), os.environ)
        os.environ.clear()
        os.environ.update(inherited)
        os.environ.update(
            AUTH="true",
            AWS_ACCESS_KEY_ID=self.root.access_key_id,
            AWS_SECRET_ACCESS_KEY=self.root.secret_access_key,
            DOCKER_HOST="unix:///nonexistent",  # it starts containers where it finds a Docker
            GATEWAY_PORT=str(port),
            IOT_MTLS_ENABLED="0",  # it would listen on every interface
            LAMBDA_EXECUTOR="local",
            MINISTACK_ACCOUNT_ID=account,
            MINISTACK_HOST="127.0.0.1",
            MINISTACK_REGION=region,
            SFTP_ENABLED="0",
        )
        self._on_decision: Callable[[Decision], None] = lambda _: None
        self._record_decisions()  # before another module takes the function that it replaces
        self._names: dict[str, dict[str, Any]] = {}
        for module_name, names in _PRIVATE_NAMES.items():
            module = importlib.import_module(f"ministack.{module_name}")
            for name in names:
                if not hasattr(module, name):
                    raise RuntimeError(f"ministack {found} has no {module_name}.{name}")
            self._names[module_name] = vars(module)
        self._ask_trusts_as_resource_policies()
        self._describe_stacks_by_their_templates()
        self._tell_of_what_an_update_changes()
        self._forget_names_of_deleted_stacks()
        self._join_in_conditions()
        self._describe_endpoints_as_they_are_asked_for()
        self._describe_ports_of_network_acls()
        self._give_interfaces_addresses_of_their_subnets()

    def _get(self, module: str, name: str) -> Any:
        return self._names[module][name]

    # Requests

    @property
    def app(self) -> Asgi:
        """The emulator, which answers every service's API."""
        return self._get("app", "app")

    def scope(self) -> AbstractContextManager[None]:
        """Every store is one per account and region: enter this outside a request."""
        return self._get("core.responses", "request_scope")(self.account, self.region)

    def call(self, service: str, action: str, **parameters: str) -> ElementTree.Element:
        """Call an action of EC2 or RDS as the service itself. ValueError with AWS's message."""
        handler = self._get(f"services.{service}", "_ACTION_MAP")[action]
        status, _, body = handler({name: [value] for name, value in parameters.items()})
        answer = ElementTree.fromstring(body)  # noqa: S314 the emulator's own
        for element in answer.iter():
            element.tag = element.tag.rpartition("}")[2]
        if status >= 400:
            code, message = answer.findtext(".//Code"), answer.findtext(".//Message")
            raise ValueError(f"{message} (Service: {service}, Error Code: {code})")
        return answer

    def around(
        self,
        action: str,
        *,
        service: str = "rds",
        before: Callable[[Mapping[str, str]], None] = lambda _: None,
        after: Callable[[Mapping[str, str]], None] = lambda _: None,
        code: str = "InvalidParameterValue",
    ) -> None:
        """Do something around an action of RDS or EC2; both get the request's parameters.

        The message of a ValueError that `before` raises is what the service answers, as an error of
        that `code`; `after` is called where the action succeeded.
        """
        actions = self._get(f"services.{service}", "_ACTION_MAP")
        act = actions[action]
        error = self._get(f"services.{service}", "_error")

        def handle(parameters: Mapping[str, str | list[str]]) -> Any:
            given = {
                name: value[0] if isinstance(value, list) else value
                for name, value in parameters.items()
            }
            try:
                before(given)
            except ValueError as refusal:
                return error(code, str(refusal), 400)
            response = act(parameters)
            if response[0] < 400:
                after(given)
            return response

        actions[action] = handle

    def export_log(self, group: str, stream: str, line: str) -> None:
        """Have CloudWatch Logs keep a line, where there is a log group of that name."""
        with self.scope():
            if group not in self.store("cloudwatch_logs", "_log_groups"):
                return
            where: dict[str, Any] = {"logGroupName": group, "logStreamName": stream}
            self._get("services.cloudwatch_logs", "_create_log_stream")(where)
            event = {"timestamp": int(time.time() * 1000), "message": line}
            self._get("services.cloudwatch_logs", "_put_log_events")(
                {**where, "logEvents": [event]}
            )

    # Identities

    def on_decision(self, record: Callable[[Decision], None]) -> None:
        """Call `record` with each decision on a request."""
        self._on_decision = record

    def raise_quota(self, given: Mapping[str, int]) -> dict[str, str]:
        """Have the quota of managed policies per role raised, to `policies_per_role`."""
        self.policies_per_role = given["policies_per_role"]
        return {}

    def _record_decisions(self) -> None:
        evaluator = vars(importlib.import_module("ministack.core.iam_evaluator"))
        enforce = evaluator["enforce"]
        identity = evaluator["resolve_caller_identity"]

        def recorded(
            access_key: str,
            action: str,
            service: str,
            region: str,
            resource_arn: str = "*",
            service_context: Any = None,
        ) -> Any:
            denied = enforce(access_key, action, service, region, resource_arn, service_context)
            caller = identity(access_key)
            principal = caller["userArn"] if caller else _nobody(access_key)
            self._on_decision(Decision(principal, action, resource_arn, denied is None))
            return denied

        evaluator["enforce"] = recorded

    def simulate_with(
        self, simulated: Callable[[Mapping[str, str], Callable[[str, str, Any], str]], str]
    ) -> None:
        """Call `simulated` for the results of IAM's simulations.

        It gets the request's parameters, and what decides on an action, a resource and a context:
        the values by the condition keys' names in lower case.
        """
        names = self._names["services.iam"]
        extract = names["_extract_simulate_params"]
        asked: ContextVar[Mapping[str, Any]] = ContextVar("asked")

        def extracted(parameters: Mapping[str, Any]) -> Any:
            asked.set(parameters)
            return extract(parameters)

        def results(_: Any, __: Any, principal: str, account: str, policies: Any) -> str:
            limits: Any = []
            # The emulator takes a role's path for a part of its name, and no boundary into account.
            if principal.partition(":role/")[1]:
                name = principal.rpartition("/")[2]
                policies = self._get("core.iam_evaluator", "_gather_role_policies")(name, account)
                roles = self._get("services.iam", "_roles")
                limits = self._get("core.iam_evaluator", "_permissions_boundary")(
                    roles, name, account
                )

            def decided(action: str, resource: str, context: Any) -> str:
                request = self._get("core.iam_evaluator", "EvalContext")(
                    principal_arn=principal,
                    principal_type="User",
                    principal_account=account,
                    action=action,
                    resource_arn=resource,
                    region=self.region,
                    service_context=context,
                )
                evaluate = self._get("core.iam_evaluator", "evaluate")
                return evaluate(request, policies, *limits).decision

            one = names["_p"]
            return simulated({name: one(asked.get(), name) for name in asked.get()}, decided)

        names["_extract_simulate_params"] = extracted
        names["_build_simulate_results_real"] = results

    def refuse_policies(
        self, *, identity: Callable[[Any], None], trust: Callable[[Any], None]
    ) -> None:
        """Call these with each policy that IAM is given; the message of a ValueError refuses it."""

        def refusal(check: Callable[[Any], None], document: Any) -> str | None:
            try:
                check(document)
            except ValueError as error:
                return str(error)
            return None

        self._names["core.iam_evaluator"]["validate_policy_document"] = partial(refusal, identity)
        self._names["services.iam"]["_trust_policy_not_principal_error"] = partial(refusal, trust)

    def refuse_call(
        self, service: str, handler: str, check: Callable[..., None], code: str
    ) -> None:
        """Call `check` with what a service's handler is given; a ValueError is its error `code`."""
        names = self._names[f"services.{service}"]
        act = names[handler]
        error = self._get(*(("services.s3", "_error") if service == "s3" else _JSON_ERROR))

        def handle(*given: Any, **options: Any) -> Any:
            try:
                check(*given)
            except ValueError as refusal:
                return error(code, str(refusal), 400)
            return act(*given, **options)

        names[handler] = handle

    def role_session(self, role: str, session: str, seconds: float) -> Credentials:
        """Credentials of a session of the role of that name or ARN, valid so long."""
        name = role.rsplit("/", 1)[-1]
        credentials = Credentials(
            f"ASIA{secrets.token_hex(8).upper()}",
            secrets.token_urlsafe(30),
            secrets.token_urlsafe(300),  # as long as real ones: some clients cut them
        )
        record = self._role(name)
        self._get("services.sts", "register_session")(
            credentials.access_key_id,
            {
                "AccountId": self.account,
                "Arn": f"arn:aws:sts::{self.account}:assumed-role/{name}/{session}",
                "Expiration": time.time() + seconds,
                "PrincipalType": "AssumedRole",
                "SecretAccessKey": credentials.secret_access_key,
                "SessionToken": credentials.session_token,
                "UserId": f"{record['RoleId']}:{session}",
            },
        )
        return credentials

    def take_web_identities(
        self,
        refusal: Callable[[str], tuple[str, str] | None],
        condition_keys: Mapping[str, Iterable[str]],
    ) -> None:
        """Refuse a token of an identity provider that AWS refuses, before a role's trust is asked.

        Args:
            refusal: gets a token, and gives the code and the message of STS's error, or none.
            condition_keys: the claims that become condition keys, by the provider's host.
        """
        sts = vars(importlib.import_module("ministack.services.sts"))
        error, denied = sts["_error"], sts["_web_identity_trust_denied"]
        principal = sts["_web_identity_principal"]

        def principal_of(token: str, provider: str, role: str) -> tuple[str, dict[str, Any]]:
            name, keys = principal(token, provider, role)
            host = name.partition(":oidc-provider/")[2]
            payload = token.split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
            more = {each: claims[each] for each in condition_keys.get(host, ()) if each in claims}
            if source := claims.get(_SOURCE_IDENTITY):
                keys["sts:sourceidentity"] = source
            return name, keys | {f"{host}:{each}": value for each, value in more.items()}

        def denied_first(role: str, parameters: Mapping[str, Any], use_json: bool) -> Any:
            given: str | list[str] = parameters.get("WebIdentityToken", "")
            token = given if isinstance(given, str) else given[0]
            found = refusal(token)
            if found:
                return error(400, *found, ns="sts")
            if answer := denied(role, parameters, use_json):
                return answer
            provider, keys = principal_of(token, "", role)
            if "sts:sourceidentity" in keys and not self._may_be_named(role, provider, keys):
                message = "Not authorized to perform sts:SetSourceIdentity"
                return error(403, "AccessDenied", message, ns="sts")
            return None

        sts["_web_identity_principal"] = principal_of
        sts["_web_identity_trust_denied"] = denied_first

    def _may_be_named(self, role: str, provider: str, keys: Mapping[str, Any]) -> bool:
        """Whether a role's trust lets a provider's token name a source identity."""
        trust = statements(self._role(role.rsplit("/", 1)[-1])["AssumeRolePolicyDocument"])
        # The emulator lets providers have this action alone.
        action = "sts:AssumeRoleWithWebIdentity"
        naming = [
            {**one, "Action": action}
            for one in trust
            if "sts:SetSourceIdentity" in listed(one["Action"])
        ]
        asked = self._get("core.iam_evaluator", "EvalContext")(
            principal_arn=provider,
            principal_type="WebIdentityUser",
            principal_account=self.account,
            action=action,
            resource_arn=role,
            region=self.region,
            service_context=keys,
        )
        trusts = self._get("core.iam_evaluator", "evaluate_trust_policy")
        return trusts({"Statement": naming}, provider, asked)

    def _ask_trusts_as_resource_policies(self) -> None:
        """Let who a role's trust names take it, of this account without another policy.

        Source: "AssumeRole" of the STS API reference. The trust's conditions STS asks afterwards.
        """

        def trust(arn: str) -> tuple[Any, str] | None:
            account, name = arn.split(":")[4], arn.rpartition("/")[2]
            role = self._get("services.iam", "_roles").get_scoped(account, None, name)
            if role is None:
                return None
            names = [
                {name: one[name] for name in ("Effect", "Principal", "Action")} | {"Resource": "*"}
                for one in statements(role["AssumeRolePolicyDocument"])
                if one["Effect"] == "Allow"
            ]
            return {"Statement": names}, account

        self._names["services.sts"]["trust_for_arn"] = trust
        lookups = self._get("core.iam_evaluator", "_RESOURCE_POLICY_LOOKUPS")
        lookups["sts"] = ("sts", "trust_for_arn")

    def role_trusts(self, role: str, service: str, source_arn: str) -> bool:
        """Whether the role's trust policy lets that service assume it on behalf of a resource."""
        policy = self._role(role.rsplit("/", 1)[-1])["AssumeRolePolicyDocument"]
        source = {"aws:sourcearn": source_arn, "aws:sourceaccount": self.account}
        return self._lets(policy, service, "sts:AssumeRole", source)

    def key_serves(self, key: str, service: str, action: str, context: Mapping[str, str]) -> bool:
        """Whether a KMS key of that ARN exists, and its policy lets the service use it.

        `context` has what the service's request says beside, by the condition keys' names.
        """
        record = self.store("kms", "_keys").get(key.rpartition("/")[2])
        lower = {name.lower(): value for name, value in context.items()}
        return record is not None and self._lets(record["Policy"], service, action, lower)

    def _lets(self, policy: Any, service: str, action: str, context: dict[str, str]) -> bool:
        asked = self._get("core.iam_evaluator", "EvalContext")(
            principal_arn=service,
            principal_type="Service",
            principal_account=self.account,
            action=action,
            resource_arn="*",
            region=self.region,
            service_context=context,
        )
        evaluate = self._get("core.iam_evaluator", "evaluate_resource_policy")
        return evaluate(policy, asked, service=service).decision == "Allow"

    def _role(self, name: str) -> Any:
        with self.scope():
            role = self._get("services.iam", "_roles").get(name)
        if role is None:
            raise ValueError(f"no role of the name {name!r} exists")
        return role

    def verify_rds_token(self, token: str, *, host: str, port: int, user: str) -> str:
        """The access key id that signed the token. ValueError that tells what is wrong."""
        found = self._get("core.rds_iam", "verify_rds_iam_token")(
            token, hostname=host, port=port, db_user=user, region=self.region,
            account_id=self.account,
        )  # fmt: skip
        if isinstance(found, self._get("core.rds_iam", "RdsIamTokenError")):
            raise ValueError(found.code)  # noqa: TRY004 a token's fault, not a type's
        return found.access_key_id

    def decide(self, access_key: str, action: str, resource: str) -> Decision:
        """What the deployed policies say of an action; nobody's keys and root's are denied."""
        evaluator = "core.iam_evaluator"
        with self.scope():
            principal = self._get(evaluator, "resolve_principal")(access_key, self.account)
            if isinstance(principal, self._get(evaluator, "AuthError")):
                decision = Decision(_nobody(access_key), action, resource, allowed=False)
            elif principal.policies is None:
                decision = Decision(principal.arn, action, resource, allowed=False)
            else:
                context = self._get(evaluator, "EvalContext")(
                    principal_arn=principal.arn,
                    principal_type=principal.type,
                    principal_account=self.account,
                    action=action,
                    resource_arn=resource,
                    region=self.region,
                    principal_keys=principal.keys,
                )
                result = self._get(evaluator, "evaluate")(
                    context, principal.policies, *principal.limits
                )
                allowed = result.decision == "Allow"
                decision = Decision(principal.arn, action, resource, allowed)
        self._on_decision(decision)
        return decision

    # Functions

    def run_functions_with(self, run: Callable[[Function, Any, str], Outcome]) -> None:
        """Call `run` with a function, the event and the request's id for each invocation."""

        def execute(record: Any, event: Any, request_id: str) -> dict[str, Any]:
            outcome = run(_function(record), event, request_id)
            if outcome.failed:
                self._fail_custom_resource(event, outcome)
            return {"body": outcome.payload, "error": outcome.failed, "log": outcome.log}

        module = importlib.import_module("ministack.services.lambda_svc")
        vars(module)["_execute_function_warm"] = execute

    def _fail_custom_resource(self, event: Any, outcome: Outcome) -> None:
        # A function that fails without an answer leaves a stack to wait for an hour on AWS.
        # That much fidelity helps nobody here.
        request = cast("dict[str, str]", event if isinstance(event, dict) else {})
        answer_to = request.get("ResponseURL", "").partition("/cfn-response/")[2]
        if answer_to:
            answer = {
                "Status": "FAILED",
                "Reason": f"no answer, as the function failed: {json.dumps(outcome.payload)}",
                "PhysicalResourceId": request.get("PhysicalResourceId", request["RequestId"]),
            }
            deliver = self._get("services.cloudformation.custom_resource", "deliver_response")
            deliver(answer_to, answer)

    # Metrics

    def date_metrics_with(self, now: Callable[[], float]) -> None:
        """Call `now` for the time, in seconds since 1970, of what is measured."""

        def record(
            namespace: str,
            metric_name: str,
            value: float,
            _unit: str = "",
            dimensions: Mapping[str, str] | None = None,
        ) -> None:
            self.measure(namespace, metric_name, value, dimensions or {}, at=now())

        self._names["services.cloudwatch"]["record_metric"] = record

    def measure(
        self, space: str, name: str, value: float, dimensions: Mapping[str, str], *, at: float
    ) -> None:
        """Add a value to a metric."""
        key = (space, name, self._get("services.cloudwatch", "_dims_key")(dict(dimensions)))
        point = {"Timestamp": at, "Value": value, "Dimensions": dict(dimensions), "Unit": "Count"}
        with self.scope():
            self.store("cloudwatch", "_metrics").setdefault(key, []).append(point)

    def decide_alarms_with(
        self, decide: Callable[[dict[str, Any], list[tuple[float, float]]], str]
    ) -> None:
        """Call `decide` for an alarm's state, with its record and its metric's times and values.

        It is called by `evaluate_alarms`, and before anybody is told of alarms.
        """
        names = self._names["services.cloudwatch"]
        describe = names["_describe_alarms"]

        def evaluate(alarm: dict[str, Any]) -> None:
            dimensions = names["_dims_key"](names["_dims_from_list"](alarm["Dimensions"]))
            key = (alarm["Namespace"], alarm["MetricName"], dimensions)
            points = self.store("cloudwatch", "_metrics").get(key, [])
            old, values = alarm["StateValue"], [(one["Timestamp"], one["Value"]) for one in points]
            new = decide(alarm, values)
            if new != old:
                reason = f"{len(values)} values; the last: {values[-1:]}"
                alarm |= {"StateValue": new, "StateReason": reason}
                names["_record_history"](alarm["AlarmName"], old, new, reason)
                names["_dispatch_alarm_actions"](alarm, old, new, reason)

        def evaluate_and_describe(*arguments: Any, **options: Any) -> Any:
            self.evaluate_alarms()
            return describe(*arguments, **options)

        names["_evaluate_alarm"] = evaluate
        names["_describe_alarms"] = evaluate_and_describe

    def evaluate_alarms(self) -> None:
        """Bring every alarm's state up to date."""
        with self.scope():
            for alarm in list(self.store("cloudwatch", "_alarms").values()):
                self._get("services.cloudwatch", "_evaluate_alarm")(alarm)

    # CloudFormation

    def resource_types(self) -> list[str]:
        """The types that are handled by now."""
        return [*self._get("services.cloudformation.provisioners", "_RESOURCE_HANDLERS")]

    def resource_type(self, name: str) -> ResourceType:
        """How the emulator itself handles a type."""
        handlers = self._get("services.cloudformation.provisioners", "_RESOURCE_HANDLERS")[name]

        def update(physical_id: str, old: Properties, new: Properties, where: Where) -> Created:
            if handlers.get("update_with_logical_id"):
                return handlers["update"](physical_id, old, new, where.stack, where.logical_id)
            return handlers["update"](physical_id, old, new, where.stack)

        return ResourceType(handlers["create"], handlers["delete"], update)

    def handle(self, name: str, resource: ResourceType, *, blocks: bool = False) -> None:
        """Handle a type from now on; on a thread of its own if that `blocks`."""
        handlers = self._get("services.cloudformation.provisioners", "_RESOURCE_HANDLERS")
        handler: dict[str, Any] = {**handlers.get(name, {})}
        handler.pop("update", None)
        handler |= {"create": resource.create, "delete": resource.delete}
        if update := resource.update:

            def handle_update(
                physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str
            ) -> Created:
                return update(physical_id, old, new, Where(stack, logical_id))

            handler |= {"update": handle_update, "update_with_logical_id": True}
        handlers[name] = handler
        if blocks:
            stacks = vars(importlib.import_module("ministack.services.cloudformation.stacks"))
            asked = stacks["_runs_on_worker_thread"]

            def runs_on_thread(kind: str) -> bool:
                return kind == name or asked(kind)

            stacks["_runs_on_worker_thread"] = runs_on_thread

    def check(
        self,
        name: str,
        *,
        properties: Callable[[Properties, Properties | None], None] = lambda _, __: None,
        deletion: Callable[[str, Properties], None] = lambda _, __: None,
        made: Callable[[str, Properties], None] = lambda _, __: None,
    ) -> None:
        """Refuse what AWS refuses, and leave the rest of a type to how it is handled so far.

        Args:
            name: the type.
            properties: gets the new properties and, in an update, the old ones.
            deletion: gets the physical id and the properties.
            made: the same, once the resource is made or changed.

        The first two raise ValueError with AWS's message.
        """
        handlers = self._get("services.cloudformation.provisioners", "_RESOURCE_HANDLERS")
        own = handlers[name]

        def create(logical_id: str, new: Properties, stack: str) -> Created:
            properties(new, None)
            created = own["create"](logical_id, new, stack)
            made(created[0], new)
            return created

        def update(physical_id: str, old: Properties, new: Properties, *rest: str) -> Created:
            properties(new, old)
            changed = own["update"](physical_id, old, new, *rest)
            made(changed[0], new)
            return changed

        def delete(physical_id: str, given: Properties, *rest: str) -> None:
            deletion(physical_id, given)
            own["delete"](physical_id, given, *rest)

        checked: dict[str, Any] = {"create": create, "delete": delete}
        if "update" in own:
            checked["update"] = update
        handlers[name] = {**own, **checked}

    def importable(self, name: str) -> None:
        """Let stacks import what stacks of this account left behind, of a type.

        It is known by its physical id, and has the attributes that it was last given.
        """
        handlers = self._get("services.cloudformation.provisioners", "_RESOURCE_HANDLERS")
        own = handlers[name]
        known: dict[str, Attributes] = {}

        def remembering(act: Callable[..., Created]) -> Callable[..., Created]:
            def acted(*given: Any) -> Created:
                created = act(*given)
                known[created[0]] = created[1]
                return created

            return acted

        def take_up(identifier: Mapping[str, str]) -> Created:
            [physical_id] = identifier.values()
            if physical_id not in known:
                raise ValueError(f"Resource of type '{name}' with {identifier} was not found")
            return physical_id, known[physical_id]

        def delete(physical_id: str, given: Properties, *rest: str) -> None:
            own["delete"](physical_id, given, *rest)
            known.pop(physical_id, None)

        handler: dict[str, Any] = {
            "create": remembering(own["create"]),
            "delete": delete,
            "import": take_up,
        }
        if "update" in own:
            handler["update"] = remembering(own["update"])
        handlers[name] = {**own, **handler}

    def name(self, resource_type: str, named_by: str) -> None:
        """Name what its template does not name as CloudFormation does: by stack and logical id."""
        handlers = self._get("services.cloudformation.provisioners", "_RESOURCE_HANDLERS")
        physical_name = self._get("services.cloudformation.provisioners", "_physical_name")
        own = handlers[resource_type]

        def named(given: Properties, stack: str, logical_id: str) -> Properties:
            return {named_by: physical_name(stack, logical_id), **given}

        def create(logical_id: str, new: Properties, stack: str) -> Created:
            return own["create"](logical_id, named(new, stack, logical_id), stack)

        def update(
            physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str
        ) -> Created:
            both = (named(each, stack, logical_id) for each in (old, new))
            return own["update"](physical_id, *both, stack, logical_id)

        handlers[resource_type] = {
            **own, "create": create, "update": update, "update_with_logical_id": True
        }  # fmt: skip

    def _describe_stacks_by_their_templates(self) -> None:
        """It has no description of a stack that a change set made."""
        actions = self._get("services.cloudformation.handlers", "_ACTION_HANDLERS")
        describe = actions["DescribeStacks"]

        def described(parameters: Any) -> Any:
            for stack in self.store("cloudformation", "_stacks").values():
                stack["Description"] = stack["_template"].get("Description", "")
            return describe(parameters)

        actions["DescribeStacks"] = described

    def _tell_of_what_an_update_changes(self) -> None:
        """It has events of a resource that an update leaves as it is, and none of one it removes.

        CloudFormation has them the other way round ("Understand stack events" of its user guide).
        """
        stacks = self._names["services.cloudformation.stacks"]
        add, update, remove = (stacks[name] for name in _OF_EVENTS)
        same: set[tuple[str, str]] = set()

        def updated(kind: str, it: str, old: Any, new: Any, stack: str, *rest: Any) -> Any:
            if old == new and rest:
                same.add((stack, rest[0]))
            return update(kind, it, old, new, stack, *rest)

        def added(stack_id: str, stack: str, logical_id: str, *rest: str, **more: str) -> None:
            if rest[1] != "UPDATE_COMPLETE" or (stack, logical_id) not in same:
                add(stack_id, stack, logical_id, *rest, **more)
                return
            same.remove((stack, logical_id))
            events = self.store("cloudformation", "_stack_events")[stack_id]
            # That it begins was said before this was known.
            [*begun] = (one for one in events if one["LogicalResourceId"] == logical_id)
            events.remove(begun[-1])

        def removed(kind: str, it: str, given: Any, stack: str, logical_id: str) -> None:
            record = self.store("cloudformation", "_stacks")[stack]
            if record["StackStatus"] != "UPDATE_IN_PROGRESS":  # else it has told already
                remove(kind, it, given, stack, logical_id)
                return
            about = partial(add, record["StackId"], stack, logical_id, kind, physical_id=it)
            about("DELETE_IN_PROGRESS")
            remove(kind, it, given, stack, logical_id)
            about("DELETE_COMPLETE")

        stacks |= dict(zip(_OF_EVENTS, (added, updated, removed), strict=True))

    def _join_in_conditions(self) -> None:
        """Without `Fn::Join` the CDK's bootstrap takes an empty list for one of a policy."""
        package = "ministack.services.cloudformation"
        evaluate = vars(importlib.import_module(f"{package}.engine"))["_evaluate_conditions"]

        def joined(value: Any, given: Mapping[str, Any]) -> Any:
            if isinstance(value, list):
                return [joined(one, given) for one in cast("list[Any]", value)]
            if not isinstance(value, dict):
                return value
            content = cast("dict[str, Any]", value)
            if "Fn::Join" not in content:
                return {name: joined(one, given) for name, one in content.items()}
            separator, parts = content["Fn::Join"]
            if isinstance(parts, dict):  # a parameter that is a list
                parts = str(given[parts["Ref"]]["Value"]).split(",")
            texts = [given[one["Ref"]]["Value"] if isinstance(one, dict) else one for one in parts]
            return separator.join(texts)

        def evaluated(template: dict[str, Any], given: Mapping[str, Any]) -> Any:
            conditions = joined(template.get("Conditions", {}), given)
            return evaluate({**template, "Conditions": conditions}, given)

        for name in ("changesets", "engine", "handlers", "provisioners", "stacks"):
            module = vars(importlib.import_module(f"{package}.{name}"))
            if "_evaluate_conditions" in module:
                module["_evaluate_conditions"] = evaluated

    def _describe_endpoints_as_they_are_asked_for(self) -> None:
        """It passes filters over, and does not tell groups and whether a name is the VPC's own."""
        names = self._names["services.ec2"]
        fields, describe = names["_vpce_fields_xml"], names["_ACTION_MAP"]["DescribeVpcEndpoints"]

        def whole(endpoint: Mapping[str, Any], tag: str = "item") -> str:
            groups = "".join(
                f"<item><groupId>{one}</groupId></item>"
                for one in endpoint.get("SecurityGroupIds", ())
            )
            private = str(endpoint.get("PrivateDnsEnabled", False)).lower()
            more = f"<groupSet>{groups}</groupSet><privateDnsEnabled>{private}</privateDnsEnabled>"
            return fields(endpoint, tag).replace("<routeTableIdSet>", f"{more}<routeTableIdSet>")

        def described(parameters: Mapping[str, Any]) -> Any:
            filters: dict[str, list[str]] = names["_parse_filters"](parameters)
            if unknown := filters.keys() - _ENDPOINT_FILTERS.keys():
                wrong = f"The filter '{min(unknown)}' is invalid"
                return names["_error"]("InvalidParameterValue", wrong, 400)
            found = [
                id_
                for id_, one in names["_vpc_endpoints"].items()
                if all(one[_ENDPOINT_FILTERS[name]] in of for name, of in filters.items())
            ]
            if not filters:
                return describe(parameters)
            asked = {f"VpcEndpointId.{number}": [id_] for number, id_ in enumerate(found, 1)}
            return describe(asked or {"VpcEndpointId.1": ["none"]})

        names["_vpce_fields_xml"] = whole
        names["_ACTION_MAP"]["DescribeVpcEndpoints"] = described

    def _describe_ports_of_network_acls(self) -> None:
        """It tells no ports of a network ACL's rule."""
        names = self._names["services.ec2"]
        described = names["_network_acl_entry_xml"]

        def with_ports(rule: Mapping[str, Any]) -> str:
            if not (ports := rule.get("PortRange")):
                return described(rule)
            xml = f"<portRange><from>{ports['From']}</from><to>{ports['To']}</to></portRange>"
            return described(rule).replace("</item>", f"{xml}</item>")

        names["_network_acl_entry_xml"] = with_ports

    def _give_interfaces_addresses_of_their_subnets(self) -> None:
        """It takes all of them of 10.0.0.0/16.

        A subnet's first four addresses and its last are not given (Amazon VPC User Guide, "Subnet
        CIDR blocks").
        """
        actions = self._get("services.ec2", "_ACTION_MAP")
        create = actions["CreateNetworkInterface"]

        def created(parameters: Any) -> Any:
            status, headers, body = create(parameters)
            if status < 400:
                interfaces = self.store("ec2", "_network_interfaces")
                made = [*interfaces.values()][-1]
                subnet = self.store("ec2", "_subnets")[made["SubnetId"]]
                taken = {one["PrivateIpAddress"] for one in interfaces.values()}
                free = (
                    str(one)
                    for one in [*ip_network(subnet["CidrBlock"])][4:-1]
                    if str(one) not in taken
                )
                old, made["PrivateIpAddress"] = made["PrivateIpAddress"], next(free)
                text = body.decode().replace(f">{old}<", f">{made['PrivateIpAddress']}<")
                body = text.encode()
            return status, headers, body

        actions["CreateNetworkInterface"] = created

    def _forget_names_of_deleted_stacks(self) -> None:
        """A stack that is deleted is known by its id alone ("GetTemplate" of the API reference)."""
        handlers = self._names["services.cloudformation.handlers"]
        actions = handlers["_ACTION_HANDLERS"]

        def by_name(act: Callable[[Any], Any], parameters: Any) -> Any:
            given: list[str] | str = parameters.get("StackName", "")
            name = given if isinstance(given, str) else given[0]
            stack = self.store("cloudformation", "_stacks").get(name)
            if stack and stack["StackStatus"] == "DELETE_COMPLETE":
                return handlers["_error"]("ValidationError", f"Stack {name} does not exist")
            return act(parameters)

        for name in ("GetTemplate", "ListStackResources", "DescribeStackResources"):
            actions[name] = partial(by_name, actions[name])

    def on_exports(self, check: Callable[[str, Mapping[str, str]], None]) -> None:
        """Call `check` with a stack's id and the exports that it is about to have, by name.

        A ValueError fails the stack's operation, which is rolled back.
        """
        module = vars(importlib.import_module("ministack.services.cloudformation.stacks"))
        resolve = module["_resolve_stack_outputs"]

        def checked(*arguments: Any) -> Any:
            outputs, exports = resolve(*arguments)
            check(arguments[-1], {name: one["Value"] for name, one in exports.items()})
            return outputs, exports

        module["_resolve_stack_outputs"] = checked

    def importing(self, export: str) -> list[str]:
        """The names of the stacks that import an export."""
        imported = self._get("services.cloudformation.handlers", "_imported_export_names")
        return [
            name
            for name, stack in self.store("cloudformation", "_stacks").items()
            if stack["StackStatus"] not in _WITHOUT_RESOURCES and export in imported(stack, name)
        ]

    def in_progress(self, stack: str) -> bool:
        """Whether a stack of that name or id is being created, changed or deleted."""
        name = stack.split("/")[1] if stack.startswith("arn:") else stack
        with self.scope():
            record = self.store("cloudformation", "_stacks").get(name)
        status = record["StackStatus"] if record else ""
        return status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"

    # Stores

    def store(self, service: str, name: str) -> MutableMapping[Any, Any]:
        """A service's records by identifier, of this account and region."""
        return self._get(f"services.{service}", name)


def _nobody(access_key: str) -> str:
    """Who has keys that the account does not know, if any."""
    return f"nobody/{access_key}"


def _function(record: Any) -> Function:
    config: dict[str, Any] = record.get("config") or record
    logging: dict[str, Any] = config.get("LoggingConfig") or {}
    variables: dict[str, Any] = config.get("Environment") or {}
    network: dict[str, Any] = config.get("VpcConfig") or {}
    return Function(
        name=config["FunctionName"],
        arn=config["FunctionArn"],
        runtime=config["Runtime"],
        handler=config["Handler"],
        role=config["Role"],
        timeout=float(config.get("Timeout", 3)),
        memory=int(config.get("MemorySize", 128)),
        variables=variables.get("Variables") or {},
        subnets=network.get("SubnetIds") or (),
        security_groups=network.get("SecurityGroupIds") or (),
        log_group=logging.get("LogGroup") or f"/aws/lambda/{config['FunctionName']}",
        log_level=logging.get("ApplicationLogLevel") or "",
        code=record.get("code_zip") or b"",
    )
