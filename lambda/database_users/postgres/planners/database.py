"""What to do inside one database, in order."""

from collections.abc import Iterable, Iterator
from itertools import chain

from database_users.plan import Change, Finding, Planned, Statement, parted, together
from database_users.postgres.acting import acting
from database_users.postgres.catalog.contents import Contents
from database_users.postgres.catalog.contents_rows import MOST_LARGE_OBJECTS
from database_users.postgres.catalog.leaving_rows import MOST_OWNED
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.default_privileges import default_privileges
from database_users.postgres.planners.event_triggers import refuse_foreign_code
from database_users.postgres.planners.excess import Excess
from database_users.postgres.planners.inside import Inside
from database_users.postgres.planners.kept import Kept, summed_up
from database_users.postgres.planners.lookup import lent
from database_users.postgres.planners.objects import object_privileges, schemas_for_owner
from database_users.postgres.planners.ownership import adopted, freed


def plan_database(
    comparison: Comparison, name: str, contents: Contents, objects: int
) -> Iterator[Planned]:
    """What the database `name`, declared or not, needs, with so many `objects` a transaction."""
    refuse_foreign_code(comparison, name, contents)
    yield from _cut(name, contents)
    contents = contents.parted(objects)
    declared = comparison.declared.get(name)
    if declared is None:
        yield from freed(comparison, name, contents, objects)
        return
    inside = Inside(comparison, declared, contents)

    def in_parts(changes: Iterable[Change]) -> Iterator[Planned]:
        for part in parted(changes, objects):
            found = lent(inside.handover, part, lambda schema: Excess(inside, schema).remaining)
            yield from together(
                acting(comparison, name, found),
                of=(("database", name),),
                rivals=comparison.rivals(declared.owner),
            )

    schemas: list[Change | Kept] = list(schemas_for_owner(inside))
    leaving = tuple(freed(comparison, name, contents, objects))
    if leaving:  # each in transactions of its own, which need what the owner role is given first
        yield from in_parts(change for change in schemas if isinstance(change, Statement))
        yield from leaving
        schemas = [change for change in schemas if not isinstance(change, Statement)]
    changes = chain(schemas, adopted(inside), object_privileges(inside), default_privileges(inside))
    yield from in_parts(summed_up(inside, changes))


def _cut(name: str, contents: Contents) -> Iterator[Finding]:
    """What is not looked at, as there is so much of it."""
    large = sum(len(group.names) for group in contents.objects if group.kind == "large object")
    for count, most, what in (
        (large, MOST_LARGE_OBJECTS, "large objects"),
        (len(contents.owned), MOST_OWNED, "things of those who are to own nothing"),
    ):
        if count >= most:
            yield Finding(
                f"{name}: more than {most - 1:,} {what}: no more are looked at in a run; those that"
                " nobody needs can be removed by whose they are (lo_unlink)"
            )
