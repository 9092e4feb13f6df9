"""The resources of a policy's statement.

Sources: IAM user guide, "IAM JSON policy elements: Resource"; service authorization reference,
"Resource types defined by" IAM and Amazon S3, which have no region in their ARNs.
"""

import re

from emulator.policies.grammar import Statement, values

_FIELDS = 6
_WITHOUT_REGION = {
    "iam": "IAM resource {} cannot contain region information.",
    "s3": "Resource {} can not contain region information.",
}
_OF_IAM = (
    "user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/",
    "server-certificate/", "policy/", "sms-mfa/", "saml-provider/", "oidc-provider/", "report/",
    "access-report/",
)  # fmt: skip


def check_resources(statement: Statement) -> None:
    """ValueError if a statement names no resource, or one that cannot be."""
    resources = values(statement, "Resource")
    if not resources:
        raise ValueError("Policy statement must contain resources.")
    for resource in resources:
        if resource != "*":
            _check(resource)


def _check(resource: str) -> None:
    if not resource.startswith("arn:"):
        raise ValueError(f'Resource {resource} must be in ARN format or "*".')
    fields = resource.split(":", _FIELDS - 1)
    if fields[1] != "aws":
        raise ValueError(f'Partition "{fields[1]}" is not valid for resource "{resource}".')
    if len(fields) < _FIELDS or not fields[-1]:
        raise ValueError("The policy failed legacy parsing")
    _, _, vendor, region, _, path = fields
    if not re.fullmatch(r"[a-zA-Z0-9-]+", vendor):
        raise ValueError("Resource vendor must be fully qualified and cannot contain regexes.")
    if region and vendor in _WITHOUT_REGION:
        raise ValueError(_WITHOUT_REGION[vendor].format(resource))
    if vendor == "iam" and path not in ("*", "root") and not path.startswith(_OF_IAM):
        start = ", ".join(_OF_IAM)
        raise ValueError(f'IAM resource path must either be "*" or start with {start}.')
