"""What would go from one stack to another, which CloudFormation cannot do with people inside."""

from collections.abc import Iterator

from deployed.stack import Template, resources_of


def moved(deployed: Template, template: Template) -> Iterator[str]:
    """Each server whose users would be made in one stack and removed in the other.

    The removal comes last and ends everybody's access, and the name of a connection is taken as
    long as the other stack has it.

    Args:
        deployed: the access stack as it is there, with what is nested in it.
        template: the same as it is to be.
    """
    before, after = _places(deployed), _places(template)
    for users, (stack, granted) in sorted(before.items()):
        if granted and users in after and after[users][0] != stack:
            yield (
                f"access_stack: {users} would go from one stack to another while somebody has "
                "access, and be removed in the old one after the new one made it: leave it as it "
                "is, or deploy first with nobody granted anything on that instance"
            )


def _places(template: Template) -> dict[str, tuple[str, bool]]:
    """Of each instance's users, the stack that they are made in, and whether there are any."""
    places: dict[str, tuple[str, bool]] = {}
    for logical_id, one in resources_of(template, "Custom::DatabaseUsers").items():
        # It has the same one in either stack.
        stack, _, users = logical_id.rpartition("/")
        databases = one["Properties"]["Databases"]
        granted = any(each[level] for each in databases for level in ("Read", "Write", "Own"))
        places[users] = stack, granted
    return places
