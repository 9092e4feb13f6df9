"""Who is let in beside Airflow: each identity by what makes it one."""

import re
from collections.abc import Iterable
from typing import Literal

from pydantic import Field, field_validator, model_validator

from airflow_rds_iam.declaration.identity_provider import (
    AUDIENCE,
    GOOGLE,
    OF_AN_APPLICATION,
    PROVIDER,
    Provider,
    audience_key,
    host,
)
from airflow_rds_iam.declaration.part import Model
from airflow_rds_iam.declaration.review import Kind
from airflow_rds_iam.declaration.values import (
    Audience,
    ClusterName,
    ExternalId,
    IdentityName,
    Issuer,
    Namespace,
    PermissionSet,
    RoleArn,
    SamlProviderArn,
    ServiceAccount,
    Subject,
)

Layout = Literal["separate", "packed"]

METADATA = "Identity"
"""Of the metadata of a resource that is made for an identity: its name."""
# "Configure SAML assertions for the authentication response", Audience.
SAML_AUDIENCE = "https://signin.aws.amazon.com/saml"
AWS_MANAGED = re.compile(r":role/(aws-reserved|aws-service-role)/")
SERVICE_LINKED = re.compile(r":role/aws-service-role/")
PERMISSION_SETS_ROLE = re.compile(r"/AWSReservedSSO_(.+)_[0-9a-f]{16}$")


class OtherAccount(Model):
    """A role of another account, which takes a role that is made here.

    A database's users are let in by policies of its own account alone.
    """

    role_arn: RoleArn = Field(
        description="The other account's role, which exists: `Role.AssumeRolePolicyDocument`."
    )
    external_id: ExternalId = Field(
        description='What it must say when it takes the role, agreed with its owner ("Access to '
        'AWS accounts owned by third parties"): `Role.AssumeRolePolicyDocument`.'
    )

    @field_validator("role_arn")
    @classmethod
    def _takes_roles(cls, arn: str) -> str:
        if SERVICE_LINKED.search(arn):
            raise ValueError("is a service's own role: must be one that may take another role")
        return arn


class IdentityCenter(Model):
    """People of a permission set of IAM Identity Center.

    No policy can be attached to its roles: the permission set refers to one of a fixed name.
    """

    permission_set: PermissionSet = Field(
        description="Its name. Its owner adds a reference to the policy, "
        "`/airflow-rds-iam/<environment>/<identity>`, which an output of the access stack has: "
        "`ManagedPolicy.ManagedPolicyName`, `ManagedPolicy.Path`."
    )


class Oidc(Model):
    """Whom an OpenID Connect provider vouches for, such as Okta, Google Workspace or GitHub."""

    issuer: Issuer = Field(
        description="The provider's address, as its tokens have it in `iss`: "
        "`Role.AssumeRolePolicyDocument`, `OIDCProvider.Url`."
    )
    audience: Audience = Field(
        description="Whom a token must be for, its `aud`: `Role.AssumeRolePolicyDocument`, "
        "`OIDCProvider.ClientIdList`."
    )
    subjects: list[Subject] = Field(
        min_length=1,
        description="Who a token must be of, its whole `sub`: `Role.AssumeRolePolicyDocument`.",
    )
    source_identity: bool = Field(
        default=True,
        description="Ask for the claim `https://aws.amazon.com/source_identity`, with which all "
        "that a session does names the person. Without, for providers that cannot give it, the "
        "subject stands in CloudTrail's AssumeRoleWithWebIdentity alone.",
    )
    provider: Provider = Field(default="existing", description=PROVIDER)

    @field_validator("issuer")
    @classmethod
    def _vouches_for_people(cls, issuer: str) -> str:
        if host(issuer).partition("/")[0] in OF_AN_APPLICATION:
            raise ValueError("is of an application's users: must be an organization's provider")
        if issuer == f"{GOOGLE}/":
            raise ValueError(f"must be {GOOGLE}, as Google's tokens have it")
        return issuer

    @model_validator(mode="after")
    def _google_is_known(self) -> "Oidc":
        if self.issuer == GOOGLE and self.provider == "made":
            raise ValueError(
                "provider: made must not go with Google, which IAM knows by itself, and takes no "
                "tokens of where an account makes it anew"
            )
        if self.issuer == GOOGLE and self.source_identity:
            raise ValueError(
                "source_identity: false must go with Google, whose tokens cannot have that claim"
            )
        return self


