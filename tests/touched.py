"""What CloudFormation makes, changes or removes from one template to another."""

from tests.templates import Content

_ACTED_ON = ("Type", "Properties", "Metadata", "DeletionPolicy", "UpdateReplacePolicy", "Condition")
"""Not what a resource waits for (`DependsOn`): another order changes none."""


def touched(before: Content, after: Content) -> set[str]:
    """The logical ids of those resources."""
    old, new = before["Resources"], after["Resources"]
    return {
        name
        for name in old.keys() | new.keys()
        if [old.get(name, {}).get(part) for part in _ACTED_ON]
        != [new.get(name, {}).get(part) for part in _ACTED_ON]
    }
