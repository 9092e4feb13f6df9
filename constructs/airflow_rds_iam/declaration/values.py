"""The texts of a declaration that have a form: a pattern for programs, beside it words for people.

The words stand in each error, in the JSON Schema (where editors show them) and in
docs/declaration.md, always after "must be".
"""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from airflow_rds_iam.declaration.engines import postgres_version


def _form(pattern: str, words: str, longest: int | None = None) -> Any:
    # The name that editors' JSON Schema plugins know such words by.
    return Field(
        pattern=pattern, max_length=longest, json_schema_extra={"patternErrorMessage": words}
    )


Account = Annotated[str, _form(r"^[0-9]{12}$", "the 12 digits of an AWS account, in quotes")]
Region = Annotated[
    str, _form(r"^[a-z]{2}(-[a-z]+)+-[0-9]+$", "an AWS region, such as eu-central-1")
]
# EC2, "Regions and Zones": no region has more than six.
Zone = Annotated[str, _form(r"^[a-f]$", "the letter of an availability zone, a to f")]
Cidr = Annotated[
    str,
    _form(
        r"^([0-9]{1,3}\.){3}[0-9]{1,3}/(1[6-9]|2[0-4])$",
        "an IPv4 range of /16 to /24, such as 10.0.0.0/16",
    ),
]
Range = Annotated[
    str, _form(r"^[0-9a-fA-F:.]+/[0-9]{1,3}$", "a private IPv4 range, such as 10.8.0.0/16")
]
SecurityGroupId = Annotated[
    str,
    _form(r"^sg-([0-9a-f]{8}|[0-9a-f]{17})$", "the id of a security group, such as sg-0a1b2c3d"),
]
VpcId = Annotated[
    str, _form(r"^vpc-([0-9a-f]{8}|[0-9a-f]{17})$", "the id of a VPC, such as vpc-0a1b2c3d")
]
SubnetId = Annotated[
    str,
    _form(r"^subnet-([0-9a-f]{8}|[0-9a-f]{17})$", "the id of a subnet, such as subnet-0a1b2c3d"),
]
RouteTableId = Annotated[
    str, _form(r"^rtb-([0-9a-f]{8}|[0-9a-f]{17})$", "the id of a route table, such as rtb-0a1b2c3d")
]
PrefixListId = Annotated[
    str, _form(r"^pl-([0-9a-f]{8}|[0-9a-f]{17})$", "the id of a prefix list, such as pl-0a1b2c3d")
]
# EC2 API reference, IpRange: what a description takes.
Reason = Annotated[
    str,
    _form(
        r"^[a-zA-Z0-9._:/()#,@\[\]+=&;{}!$*-][a-zA-Z0-9 ._:/()#,@\[\]+=&;{}!$*-]*$",
        "a reason of 1 to 255 characters that EC2 takes: letters without accents, digits, spaces "
        "and any of . _ - : / ( ) # , @ [ ] + = & ; { } ! $ *",
        longest=255,
    ),
]

Day = Annotated[
    str, _form(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "a day, in quotes, such as '2027-01-31'")
]
Because = Annotated[str, _form(r"\S", "a reason, such as the number of a ticket", longest=500)]
DataClass = Annotated[
    str, _form(r"^[a-z][a-z0-9_-]*$", "a class of data in a word of your own, such as secret")
]

# What no client, log, URL or shell takes for anything but a part of a name.
DatabaseName = Annotated[
    str,
    _form(
        r"^[a-zA-Z0-9_]([a-zA-Z0-9_. -]*[a-zA-Z0-9_.-])?$",
        "the name of a PostgreSQL database of 1 to 63 letters without accents, digits, spaces and "
        "any of _ . -, beginning with a letter, a digit or _, in quotes where it is a number",
        longest=63,
    ),
]
# Of bytes that PostgreSQL has for a role's name, so many that a database's are still read.
Prefix = Annotated[
    str,
    _form(
        r"^[a-z][a-z0-9_]*$",
        "1 to 16 lower-case letters, digits and underscores, beginning with a letter",
        longest=16,
    ),
]
IdentityName = Annotated[
    str,
    _form(
        r"^[a-z][a-z0-9_]*$",
        "lower-case letters, digits and underscores, beginning with a letter",
    ),
]
OldOwner = Annotated[
    str, _form(r"^[^\x00]{1,63}$", "the name of a PostgreSQL role, of 1 to 63 characters")
]

