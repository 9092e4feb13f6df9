"""A fault of a login, and where it is brought about."""

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from proof.declared import Grant
from proof.deployment import Deployment


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Whose login it is that something is wrong with."""

    deployment: Deployment
    grant: Grant
    role: str
    """The name of the role that signs."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is otherwise for whoever asks the doctor.

    Attributes:
        variables: of its environment; an empty one is taken away.
        minutes: that its clock is ahead.
        resolves: what names lead to, nothing if it is empty; the resolver's own answer if None.
        leads_to: the address on this machine that stands for the one of ``resolves``, if one does.
        stands_at: the address that it asks from; this machine's own if None.
        connection: of Airflow's connection; ``extra`` is merged, and None takes a key away.
        arguments: of `make doctor`'s program.
        title: another id of the connection.
    """

    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    minutes: float = 0
    resolves: str | None = None
    leads_to: str | None = None
    stands_at: str | None = None
    connection: Mapping[str, Any] = field(default_factory=dict[str, Any])
    arguments: tuple[str, ...] = ()
    title: str | None = None

    def surroundings(self, variables: Mapping[str, str]) -> dict[str, Any]:
        """What `proof.faults.surroundings.otherwise` takes, these variables among the others."""
        return {
            "variables": {**variables, **self.variables},
            "minutes": self.minutes,
            "resolves": self.resolves,
            "leads_to": self.leads_to,
            "stands_at": self.stands_at,
        }


Injection = Callable[[Scene], AbstractContextManager[Asked]]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        title: what is wrong, in words.
        inject: brings it about until left.
        known: what the doctor calls it for whoever may ask all that it asks.
        of: what it is that is wrong, which cannot be wrong in two ways at once.
        alone: what it calls it for a role that may do nothing but log in.
        airflow: what it calls it in Airflow; as ``alone`` unless told.
        command: whether `make doctor` can meet it; other faults are of Airflow's connections.
    """

    title: str
    inject: Injection
    known: str | None
    of: str = ""
    alone: str | None = None
    airflow: str | None = None
    command: bool = True

    @property
    def expected(self) -> tuple[str | None, str | None, str | None]:
        """What it is called for who may ask all, for the role alone, and in Airflow."""
        alone = self.alone or self.known
        return self.known, alone, self.airflow or alone


def asked(**otherwise: Any) -> Injection:
    """Nothing but what is otherwise for whoever asks."""

    @contextmanager
    def inject(_: Scene) -> Generator[Asked]:
        yield Asked(**otherwise)

    return inject


def while_in(around: Callable[[Scene], AbstractContextManager[object]]) -> Injection:
    """Something that is wrong for everybody."""

    @contextmanager
    def inject(scene: Scene) -> Generator[Asked]:
        with around(scene):
            yield Asked()

    return inject
