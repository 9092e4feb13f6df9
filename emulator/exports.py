"""Exports, which CloudFormation neither changes nor removes while a stack imports them.

Source: CloudFormation user guide, "Get exported outputs from a deployed CloudFormation stack".
"""

from collections.abc import Mapping

from emulator.engine import Emulator


def register(emulator: Emulator) -> None:
    """Check the exports that a stack is to have."""

    def check(stack: str, new: Mapping[str, str]) -> None:
        exports = emulator.store("cloudformation", "_exports")
        changed: list[str] = []
        for name, export in list(exports.items()):
            if export["StackId"] != stack:
                if name in new:
                    other = export["StackId"].split("/")[1]
                    raise ValueError(
                        f"Export with name {name} is already exported by stack {other}"
                    )
            elif new.get(name) != export["Value"]:
                if importing := emulator.stacks.importing(name):
                    change = "updated" if name in new else "deleted"
                    raise ValueError(
                        f"Export {name} cannot be {change} as it is in use by "
                        f"{' and '.join(importing)}"
                    )
                changed.append(name)
        for name in changed:
            del exports[name]

    emulator.stacks.on_exports(check)
