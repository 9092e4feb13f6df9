"""The group that a user's name tells, whatever the database is called."""

import pytest

from airflow_rds_iam.declaration.grants import Grant, group_roles
from doctor.answer import Answer
from doctor.settings import settings
from doctor.subject import Subject

HOST = "dev-lake.abcdefghijkl.eu-central-1.rds.amazonaws.com"
TLS = {"sslmode": "verify-full", "sslrootcert": "/rds.pem"}


def _subject(database: str, user: str, title: str = "it") -> Subject:
    return Subject(
        title=title,
        host=HOST,
        port=5432,
        database=database,
        user=user,
        region=None,
        authorities="/rds.pem",
    )


@pytest.mark.parametrize("prefix", ["", "blue", "blue_green"])
@pytest.mark.parametrize("database", ["orders", "My Sales", "2024", "d" * 63])
def test_the_group_is_that_of_the_level_and_the_environment(database: str, prefix: str) -> None:
    grant = Grant(
        identity="airflow", instance="lake", database=database, level="read", prefix=prefix
    )
    own, others = group_roles(database, prefix), group_roles(database, "other")
    subject = _subject(database, grant.user)
    assert subject.group([others.reader, own.writer, own.reader]) == own.reader
    assert subject.group([others.reader, own.owner]) is None
    assert _subject(database, "somebody").group([own.reader]) is None


@pytest.mark.parametrize(("instance", "cause"), [("lake", None), ("pond", "other-server")])
def test_a_connection_to_another_server_than_its_id_says_is_told(
    instance: str, cause: str | None
) -> None:
    grant = Grant(identity="airflow", instance=instance, database="My Sales", level="read")
    answer: Answer = settings(
        _subject("My Sales", grant.user, grant.connection_id),
        {"iam": True, **TLS, "sqlalchemy_query": TLS},
        missing=lambda _: None,
        refused=lambda _: None,
    )
    assert (answer.cause and answer.cause.key) == cause
