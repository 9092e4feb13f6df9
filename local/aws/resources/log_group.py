"""CloudWatch Logs' groups: a name is taken once."""

from local.aws.emulator import Created, Emulator, Properties, ResourceType


def register(emulator: Emulator) -> None:
    """Handle log groups."""
    own = emulator.resource_type("AWS::Logs::LogGroup")
    groups = emulator.store("cloudwatch_logs", "_log_groups")

    def create(logical_id: str, properties: Properties, stack: str) -> Created:
        name = properties.get("LogGroupName")
        if name in groups:
            raise ValueError(f"Resource of type 'AWS::Logs::LogGroup' {name!r} already exists")
        return own.create(logical_id, properties, stack)

    emulator.handle("AWS::Logs::LogGroup", ResourceType(create, own.delete, own.update))
