"""A pipeline that deploys may do nothing else, and is no pull request's."""

from collections.abc import Iterator

from review.bootstrap import ASSUME, deploying, is_bootstrap_role
from review.guardrails.subject import Subject, Violation
from review.iam.policy import Statement
from review.iam.providers import named, providers
from review.templates.identities import Identity

# "OpenID Connect reference" of GitHub Docs: the subject of a pull request's job in no environment.
PULL_REQUEST = ":pull_request"


def violations(subject: Subject) -> Iterator[Violation]:
    """Each role that is given for tokens, deploys, and may more; each that a pull request gets."""
    for identity in deploying(subject.access):
        trusts = [one for policy in identity.trust for one in policy.statements]
        if not any(True for one in trusts for _ in providers(one)):
            continue
        name = subject.labels.name(identity)
        for one in trusts:
            for provider in providers(one):
                if any(sub.endswith(PULL_REQUEST) for sub in named(one, f"{provider}:sub")):
                    yield Violation(
                        message=f"{name} deploys, and is trusted to pull requests of {provider}, "
                        f"in statement {one.name}",
                        resource=identity.resource,
                    )
        for one in _more(identity):
            yield Violation(
                message=f"{name} deploys, and may do other things, by {one}",
                resource=subject.resource(one.source.stack, one.source.logical_id),
            )


def _more(identity: Identity) -> Iterator[Statement]:
    for policy in identity.policies:
        for one in policy.statements:
            resources = one.resources or ("*",)
            only = one.actions == (ASSUME,) and all(map(is_bootstrap_role, resources))
            if not one.readable or (one.allows and not only):
                yield one