# A part of a DB instance identifier: no underscore, no two hyphens in a row, none at the end.
INSTANCE_NAME = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
INSTANCE_NAME_WORDS = (
    "lower-case letters and digits, beginning with a letter, with single hyphens in between"
)
InstanceName = Annotated[str, _form(INSTANCE_NAME, INSTANCE_NAME_WORDS)]
InstanceClass = Annotated[
    str, _form(r"^db\.[a-z0-9-]+\.[a-z0-9]+$", "a DB instance class, such as db.t4g.medium")
]
EngineVersion = Annotated[
    str,
    _form(
        r"^1[678](\.[0-9]+)?$",
        "PostgreSQL 16, 17 or 18 in quotes, with or without a minor version: '17' or '17.6'",
    ),
    BeforeValidator(postgres_version),
]
# "Creating and using an IAM policy for IAM database access".
ResourceId = Annotated[
    str,
    _form(
        r"^(db|cluster)-[A-Z0-9]+$",
        "the DbiResourceId of a DB instance, db-, capitals and digits, or the DbClusterResourceId "
        "of a cluster, cluster- and those",
    ),
]
# Of what exists, whatever it is of: a mistaken kind has a sentence of its own.
ExistingResourceId = Annotated[
    str,
    _form(
        r"^\S+$",
        "the DbiResourceId of a DB instance: db-, capitals and digits; or a cluster's "
        "DbClusterResourceId, cluster- and those",
    ),
]
# CreateDBInstance and CreateDBCluster of the API reference, which keep it in lower case.
ServerIdentifier = Annotated[
    str,
    _form(
        r"^[a-z](-?[a-z0-9])*$",
        "the identifier of a DB instance or DB cluster: a letter, then letters, digits and single "
        "hyphens, in lower case, no ARN",
        longest=63,
    ),
]
EndpointName = Annotated[
    str,
    _form(
        r"^[a-z0-9.-]+$",
        "the endpoint of an RDS instance in lower case, such as "
        "orders.abcdefghijkl.eu-central-1.rds.amazonaws.com, without a port",
        longest=255,
    ),
]
RoleName = Annotated[
    str,
    _form(
        r"^[a-zA-Z_][a-zA-Z0-9_.-]*$",
        "the name of a PostgreSQL user of 1 to 63 letters, digits and any of _ . -",
        longest=63,
    ),
]

AirflowName = Annotated[
    str,
    _form(
        r"^[a-zA-Z][0-9a-zA-Z_-]*$",
        "letters, digits, hyphens and underscores, beginning with a letter, 80 characters at most",
        longest=80,
    ),
]
# Amazon MWAA API reference, CreateEnvironment.
AirflowOption = Annotated[
    str,
    _form(
        r"^[a-z][a-z0-9_.]*\.[a-z0-9_]+$",
        "section.option in lower case, such as core.parallelism, 64 characters at most",
        longest=64,
    ),
]
AirflowValue = Annotated[
    str,
    _form(r"^[ -~]+$", "1 to 65536 letters without accents, digits, signs and spaces", 65536),
]
# "Creating an Amazon MWAA environment": neither an alias nor a key of several regions (mrk-).
AirflowKey = Annotated[
    str,
    _form(
        r"^(aws|arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$",
        "aws, or the ARN of a symmetric KMS key of one region, such as arn:aws:kms:eu-central-1:"
        "111122223333:key/1a2b3c4d-1a2b-1a2b-1a2b-1a2b3c4d5e6f, not of an alias",
    ),
]
KeyArn = Annotated[
    str,
    _form(
        r"^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$",
        "the ARN of a KMS key, such as arn:aws:kms:eu-central-1:111122223333:key/"
        "1a2b3c4d-1a2b-1a2b-1a2b-1a2b3c4d5e6f, not of an alias",
    ),
]
# Secrets Manager API reference, CreateSecret: six characters end each ARN.
SecretArn = Annotated[
    str,
    _form(
        r"^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@!-]+-[A-Za-z0-9]{6}$",
        "the whole ARN of a secret, with the six characters at its end, such as arn:aws:"
        "secretsmanager:eu-central-1:111122223333:secret:team/lake-AbCdEf",
    ),
]
# S3 user guide, "General purpose bucket naming rules"; a dot is in no certificate of S3's.
BucketName = Annotated[
    str,
    _form(
        r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$",
        "the name of an S3 bucket, of 3 to 63 lower-case letters, digits and hyphens",
    ),
]
SourcePath = Annotated[
    str,
    _form(
        r"^[a-zA-Z0-9_-][a-zA-Z0-9_.-]*(/[a-zA-Z0-9_-][a-zA-Z0-9_.-]*)*$",
        "a path below this repository, such as plugins, of letters, digits and any of / . _ -",
    ),
]
# Secrets Manager API reference, CreateSecret: what a name takes, of 512 characters at most.
ConnectionsPrefix = Annotated[
    str,
    _form(
        r"^[a-zA-Z0-9_+=.@-]+(/[a-zA-Z0-9_+=.@-]+)*$",
        "the beginning of a secret's name, such as airflow/connections, without a slash at its "
        "end: 1 to 256 letters, digits and any of / _ + = . @ -",
        longest=256,
    ),
]
# Amazon MWAA API reference, CreateEnvironment, WeeklyMaintenanceWindowStart.
MaintenanceWindow = Annotated[
    str,
    _form(
        r"^(MON|TUE|WED|THU|FRI|SAT|SUN):([01][0-9]|2[0-3]):(00|30)$",
        "a day and an hour or half an hour of UTC, in quotes, such as 'SUN:03:30'",
    ),
]
# Neither libpq nor Airflow expands anything, and a worker's directory may be any.
AuthoritiesPath = Annotated[
    str,
    _form(
        r"^(/[a-zA-Z0-9_.@+-]+)+$",
        "the whole path of a file, such as /etc/ssl/rds/global-bundle.pem, of letters, digits and "
        "any of . _ @ + -",
    ),
]

