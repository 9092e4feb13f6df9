"""What Amazon MWAA's images have of what a connection stands on."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Image:
    """The versions that an image holds its packages to.

    Attributes:
        postgres: of the provider that has the hook.
        amazon: of the provider that has the AWS connection.
        driver: that the hook connects by.
    """

    python: str
    postgres: str
    amazon: str
    sqlalchemy: str
    driver: str

    @property
    def engines_sign(self) -> bool:
        """Whether an engine of the hook's has a token (since 6.4 of the postgres provider)."""
        return tuple(map(int, self.postgres.split(".")[:2])) >= (6, 4)


# The repository aws/amazon-mwaa-docker-images, commit 9d2bebb of 2026-08-20, each version's
# constraints.
IMAGES = {
    "3.3.1": Image(
        python="3.12.13",
        postgres="7.0.1",
        amazon="9.34.0",
        sqlalchemy="2.0.51",
        driver="psycopg",
    ),
    "3.2.1": Image(
        python="3.12.13",
        postgres="6.6.3",
        amazon="9.25.0",
        sqlalchemy="2.0.49",
        driver="psycopg2",
    ),
    "3.0.6": Image(
        python="3.12.10",
        postgres="6.2.3",
        amazon="9.12.0",
        sqlalchemy="1.4.54",
        driver="psycopg2",
    ),
    "2.11.2": Image(
        python="3.12.10",
        postgres="6.6.0",
        amazon="9.22.0",
        sqlalchemy="1.4.54",
        driver="psycopg2",
    ),
}
"""By the version of Airflow."""
