"""Secrets Manager's secrets: `Ref` is the secret's ARN, which is what policies name."""

from emulator.engine import Created, Emulator, Properties, ResourceType


def register(emulator: Emulator) -> None:
    """Handle secrets."""
    own = emulator.resource_type("AWS::SecretsManager::Secret")
    secrets = emulator.store("secretsmanager", "_secrets")

    def name(arn: str) -> str:
        return next((name for name, secret in secrets.items() if secret["ARN"] == arn), arn)

    def with_arn(created: Created) -> Created:
        _, attributes = created
        return attributes["Arn"], attributes

    def create(logical_id: str, properties: Properties, stack: str) -> Created:
        if properties.get("Name") in secrets:
            raise ValueError(f"The secret {properties['Name']} already exists")
        return with_arn(own.create(logical_id, properties, stack))

    def update(arn: str, old: Properties, new: Properties) -> Created:
        return with_arn(own.change(name(arn), old, new))

    def delete(arn: str, properties: Properties) -> None:
        own.delete(name(arn), properties)

    emulator.handle("AWS::SecretsManager::Secret", ResourceType(create, delete, update))
