"""A database, and who may do what in it."""

from typing import Literal

from pydantic import Field, model_validator

from airflow_rds_iam.declaration.part import NO_OTHER_KEYS, Model
from airflow_rds_iam.declaration.review import Terms
from airflow_rds_iam.declaration.values import DataClass, IdentityName, OldOwner

Level = Literal["read", "write", "own"]
LEVELS: tuple[Level, ...] = ("read", "write", "own")


class Database(Model):
    """A database and who may do what in it. An identity has one level.

    A grant becomes a login user, `<identity>_<database>_<level>`, and a `ManagedPolicy` of the
    identity's role; one of airflow's a `Policy` and the connection in a `Secret`.
    """

    read: list[IdentityName] = Field(default=[], description="Identities that may SELECT.")
    write: list[IdentityName] = Field(
        default=[],
        description="Identities that may also INSERT, UPDATE, DELETE and TRUNCATE.",
    )
    own: list[IdentityName] = Field(
        default=[], description="Identities that may also create, alter and drop objects."
    )
    terms: dict[IdentityName, Terms] = Field(
        default={},
        description="Until when and why, by identity: of the grants above.",
        json_schema_extra=NO_OTHER_KEYS,
    )
    data_class: DataClass | None = Field(
        default=None, alias="class", description="The class of its data, for `review.rules`."
    )
    adopt: bool = Field(
        default=False,
        description="Hand the objects of `old_owners` to `<database>_owner` (REASSIGN OWNED).",
    )
    old_owners: list[OldOwner] = Field(
        default=[], description="PostgreSQL roles whose objects `adopt` hands over."
    )

    @model_validator(mode="after")
    def _old_owners_are_adopted(self) -> "Database":
        if self.adopt != bool(self.old_owners):
            raise ValueError("`adopt: true` and a list of `old_owners` go together")
        return self

    def identities(self, level: Level) -> list[str]:
        """The identities granted ``level``, in the order declared."""
        return {"read": self.read, "write": self.write, "own": self.own}[level]
