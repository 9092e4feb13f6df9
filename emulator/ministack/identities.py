"""Who may do what: IAM's policies and roles, and sessions of STS."""

import base64
import importlib
import json
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any

from emulator.ministack.private import Ministack
from emulator.policies.grammar import listed, statements

# "Monitor and control actions taken with assumed roles" of the IAM user guide.
_SOURCE_IDENTITY = "https://aws.amazon.com/source_identity"


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


class Decisions:
    """Tells of each decision on a request, once somebody listens."""

    def __init__(self) -> None:
        """Before ministack is loaded: its modules take the function that this replaces."""
        self.told: Callable[[Decision], None] = lambda _: None
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
            self.told(Decision(principal, action, resource_arn, denied is None))
            return denied

        evaluator["enforce"] = recorded


class Identities:
    """IAM and STS."""

    def __init__(self, ministack: Ministack, decisions: Decisions) -> None:
        self._ministack = ministack
        self._decisions = decisions
        self.policies_per_role = 10
        """Managed policies, of "IAM and AWS STS quotas": AWS raises it to 20 for who asks."""
        self._ask_trusts_as_resource_policies()

    def on_decision(self, record: Callable[[Decision], None]) -> None:
        """Call `record` with each decision on a request."""
        self._decisions.told = record

    def raise_quota(self, given: Mapping[str, int]) -> dict[str, str]:
        """Have the quota of managed policies per role raised, to `policies_per_role`."""
        self.policies_per_role = given["policies_per_role"]
        return {}

    def simulate_with(
        self, simulated: Callable[[Mapping[str, str], Callable[[str, str, Any], str]], str]
    ) -> None:
        """Call `simulated` for the results of IAM's simulations.

        It gets the request's parameters, and what decides on an action, a resource and a context:
        the values by the condition keys' names in lower case.
        """
        names = self._ministack.module("services.iam")
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
                policies = self._ministack.get("core.iam_evaluator", "_gather_role_policies")(
                    name, account
                )
                roles = self._ministack.get("services.iam", "_roles")
                limits = self._ministack.get("core.iam_evaluator", "_permissions_boundary")(
                    roles, name, account
                )

            def decided(action: str, resource: str, context: Any) -> str:
                request = self._ministack.get("core.iam_evaluator", "EvalContext")(
                    principal_arn=principal,
                    principal_type="User",
                    principal_account=account,
                    action=action,
                    resource_arn=resource,
                    region=self._ministack.region,
                    # It would take these of the call that simulates.
                    source_ip=context.get("aws:sourceip"),
                    secure_transport=context.get("aws:securetransport", "true") == "true",
                    service_context=context,
                )
                evaluate = self._ministack.get("core.iam_evaluator", "evaluate")
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

        self._ministack.module("core.iam_evaluator")["validate_policy_document"] = partial(
            refusal, identity
        )
        self._ministack.module("services.iam")["_trust_policy_not_principal_error"] = partial(
            refusal, trust
        )

    def role_session(self, role: str, session: str, seconds: float) -> Credentials:
        """Credentials of a session of the role of that name or ARN, valid so long."""
        name = role.rsplit("/", 1)[-1]
        credentials = Credentials(
            f"ASIA{secrets.token_hex(8).upper()}",
            secrets.token_urlsafe(30),
            secrets.token_urlsafe(300),  # as long as real ones: some clients cut them
        )
        record = self._role(name)
        self._ministack.get("services.sts", "register_session")(
            credentials.access_key_id,
            {
                "AccountId": self._ministack.account,
                "Arn": f"arn:aws:sts::{self._ministack.account}:assumed-role/{name}/{session}",
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
        sts = self._ministack.module("services.sts")
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
        asked = self._ministack.get("core.iam_evaluator", "EvalContext")(
            principal_arn=provider,
            principal_type="WebIdentityUser",
            principal_account=self._ministack.account,
            action=action,
            resource_arn=role,
            region=self._ministack.region,
            service_context=keys,
        )
        trusts = self._ministack.get("core.iam_evaluator", "evaluate_trust_policy")
        return trusts({"Statement": naming}, provider, asked)

    def _ask_trusts_as_resource_policies(self) -> None:
        """Let who a role's trust names take it, of this account without another policy.

        Source: "AssumeRole" of the STS API reference. The trust's conditions STS asks afterwards.
        """

        def trust(arn: str) -> tuple[Any, str] | None:
            account, name = arn.split(":")[4], arn.rpartition("/")[2]
            role = self._ministack.get("services.iam", "_roles").get_scoped(account, None, name)
            if role is None:
                return None
            names = [
                {name: one[name] for name in ("Effect", "Principal", "Action")} | {"Resource": "*"}
                for one in statements(role["AssumeRolePolicyDocument"])
                if one["Effect"] == "Allow"
            ]
            return {"Statement": names}, account

        self._ministack.module("services.sts")["trust_for_arn"] = trust
        lookups = self._ministack.get("core.iam_evaluator", "_RESOURCE_POLICY_LOOKUPS")
        lookups["sts"] = ("sts", "trust_for_arn")

    def role_trusts(self, role: str, service: str, source_arn: str) -> bool:
        """Whether the role's trust policy lets that service assume it on behalf of a resource."""
        policy = self._role(role.rsplit("/", 1)[-1])["AssumeRolePolicyDocument"]
        source = {"aws:sourcearn": source_arn, "aws:sourceaccount": self._ministack.account}
        return self._lets(policy, service, "sts:AssumeRole", source)

    def key_serves(self, key: str, service: str, action: str, context: Mapping[str, str]) -> bool:
        """Whether a KMS key of that ARN exists, and its policy lets the service use it.

        `context` has what the service's request says beside, by the condition keys' names.
        """
        record = self._ministack.store("kms", "_keys").get(key.rpartition("/")[2])
        lower = {name.lower(): value for name, value in context.items()}
        return record is not None and self._lets(record["Policy"], service, action, lower)

    def _lets(self, policy: Any, service: str, action: str, context: dict[str, str]) -> bool:
        asked = self._ministack.get("core.iam_evaluator", "EvalContext")(
            principal_arn=service,
            principal_type="Service",
            principal_account=self._ministack.account,
            action=action,
            resource_arn="*",
            region=self._ministack.region,
            service_context=context,
        )
        evaluate = self._ministack.get("core.iam_evaluator", "evaluate_resource_policy")
        return evaluate(policy, asked, service=service).decision == "Allow"

    def _role(self, name: str) -> Any:
        with self._ministack.scope():
            role = self._ministack.get("services.iam", "_roles").get(name)
        if role is None:
            raise ValueError(f"no role of the name {name!r} exists")
        return role

    def verify_rds_token(self, token: str, *, host: str, port: int, user: str) -> str:
        """The access key id that signed the token. ValueError that tells what is wrong."""
        found = self._ministack.get("core.rds_iam", "verify_rds_iam_token")(
            token, hostname=host, port=port, db_user=user, region=self._ministack.region,
            account_id=self._ministack.account,
        )  # fmt: skip
        if isinstance(found, self._ministack.get("core.rds_iam", "RdsIamTokenError")):
            raise ValueError(found.code)  # noqa: TRY004 a token's fault, not a type's
        return found.access_key_id

    def decide(self, access_key: str, action: str, resource: str) -> Decision:
        """What the deployed policies say of an action; nobody's keys and root's are denied."""
        evaluator = "core.iam_evaluator"
        with self._ministack.scope():
            principal = self._ministack.get(evaluator, "resolve_principal")(
                access_key, self._ministack.account
            )
            if isinstance(principal, self._ministack.get(evaluator, "AuthError")):
                decision = Decision(_nobody(access_key), action, resource, allowed=False)
            elif principal.policies is None:
                decision = Decision(principal.arn, action, resource, allowed=False)
            else:
                context = self._ministack.get(evaluator, "EvalContext")(
                    principal_arn=principal.arn,
                    principal_type=principal.type,
                    principal_account=self._ministack.account,
                    action=action,
                    resource_arn=resource,
                    region=self._ministack.region,
                    principal_keys=principal.keys,
                )
                result = self._ministack.get(evaluator, "evaluate")(
                    context, principal.policies, *principal.limits
                )
                allowed = result.decision == "Allow"
                decision = Decision(principal.arn, action, resource, allowed)
        self._decisions.told(decision)
        return decision


def _nobody(access_key: str) -> str:
    """Who has keys that the account does not know, if any."""
    return f"nobody/{access_key}"
