"""The installed ministack, and its private names that are used."""

import importlib
from collections.abc import MutableMapping
from contextlib import AbstractContextManager
from typing import Any

VERSION = "1.5.33"

OF_EVENTS = ("_add_event", "_update_resource", "_delete_resource")
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
        *OF_EVENTS,
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


class Ministack:
    """One account in one region. ministack reads its environment at import, so there is one."""

    def __init__(self, *, account: str, region: str) -> None:
        """RuntimeError if the installed ministack is not the one this was written for."""
        self.account = account
        self.region = region
        self._names: dict[str, dict[str, Any]] = {}
        for module_name, names in _PRIVATE_NAMES.items():
            module = importlib.import_module(f"ministack.{module_name}")
            for name in names:
                if not hasattr(module, name):
                    raise RuntimeError(f"ministack {VERSION} has no {module_name}.{name}")
            self._names[module_name] = vars(module)

    def module(self, name: str) -> dict[str, Any]:
        """The names of a module, to be replaced."""
        return self._names[name]

    def get(self, module: str, name: str) -> Any:
        """What a module calls by that name."""
        return self._names[module][name]

    def scope(self) -> AbstractContextManager[None]:
        """Every store is one per account and region: enter this outside a request."""
        return self.get("core.responses", "request_scope")(self.account, self.region)

    def store(self, service: str, name: str) -> MutableMapping[Any, Any]:
        """A service's records by identifier, of this account and region."""
        return self.get(f"services.{service}", name)