class Saml(Model):
    """Whom a SAML 2.0 provider vouches for. It must say SourceIdentity of each."""

    provider_arn: SamlProviderArn = Field(
        description="The provider, which exists: `Role.AssumeRolePolicyDocument`."
    )
    subjects: list[Subject] = Field(
        min_length=1,
        description="Whose assertion it must be, its whole NameID: "
        "`Role.AssumeRolePolicyDocument`.",
    )


class Kubernetes(Model):
    """The pods of a service account, by EKS Pod Identity (`cluster`) or IRSA (`issuer`)."""

    namespace: Namespace = Field(description="The service account's namespace.")
    service_account: ServiceAccount = Field(description="The service account.")
    cluster: ClusterName | None = Field(
        default=None,
        description="The EKS cluster, of this account and region, with the Pod Identity Agent: "
        "`PodIdentityAssociation.ClusterName`.",
    )
    issuer: Issuer | None = Field(
        default=None,
        description="The cluster's OpenID Connect provider: `Role.AssumeRolePolicyDocument`.",
    )
    provider: Provider = Field(default="existing", description=PROVIDER)

    @model_validator(mode="after")
    def _one_way(self) -> "Kubernetes":
        if bool(self.cluster) == bool(self.issuer):
            raise ValueError("must have either a cluster (EKS Pod Identity) or an issuer (IRSA)")
        if self.cluster and self.provider == "made":
            raise ValueError("provider: made must go with an issuer: Pod Identity needs none")
        return self


