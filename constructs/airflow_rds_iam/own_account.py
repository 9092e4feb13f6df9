"""Whom a policy can be attached to."""

from aws_cdk import Stack, Token
from aws_cdk import aws_iam as iam
from constructs import Construct


def refuse_other_account(scope: Construct, grantee: iam.IGrantable) -> None:
    """Nothing, if a policy of the account of ``scope`` can be attached to ``grantee``.

    To a role of another account the CDK gives nothing, in silence, or attaches a managed policy by
    its name alone, and so to a role of this account that is called so. Where the account of
    ``scope`` is known in the deploy alone, nothing is said.

    Raises:
        ValueError: it is of another account.
    """
    # Of a policy, those count that it is attached to.
    if isinstance(grantee, iam.Policy | iam.ManagedPolicy):
        return
    own, account = Stack.of(scope).account, grantee.grant_principal.principal_account
    known = account and not any(map(Token.is_unresolved, (own, account)))
    if known and account != own:
        raise ValueError(
            f"a policy of account {own} cannot be attached to a role of account {account}: make a "
            "role here that the other may take"
        )