RoleArn = Annotated[
    str,
    _form(
        r"^arn:[a-z-]+:iam::[0-9]{12}:role/([a-zA-Z0-9_+=,.@-]+/)*[a-zA-Z0-9_+=,.@-]{1,64}$",
        "the ARN of an IAM role, such as arn:aws:iam::111122223333:role/analyst, its name of 64 "
        "characters at most",
    ),
]
SamlProviderArn = Annotated[
    str,
    _form(
        r"^arn:[a-z-]+:iam::[0-9]{12}:saml-provider/[a-zA-Z0-9._-]{1,128}$",
        "the ARN of a SAML provider, such as arn:aws:iam::111122223333:saml-provider/okta, its "
        "name of 128 characters at most",
    ),
]
# "IAM and AWS STS quotas", IAM name requirements.
ExternalId = Annotated[
    str,
    _form(
        r"^[a-zA-Z0-9+=,.@:/-]{2,1224}$",
        "2 to 1224 letters without accents, digits and any of + = , . @ : / -",
    ),
]
# IAM Identity Center API reference, CreatePermissionSet.
PermissionSet = Annotated[
    str,
    _form(
        r"^[a-zA-Z0-9+=,.@_-]{1,32}$",
        "the name of a permission set, of 1 to 32 letters, digits and any of + = , . @ _ -",
    ),
]
# IAM API reference, CreateOpenIDConnectProvider.
Issuer = Annotated[
    str,
    _form(
        r"^https://[a-z0-9-]+(\.[a-z0-9-]+)+(/[a-zA-Z0-9._~-]+)*/?$",
        "the address of an OpenID Connect provider as its tokens have it, such as "
        "https://accounts.google.com: https, a host in lower case, no port, and in its path "
        "letters, digits and any of . _ ~ -",
        longest=255,
    ),
]
Audience = Annotated[
    str,
    _form(
        r"^[a-zA-Z0-9._:/-]+$",
        "an audience of 1 to 255 letters, digits and any of . _ : / -, without a wildcard",
        longest=255,
    ),
]
# What IAM would read as a wildcard or a variable is none of it.
Subject = Annotated[
    str,
    _form(
        r"^[!-#%-)+->@-~]([!-#%-)+->@-~ ]*[!-#%-)+->@-~])?$",
        "a whole subject of 1 to 255 letters without accents, digits, signs, and spaces in "
        "between, without $ and the wildcards * and ?",
        longest=255,
    ),
]
# Kubernetes, "Object Names and IDs".
Namespace = Annotated[
    str,
    _form(
        r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
        "the name of a namespace of Kubernetes: 1 to 63 lower-case letters and digits, with "
        "hyphens in between",
        longest=63,
    ),
]
ServiceAccount = Annotated[
    str,
    _form(
        r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$",
        "the name of a service account of Kubernetes: 1 to 253 lower-case letters and digits, "
        "with hyphens and single dots in between",
        longest=253,
    ),
]
# Amazon EKS API reference, CreateCluster.
ClusterName = Annotated[
    str,
    _form(
        r"^[a-zA-Z0-9][a-zA-Z0-9_-]*$",
        "the name of an EKS cluster, of 1 to 100 letters, digits, hyphens and underscores",
        longest=100,
    ),
]
TopicArn = Annotated[
    str,
    _form(
        r"^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[a-zA-Z0-9_-]+$",
        "the ARN of an SNS topic, such as arn:aws:sns:eu-central-1:111122223333:alarms",
    ),
]


