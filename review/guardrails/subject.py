"""What a rule looks at, and what it finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from review.declared import Declared, DeclaredGrant
from review.matrix.connecting import CONNECT, speaking_of
from review.matrix.labels import Labels
from review.matrix.model import Matrix
from review.nag.acknowledgments import Acknowledgment
from review.paths.build import paths
from review.paths.model import Path
from review.templates.access import Access
from review.templates.assembly import Resource
from review.templates.identities import Identity
from review.templates.network import security_groups


@dataclass(frozen=True)
class Subject:
    """An environment."""

    access: Access
    declared: Declared
    matrix: Matrix
    today: date
    """From outside, so that the same templates give the same answer again."""
    acknowledged: Sequence[Acknowledgment] = ()
    """Findings that are right as they are."""

    @cached_property
    def labels(self) -> Labels:
        """What identities are called."""
        return Labels(self.access.assembly, self.declared)

    @cached_property
    def connecting(self) -> tuple[Identity, ...]:
        """The identities with a statement about logging in to a database."""
        return tuple(
            one
            for one in self.access.identities
            if any(found.allows for found in speaking_of(one.policies, CONNECT))
        )

    @cached_property
    def paths(self) -> Sequence[Path]:
        """Who else could."""
        return paths(self.access, self.declared)

    @cached_property
    def on_a_path(self) -> tuple[Identity, ...]:
        """The identities that hold no grant, and could come by one."""
        names = {one.who for one in self.paths}
        return tuple(
            one
            for one in self.access.identities
            if one not in self.connecting and self.labels.name(one) in names
        )

    @cached_property
    def groups(self) -> frozenset[str]:
        """The security groups of what runs with those identities."""
        return frozenset(
            group
            for identity in self.connecting
            for one in self.labels.runs_with(identity)
            for group in security_groups(one)
        )

    def resource(self, stack: str, logical_id: str) -> Resource | None:
        """The resource at a place."""
        return self.access.assembly.resource(stack, logical_id)


@dataclass(frozen=True, kw_only=True)
class Violation:
    """What is wrong, and where."""

    message: str
    resource: Resource | None = None
    grant: DeclaredGrant | None = None
    """What in the declaration it is about, where no resource is."""
    level: str = "error"
    """``error`` stops a synthesis, ``warning`` does not."""
