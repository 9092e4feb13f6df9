"""The few policies that AWS manages whose statements are known here.

Source: each policy's page in the AWS Managed Policy Reference Guide, November 2026. Of any other,
nothing is known: AWS changes them, and the templates hold their names alone.
"""

import re
from typing import Any

from review.iam.policy import Policy, Source, policy, unreadable

_LOGS = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
_ALLOWED: dict[str, list[dict[str, Any]]] = {
    "AdministratorAccess": [{"Action": "*", "Resource": "*"}],
    "service-role/AWSLambdaBasicExecutionRole": [{"Action": _LOGS, "Resource": "*"}],
    "service-role/AWSLambdaVPCAccessExecutionRole": [
        {
            "Action": [
                *_LOGS,
                "ec2:AssignPrivateIpAddresses",
                "ec2:CreateNetworkInterface",
                "ec2:DeleteNetworkInterface",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSubnets",
                "ec2:UnassignPrivateIpAddresses",
            ],
            "Resource": "*",
        }
    ],
    "service-role/AmazonRDSEnhancedMonitoringRole": [
        {
            "Action": ["logs:CreateLogGroup", "logs:PutRetentionPolicy"],
            "Resource": "arn:aws:logs:*:*:log-group:RDS*",
        },
        {
            "Action": [
                "logs:CreateLogStream",
                "logs:DescribeLogStreams",
                "logs:GetLogEvents",
                "logs:PutLogEvents",
            ],
            "Resource": "arn:aws:logs:*:*:log-group:RDS*:log-stream:*",
        },
    ],
}
_ARN = re.compile(r"arn:[^:]+:iam::aws:policy/(.+)")


def is_aws_managed(arn: str) -> bool:
    """Whether ``arn`` is that of a policy that AWS manages."""
    return _ARN.fullmatch(arn) is not None


def aws_managed(arn: str, source: Source) -> Policy:
    """The policy with this ARN, attached at ``source``; unreadable if it is not known here."""
    found = _ARN.fullmatch(arn)
    statements = _ALLOWED.get(found[1]) if found else None
    if statements is None:
        return unreadable(source)
    allowed = [{"Effect": "Allow", **one} for one in statements]
    return policy({"Version": "2012-10-17", "Statement": allowed}, source)
