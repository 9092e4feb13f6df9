"""Ways to become who holds a grant, or to change what it may."""

from collections.abc import Iterator

from review.iam.decision import Answer, Decision, Policies, Request, decide
from review.iam.principals import Principal, named_principals
from review.iam.providers import named, providers
from review.paths.code import IN_A_CLUSTER
from review.paths.model import Need, Way
from review.paths.needs import any_of_its_choice, assuming, way
from review.paths.running import RUNNING
from review.templates.access import Access
from review.templates.identities import Identity

BECOMING = ("iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile")
CHANGING_A_POLICY = ("iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion")
# A SAML provider's keys are in its metadata; those of one of OpenID Connect are read over TLS, from
# who has the certificate of its thumbprint where the authorities that all trust have made none.
CHANGING_A_PROVIDER = {
    ":saml-provider/": (
        ("iam:UpdateSAMLProvider",),
        ("iam:DeleteSAMLProvider", "iam:CreateSAMLProvider"),
    ),
    ":oidc-provider/": (
        ("iam:UpdateOpenIDConnectProviderThumbprint",),
        ("iam:DeleteOpenIDConnectProvider", "iam:CreateOpenIDConnectProvider"),
    ),
}
EMPOWERING_A_USER = ("iam:AttachUserPolicy", "iam:PutUserPolicy", "iam:AddUserToGroup")
# "IAM roles for service accounts": an issuer is oidc.eks.REGION.amazonaws.com/id/….
CLUSTER = "oidc.eks."
SERVICES = tuple(dict.fromkeys(service for service, _ in RUNNING))


def by_the_role(identity: Identity, name: str) -> Iterator[Way]:
    """To assume a role, to change it, or to have something run with it."""
    arn, known = identity.arn, bool(identity.trust)
    # Of an existing role, the trust is not known: whoever has no statement for it is left out here,
    # and the horizon says so.
    given = () if known else (Decision(answer=Answer.UNKNOWN),)
    yield Way(
        how=f"assume the role of {name}", needs=[assuming(identity)], reaches=[name], given=given
    )
    yield way(f"have the role of {name} trust it", [name], ("iam:UpdateAssumeRolePolicy", arn))
    for action in ("iam:AttachRolePolicy", "iam:PutRolePolicy"):
        yield way(f"change what the role of {name} may", [name], (action, arn))
    services = {service: _trusted(identity, service) for service in SERVICES}
    for service, actions in RUNNING:
        trusted = services[service]
        if trusted.answer is not Answer.DENIED:
            yield way(
                f"pass the role of {name} to what it runs on {service}",
                [name],
                ("iam:PassRole", arn),
                *((action, any_of_its_choice(action)) for action in actions),
                given=[trusted],
            )


def by_a_token(identity: Identity, name: str) -> Iterator[Way]:
    """By a token of an identity provider, such as one that a pipeline's job is given."""
    statements = [one for policy in identity.trust for one in policy.statements]
    for provider in dict.fromkeys(each for one in statements for each in providers(one)):
        subjects = sorted({each for one in statements for each in named(one, f"{provider}:sub")})
        need = Need(
            action="sts:AssumeRoleWithWebIdentity",
            resource=identity.arn,
            policies=identity.trust,
            account=identity.account,
            decides=True,
        )
        whose = " or ".join(subjects) or "subjects that are not named exactly"
        yield Way(
            how=f"take the role of {name} with a token of {whose}", needs=[need], reaches=[name]
        )


def by_a_pod(identity: Identity, name: str) -> Iterator[Way]:
    """To run a pod of the service account that a cluster's tokens give the role to."""
    statements = [one for policy in identity.trust for one in policy.statements]
    if any(CLUSTER in each for one in statements for each in providers(one)):
        for action in IN_A_CLUSTER:
            yield way(
                f"run a pod that has the role of {name}",
                [name],
                (action, any_of_its_choice(action)),
            )


def by_a_provider(identity: Identity, name: str) -> Iterator[Way]:
    """By assertions or tokens of one's own, which a provider takes that one changes."""
    for policy in identity.trust:
        for one in policy.statements:
            for kind, provider in named_principals(one.principal) if one.allows else ():
                found = [each for part, each in CHANGING_A_PROVIDER.items() if part in provider]
                for actions in (each for ways in found for each in ways if kind == "Federated"):
                    yield way(
                        f"change the provider by which the role of {name} is given",
                        [name],
                        *((action, provider) for action in actions),
                    )


def by_the_user(identity: Identity, name: str) -> Iterator[Way]:
    """To take the keys of a user, or to change what it may."""
    arn = identity.arn
    for action in BECOMING:
        yield way(f"take keys or a password of {name}", [name], (action, arn))
    for action in EMPOWERING_A_USER:
        yield way(f"change what {name} may", [name], (action, arn))


def by_a_policy(identity: Identity, name: str, access: Access) -> Iterator[Way]:
    """To change a policy that lets somebody log in."""
    held = {(one.source.stack, one.source.logical_id) for one in identity.policies}
    for one in access.assembly.of_type("AWS::IAM::ManagedPolicy"):
        if (one.stack.name, one.logical_id) in held:
            for action in CHANGING_A_POLICY:
                yield way(f"change a policy of {name}", [name], (action, one.attribute(None)))


def _trusted(identity: Identity, service: str) -> Decision:
    """Whether the role trusts the service; not known of one that is made elsewhere."""
    if not identity.trust:
        return Decision(answer=Answer.UNKNOWN)
    request = Request(
        principal=Principal(service=service), action="sts:AssumeRole", resource=identity.arn
    )
    return decide(request, Policies(resource=identity.trust))
