"""Saved queries of CloudWatch Logs Insights: kept by nobody here, and refused as AWS refuses them.

Source: CloudWatch Logs API reference, "PutQueryDefinition".
"""

import uuid

from emulator.engine import Emulator
from emulator.ministack.stacks import Created, Properties, ResourceType, Where

_NAME, _QUERY = 255, 10_000


def register(emulator: Emulator) -> None:
    """Handle saved queries."""

    def create(_logical_id: str, new: Properties, _stack: str) -> Created:
        return _checked(str(uuid.uuid4()), new)

    def update(physical_id: str, _old: Properties, new: Properties, _where: Where) -> Created:
        return _checked(physical_id, new)

    def delete(_physical_id: str, _properties: Properties) -> None:
        """Nothing is kept."""

    emulator.stacks.handle("AWS::Logs::QueryDefinition", ResourceType(create, delete, update))


def _checked(physical_id: str, new: Properties) -> Created:
    for name, most in (("Name", _NAME), ("QueryString", _QUERY)):
        if not 1 <= len(new[name]) <= most:
            raise ValueError(f"{name} must have 1 to {most} characters (InvalidParameterException)")
    return physical_id, {"QueryDefinitionId": physical_id}
