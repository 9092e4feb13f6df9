"""What a review is told: the terms of grants, the team's own rules, the rule packs."""

from datetime import date
from typing import Literal

from pydantic import Field, field_validator

from airflow_rds_iam.declaration.part import Model
from airflow_rds_iam.declaration.values import Because, DataClass, Day, IdentityName

Pack = Literal["AwsSolutions", "NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321", "Serverless"]
Kind = Literal["human", "program"]


class Terms(Model):
    """Until when, and why, an identity has its access to a database."""

    until: Day | None = Field(
        default=None,
        description="The last day: a synthesis fails after it, and warns 14 days ahead.",
    )
    because: Because | None = Field(default=None, description="Why, such as a ticket.")

    @field_validator("until")
    @classmethod
    def _is_a_day(cls, until: str | None) -> str | None:
        try:
            date.fromisoformat(until or "2000-01-01")
        except ValueError:
            raise ValueError("must be a day of the calendar") from None
        return until


class OwnRule(Model):
    """What must hold of some grants: those that fit all that is named here."""

    name: Because = Field(description="What must hold, in words: `no human may write`.")
    kinds: list[Kind] = Field(
        default=[], description="Kinds of identities that it is about. Default: each."
    )
    levels: list[Literal["read", "write", "own"]] = Field(
        default=[], description="Levels that it is about. Default: each."
    )
    classes: list[DataClass] = Field(
        default=[], description="Classes of data that it is about. Default: each."
    )
    but: list[IdentityName] = Field(default=[], description="Identities that it is not about.")
    needs: list[Literal["until", "because"]] = Field(
        default=[], description="Terms that such a grant needs. Default: it is forbidden."
    )


class ReviewSettings(Model):
    """What each synthesis is held against."""

    packs: list[Pack] = Field(
        default=["AwsSolutions"], min_length=1, description="Packs of cdk-nag's rules."
    )
    rules: list[OwnRule] = Field(default=[], description="Rules of your own, for grants.")