def _cron(schedule: str) -> str:
    found = re.fullmatch(r"cron\((.*)\)", schedule)
    if found:
        *_, day, _, weekday, _ = fields = found[1].split()
        if (day == "?") == (weekday == "?"):
            raise ValueError(
                "cron must have ? for the day of the month or of the week, and one day"
            )
        for field, name, last in zip(fields, ("minute", "hour"), (59, 23), strict=False):
            if any(int(number) > last for number in re.findall(r"(?<![/\d])\d+", field)):
                raise ValueError(f"cron has {field} for the {name}, which is 0 to {last}")
    return schedule


# EventBridge Scheduler, "Schedule types".
Schedule = Annotated[
    str,
    _form(
        r"^(rate\([1-9][0-9]* (minute|hour|day)s?\)|cron\([0-9A-Z,*?/#-]+( [0-9A-Z,*?/#-]+){5}\))$",
        "rate(…) or cron(…) of EventBridge Scheduler, such as rate(1 day) or cron(0 6 * * ? *)",
    ),
    AfterValidator(_cron),
]

# "OpenID Connect reference" of GitHub Docs: ids follow the names where a repository was made,
# renamed or moved since July 15, 2026, or has asked for them; neither name can hold an @.
GitHubRepository = Annotated[
    str,
    _form(
        r"^([a-zA-Z0-9-]+/[a-zA-Z0-9._-]+|[a-zA-Z0-9-]+@[0-9]+/[a-zA-Z0-9._-]+@[0-9]+)$",
        "owner@id/repository@id as the repository's OpenID Connect settings show it, or "
        "owner/repository for one older than July 2026",
        longest=200,
    ),
]
GitHubEnvironment = Annotated[
    str,
    _form(
        r"^[a-zA-Z0-9._-]+$",
        "the name of an environment of GitHub, of letters, digits and any of . _ -",
        longest=255,
    ),
]
# Git, "git-check-ref-format": of what it takes, what no wildcard or variable of IAM is in.
Branch = Annotated[
    str,
    _form(
        r"^[a-zA-Z0-9][a-zA-Z0-9._/-]*$",
        "the name of one branch, of letters, digits and any of . _ / -",
        longest=200,
    ),
]
GitLabProject = Annotated[
    str,
    _form(
        r"^[a-zA-Z0-9_][a-zA-Z0-9_.-]*(/[a-zA-Z0-9_][a-zA-Z0-9_.-]*)+$",
        "the path of a project on GitLab, such as group/project",
        longest=255,
    ),
]
GitLabUrl = Annotated[
    str,
    _form(
        r"^https://[a-z0-9-]+(\.[a-z0-9-]+)+(/[a-zA-Z0-9_.-]+)*$",
        "where GitLab is, such as https://gitlab.com, without a slash at its end",
        longest=255,
    ),
]

# AWS General Reference, "Tag naming limits and requirements".
TagKey = Annotated[
    str,
    _form(
        r"^[\w .:/=+@-]+$",
        "1 to 128 letters, digits, spaces and any of _ . : / = + - @",
        longest=128,
    ),
]
TagValue = Annotated[
    str,
    _form(
        # Amazon MWAA takes no empty value (API reference, CreateEnvironment).
        r"^[\w .:/=+@-]+$",
        "1 to 256 letters, digits, spaces and any of _ . : / = + - @",
        longest=256,
    ),
]


def _whole(value: object) -> object:
    # To Python, and so to pydantic, True is 1.
    if type(value) is not int:
        raise PydanticCustomError("int_type", "no whole number")
    return value


# What CloudWatch Logs takes (API reference, PutRetentionPolicy).
RetentionDays = Annotated[
    Literal[
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
        3288, 3653,
    ],
    BeforeValidator(_whole),
]  # fmt: skip
