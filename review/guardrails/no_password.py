"""No server has a password, not for its master user either."""

from collections.abc import Iterator

from review.guardrails.subject import Subject, Violation

PASSWORDS = (
    "MasterUserPassword",
    "ManageMasterUserPassword",
    "MasterUserSecret",
    "TdeCredentialPassword",
)
# "Using Kerberos authentication": a directory's users log in with its passwords.
DIRECTORY = ("Domain", "DomainFqdn", "DomainAuthSecretArn")


def violations(subject: Subject) -> Iterator[Violation]:
    """Each server with one, or with none said to be absent."""
    for server in subject.access.servers:
        one = server.resource
        if one is None:
            continue
        for key in PASSWORDS:
            if one.properties.get(key):
                yield Violation(message=f"{server.name} has a password: {key}", resource=one)
        for key in DIRECTORY:
            if one.properties.get(key):
                yield Violation(
                    message=f"{server.name} takes the passwords of a directory: {key}",
                    resource=one,
                )
        if one.properties.get("MasterUserAuthenticationType") != "iam-db-auth":
            yield Violation(
                message=f"the master user of {server.name} does not log in by a token alone: "
                f"MasterUserAuthenticationType is not iam-db-auth",
                resource=one,
            )
