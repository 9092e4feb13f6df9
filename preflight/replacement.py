"""Whether a deploy would replace the Amazon MWAA environment, with the history of its runs."""

from collections.abc import Iterator, Mapping
from typing import Any

from deployed.stack import Template, resources_of

ENVIRONMENT = "AWS::MWAA::Environment"
# What makes another one (its schema's createOnlyProperties), each as the declaration has it.
REPLACING = {
    "Name": ("{said}.name", ("Name",)),
    "KmsKey": ("{said}.key", ("KmsKey",)),
    "SubnetIds": ("subnets (network)", ("NetworkConfiguration", "SubnetIds")),
    "EndpointManagement": ("its endpoint management", ("EndpointManagement",)),
}


def replaced(
    deployed: Template, template: Template, *, replaces: str | None, said: str = "airflow"
) -> Iterator[str]:
    """What would replace the environment without the declaration's leave, in words.

    Args:
        deployed: the stack's template as it is there; empty if nothing is.
        template: as it is to be.
        replaces: the name of the environment that may be replaced, as declared.
        said: where it is declared.
    """
    new = resources_of(template, ENVIRONMENT)
    for logical_id, one in resources_of(deployed, ENVIRONMENT).items():
        old, name = one["Properties"], one["Properties"]["Name"]
        after: dict[str, Any] = new[logical_id]["Properties"] if logical_id in new else {}
        changed = [
            key.format(said=said)
            for key, path in REPLACING.values()
            if _at(old, path) != _at(after, path)
        ]
        if not changed:
            continue
        another = after.get("Name", name) != name
        if another and replaces == name:
            continue
        yield (
            f"{said}: a change of {', '.join(changed)} replaces the environment {name}: the new "
            "one begins without the history of its runs, variables and users of the old one, which "
            f"is deleted. Take the change back; or, if that is meant, declare replaces: {name}"
            # CloudFormation refuses to make one while another has its name.
            + ("" if another else ", and another name beside it")
        )


def _at(properties: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    first, *rest = path
    found = properties.get(first)
    return _at(found, (*rest,)) if rest and found else found
