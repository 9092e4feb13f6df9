"""What to do inside one database, in order."""

from collections.abc import Iterator
from itertools import chain

from database_users.plan import Change, Planned, Statement, Subjects, together
from database_users.postgres.acting import acting
from database_users.postgres.catalog.contents import Contents
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.default_privileges import default_privileges
from database_users.postgres.planners.event_triggers import refuse_foreign_code
from database_users.postgres.planners.excess import Excess
from database_users.postgres.planners.inside import Inside
from database_users.postgres.planners.kept import Kept, summed_up
from database_users.postgres.planners.lookup import lent
from database_users.postgres.planners.objects import object_privileges, schemas_for_owner
from database_users.postgres.planners.ownership import adopted, freed


def plan_database(comparison: Comparison, name: str, contents: Contents) -> Iterator[Planned]:
    """What the database `name`, declared or not, needs."""
    refuse_foreign_code(comparison, name, contents)
    declared = comparison.declared.get(name)
    if declared is None:
        yield from freed(comparison, name, contents)
        return
    inside = Inside(comparison, declared, contents)
    schemas: list[Change | Kept] = list(schemas_for_owner(inside))
    leaving = tuple(freed(comparison, name, contents))
    of: Subjects = (("database", name),)
    rivals = comparison.rivals(declared.owner)
    if leaving:  # each in a transaction of its own, which needs what the owner role is given first
        given = [change for change in schemas if isinstance(change, Statement)]
        yield from together(acting(comparison, name, given), of=of, rivals=rivals)
        yield from leaving
        schemas = [change for change in schemas if not isinstance(change, Statement)]
    changes = chain(schemas, adopted(inside), object_privileges(inside), default_privileges(inside))
    told = summed_up(inside, changes)
    found = lent(inside.handover, told, lambda schema: Excess(inside, schema).remaining)
    yield from together(acting(comparison, name, found), of=of, rivals=rivals)