class Identity(Model):
    """People or programs that are let in: a role that exists, or how to come by one made here."""

    role_arn: RoleArn | None = Field(
        default=None,
        description="A role of this account, which exists, and which the policies are attached to: "
        "`ManagedPolicy.Roles`.",
    )
    other_account: OtherAccount | None = Field(
        default=None, description="A role of another account."
    )
    identity_center: IdentityCenter | None = Field(
        default=None, description="A permission set of IAM Identity Center."
    )
    oidc: Oidc | None = Field(
        default=None, description="Whom an OpenID Connect provider vouches for."
    )
    saml: Saml | None = Field(default=None, description="Whom a SAML 2.0 provider vouches for.")
    kubernetes: Kubernetes | None = Field(
        default=None, description="A Kubernetes service account on Amazon EKS."
    )
    task_role: bool = Field(
        default=False,
        description="DAGs of Airflow's that are kept apart from all others: a role that its tasks "
        "take for one database, by a connection of their own.",
    )
    airflow: IdentityName | None = Field(
        default=None,
        description="Which of `airflows` takes it, of a `task_role`. Default: the only one.",
    )
    kind: Kind | None = Field(default=None, description="Who it is, for `review.rules`.")
    policies: Layout = Field(
        default="separate",
        description="A managed policy for each database, or `packed`: a statement for each, in as "
        "few policies as hold them. That of a permission set is always one.",
    )
    other_policies: int = Field(
        default=0,
        ge=0,
        le=19,
        description="Managed policies that the role has anyway, of `managed_policies_per_role`.",
    )

    @property
    def role_name(self) -> str | None:
        """The existing role's name, without its path."""
        return self.role_arn.rpartition("/")[2] if self.role_arn else None

    @property
    def account(self) -> str | None:
        """The account of 12 digits that the existing role is in."""
        return self.role_arn.split(":")[4] if self.role_arn else None

    def has_role(self, arn: str, *, made: str) -> bool:
        """Whether ``arn`` is that of its role, or of one of its permission set's.

        Args:
            arn: of a role.
            made: the name of the role that is made for it, if one is.
        """
        if self.role_arn:
            return arn == self.role_arn
        if self.identity_center:
            found = PERMISSION_SETS_ROLE.search(arn)
            return bool(found and found[1] == self.identity_center.permission_set)
        return arn.rpartition(":role/")[2] == made

    @property
    def issuer(self) -> str | None:
        """The OpenID Connect provider whose tokens its role is given for."""
        named = self.oidc or self.kubernetes
        return named.issuer if named else None

    @property
    def audience(self) -> str:
        """Whom such a token must be for."""
        return self.oidc.audience if self.oidc else AUDIENCE

    @property
    def token(self) -> dict[str, str | list[str]]:
        """What its provider's token must say, to the letter, by IAM's key of a condition."""
        if self.saml:
            return {"SAML:aud": SAML_AUDIENCE, "SAML:sub": self.saml.subjects}
        provider, pods = host(self.issuer or ""), self.kubernetes
        account = pods and f"system:serviceaccount:{pods.namespace}:{pods.service_account}"
        subjects = self.oidc.subjects if self.oidc else [account or ""]
        return {audience_key(self.issuer or ""): self.audience, f"{provider}:sub": subjects}

    @property
    def names_source(self) -> bool:
        """Whether its role is given only with a source identity."""
        return bool(self.saml or (self.oidc and self.oidc.source_identity))

    @property
    def makes_provider(self) -> bool:
        """Whether that provider is made here."""
        named = self.oidc or self.kubernetes
        return bool(named and named.provider == "made")

    @model_validator(mode="after")
    def _is_one(self) -> "Identity":
        ways = {
            "role_arn": self.role_arn,
            "other_account": self.other_account,
            "identity_center": self.identity_center,
            "oidc": self.oidc,
            "saml": self.saml,
            "kubernetes": self.kubernetes,
            "task_role": self.task_role,
        }
        found = [way for way, declared in ways.items() if declared]
        if len(found) != 1:
            has = " and ".join(found) or "none"
            raise ValueError(f"must have one of {', '.join(ways)}; it has {has}")
        if self.airflow and not self.task_role:
            raise ValueError("airflow must go with task_role: it says whose tasks take the role")
        if self.identity_center and "policies" in self.model_fields_set:
            raise ValueError("policies must be left out: a permission set refers to one policy")
        if self.other_policies and not (self.role_arn or self.identity_center):
            raise ValueError("other_policies must be of a role that exists: one made here has none")
        return self

    @model_validator(mode="after")
    def _role_takes_policies(self) -> "Identity":
        arn = self.role_arn or ""
        if found := PERMISSION_SETS_ROLE.search(arn):
            raise ValueError(
                f"{arn} {unattachable(arn)}; declare, in place of role_arn, identity_center: "
                f"{{permission_set: {found[1]}}}"
            )
        if why := unattachable(arn):
            raise ValueError(f"{arn} {why}")
        return self


def unattachable(arn: str) -> str | None:
    """Why no policy can be attached to the role ``arn``, if none can."""
    if PERMISSION_SETS_ROLE.search(arn):
        return "is a role of IAM Identity Center, which no policy can be attached to"
    if AWS_MANAGED.search(arn):
        return "is managed by AWS: no policy can be attached to it"
    return None


def alphanumeric(identity: str) -> str:
    """An identity's name in that of an output, which has letters and digits alone."""
    return "".join(word.capitalize() for word in identity.split("_"))


def session_name(identity: str) -> str:
    """What a session of a task's role is called, which CloudTrail shows."""
    return f"airflow-{identity}"


def made_role(environment: str, identity: str) -> str:
    """The name of the role that is made for an identity that has none."""
    return f"{environment}-{identity}"


def providers_made(identities: Iterable[Identity]) -> dict[str, list[str]]:
    """The OpenID Connect providers that are made here, by address, with their audiences."""
    made: dict[str, list[str]] = {}
    together = [one for one in identities if one.issuer]
    for identity in together:
        if identity.makes_provider and identity.issuer:
            made[identity.issuer] = sorted(
                {one.audience for one in together if one.issuer == identity.issuer}
            )
    return made
