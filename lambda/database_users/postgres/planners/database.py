"""What to do inside one database, in order."""

from collections.abc import Iterator
from itertools import chain

from database_users.plan import Planned, together
from database_users.postgres.acting import acting
from database_users.postgres.catalog.contents import Contents
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.default_privileges import default_privileges
from database_users.postgres.planners.inside import Inside
from database_users.postgres.planners.kept import summed_up
from database_users.postgres.planners.objects import object_privileges, schemas_for_owner
from database_users.postgres.planners.ownership import adopted, handed_over


def plan_database(comparison: Comparison, name: str, contents: Contents) -> Iterator[Planned]:
    """What the database `name`, declared or not, needs."""
    yield from handed_over(comparison, name)
    declared = comparison.declared.get(name)
    if declared is None:
        return
    inside = Inside(comparison, declared)
    changes = chain(
        schemas_for_owner(inside, contents),
        adopted(inside),
        object_privileges(inside, contents),
        default_privileges(inside, contents),
    )
    yield from together(acting(comparison, name, summed_up(inside, changes)))
