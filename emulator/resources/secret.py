"""Secrets Manager's secrets: `Ref` is the secret's ARN, which is what policies name.

Source: Secrets Manager user guide, "Delete an AWS Secrets Manager secret": its name is taken until
the recovery window ends. CloudFormation deletes without one.
"""

from emulator.engine import Emulator
from emulator.ministack.stacks import Created, Properties, ResourceType, Where

_SCHEDULED = (
    "You can't create this secret because a secret with this name is already scheduled for "
    "deletion. (InvalidRequestException)"
)


def register(emulator: Emulator) -> None:
    """Handle secrets."""
    own = emulator.stacks.resource_type("AWS::SecretsManager::Secret")
    secrets = emulator.store("secretsmanager", "_secrets")

    def name(arn: str) -> str:
        return next((name for name, secret in secrets.items() if secret["ARN"] == arn), arn)

    def with_arn(created: Created) -> Created:
        _, attributes = created
        return attributes["Arn"], attributes

    def create(logical_id: str, properties: Properties, stack: str) -> Created:
        if found := secrets.get(properties.get("Name")):
            if found["DeletedDate"]:
                raise ValueError(_SCHEDULED)
            raise ValueError(f"The secret {properties['Name']} already exists")
        return with_arn(own.create(logical_id, properties, stack))

    def update(arn: str, old: Properties, new: Properties, where: Where) -> Created:
        return with_arn(own.change(name(arn), old, new, where))

    def delete(arn: str, properties: Properties) -> None:
        own.delete(name(arn), properties)

    emulator.stacks.handle("AWS::SecretsManager::Secret", ResourceType(create, delete, update))
