"""From where Airflow's page can be reached."""

from review.templates.assembly import Resource

# "Apache Airflow access modes" of Amazon MWAA's guide; the first where none is said.
_REACHED = {
    "PRIVATE_ONLY": frozenset({"private"}),
    "PUBLIC_ONLY": frozenset({"public"}),
    "PUBLIC_AND_PRIVATE": frozenset({"private", "public"}),
}


def mode(environment: Resource) -> str:
    """The access mode of an environment of Amazon MWAA."""
    return str(environment.properties.get("WebserverAccessMode", "PRIVATE_ONLY"))


def reached_from(environment: Resource) -> frozenset[str]:
    """``private``, ``public`` or both; the mode itself where it is none of Amazon MWAA's."""
    return _REACHED.get(mode(environment), frozenset({mode(environment)}))
