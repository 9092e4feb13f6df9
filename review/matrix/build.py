"""The access matrix of an assembly."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from review.checks import Check
from review.declared import Declared, DeclaredGrant
from review.iam.decision import Answer, Decision
from review.iam.policy import Statement
from review.matrix.connecting import CONNECT, Decisions
from review.matrix.disagreement import Facts, disagreements
from review.matrix.labels import ELSEWHERE, Labels, evidence, place
from review.matrix.model import NOT_ASKED, PRIVILEGES, Evidence, Matrix, Row
from review.matrix.undeclared import undeclared_users
from review.templates.access import Access
from review.templates.identities import Identity
from review.templates.servers import Connection, LoginUser

NOBODY = "nobody"
LINES = 4
"""Of a function's plan, that a cell shows."""

_Doubts = dict[tuple[str, Sequence[Statement]], list[LoginUser]]


def matrix(
    access: Access,
    declared: Declared | None = None,
    checks: Mapping[str, Check] | None = None,
) -> Matrix:
    """The matrix of what the templates give.

    Args:
        access: what the templates hold.
        declared: what should be, for the column of the declaration.
        checks: by server, what its function found when it compared it with the templates.
    """
    rows = list(_Builder(access, declared, checks or {}).rows())
    rows.sort(key=lambda row: (row.identity, row.server, row.database, row.user))
    return Matrix(environment=declared.environment if declared else "", rows=rows)


@dataclass(frozen=True)
class _Builder:
    access: Access
    declared: Declared | None
    checks: Mapping[str, Check]

    def rows(self) -> Iterator[Row]:
        labels = Labels(self.access.assembly, self.declared)
        missing = {
            (one.identity, one.server, one.user): one
            for one in (self.declared.grants if self.declared else ())
        }
        held: set[tuple[str, str]] = set()
        arns = frozenset(self.access.arn(user) for user in self.access.users)
        secrets = frozenset(one.resource.attribute(None) for one in self.access.connections)
        for identity in self.access.identities:
            connecting = Decisions(identity, CONNECT, arns)
            if not connecting.possible:
                continue
            reading = Decisions(identity, "secretsmanager:GetSecretValue", secrets)
            doubts: _Doubts = defaultdict(list)
            for user in self.access.users:
                decision = connecting.decision(self.access.arn(user))
                key = (labels.name(identity), user.server.name, user.name)
                if decision.answer is Answer.DENIED and key not in missing:
                    continue
                held.add((user.server.name, user.name))
                if decision.answer is Answer.UNKNOWN and key not in missing:
                    doubts[(user.server.resource_id, decision.statements)].append(user)
                    continue
                grant = missing.pop(key, None)
                yield self._row(labels, identity, reading, user, decision, grant)
            for (_, statements), users in doubts.items():
                yield self._doubt(labels, identity, users, statements)
            for server, user, statement in undeclared_users(identity, self.access):
                yield self._unmade(labels, identity, server, user, statement)
        held |= {(grant.server, grant.user) for grant in missing.values()}
        for grant in missing.values():
            yield self._refused(grant)
        for user in self.access.users:
            if (user.server.name, user.name) not in held:
                yield self._unused(user)

    def _row(
        self,
        labels: Labels,
        identity: Identity,
        reading: Decisions,
        user: LoginUser,
        decision: Decision,
        grant: DeclaredGrant | None,
    ) -> Row:
        airflow = labels.airflow(identity)
        connections = [
            one
            for one in self.access.connections_by_user.get((user.name, user.database), ())
            if airflow == labels.airflow_of(one) and not self._leads_elsewhere(one, user)
        ]
        openings = self.access.openings[user.server.resource_id]
        network = labels.ways(identity, openings, user.server)
        facts = Facts(
            user=user,
            decision=decision,
            declared=self._declared_level(grant),
            in_database=self._in_database(user.server.name, user.level),
            made_for=labels.serves(identity, user.server),
            runs_here=bool(labels.runs_with(identity)),
            network=network,
            unreadable=[
                one.name
                for one in connections
                if reading.decision(one.resource.attribute(None)).answer is Answer.DENIED
            ],
        )
        return Row(
            identity=labels.name(identity),
            principal=identity.arn,
            trust=labels.trust(identity),
            server=user.server.name,
            database=user.database,
            level=user.level,
            privileges=PRIVILEGES[user.level],
            user=user.name,
            connections=[one.name for one in connections],
            network=network,
            declared=facts.declared,
            iam=decision.answer,
            in_database=facts.in_database,
            evidence=[*evidence(decision.statements), place(user.resource), *self._found(user)],
            disagreements=disagreements(facts),
        )

    def _doubt(
        self,
        labels: Labels,
        identity: Identity,
        users: Sequence[LoginUser],
        statements: Sequence[Statement],
    ) -> Row:
        """What cannot be decided, for many users the same, said once."""
        server = users[0].server
        return Row(
            identity=labels.name(identity),
            principal=identity.arn,
            trust=labels.trust(identity),
            server=server.name,
            database=users[0].database if len(users) == 1 else f"{len(users)} databases or fewer",
            level=users[0].level if len(users) == 1 else "not known",
            privileges="",
            user=users[0].name if len(users) == 1 else f"{len(users)} users, {users[0].name} first",
            connections=[],
            network=labels.ways(identity, self.access.openings[server.resource_id], server),
            declared=self._declared_level(None),
            iam=Answer.UNKNOWN,
            in_database=NOT_ASKED,
            evidence=evidence(statements),
            disagreements=["whether it may log in cannot be decided from the templates"],
        )

    def _unmade(
        self, labels: Labels, identity: Identity, server: str, user: str, statement: Statement
    ) -> Row:
        return Row(
            identity=labels.name(identity),
            principal=identity.arn,
            trust=labels.trust(identity),
            server=server,
            database="not known",
            level="not known",
            privileges="",
            user=user,
            connections=[],
            network=[ELSEWHERE],
            declared=self._declared_level(None),
            iam=Answer.ALLOWED,
            in_database=NOT_ASKED,
            evidence=evidence([statement]),
            disagreements=[f"may log in as {user}, a user that nobody declared and nothing makes"],
        )

    def _refused(self, grant: DeclaredGrant) -> Row:
        arn = self.declared.role_arns.get(grant.identity, "") if self.declared else ""
        return Row(
            identity=grant.identity,
            principal=arn,
            trust=[ELSEWHERE],
            server=grant.server,
            database=grant.database,
            level=grant.level,
            privileges=PRIVILEGES.get(grant.level, ""),
            user=grant.user,
            connections=[],
            network=[],
            declared=grant.level,
            iam=Answer.DENIED,
            in_database=self._in_database(grant.server, grant.level),
            evidence=[],
            disagreements=[
                f"is declared to {grant.level} {grant.database}, and no policy lets it log in, or "
                f"nothing makes {grant.user}"
            ],
        )

    def _unused(self, user: LoginUser) -> Row:
        return Row(
            identity=NOBODY,
            principal="",
            trust=[],
            server=user.server.name,
            database=user.database,
            level=user.level,
            privileges=PRIVILEGES[user.level],
            user=user.name,
            connections=[],
            network=[],
            declared=self._declared_level(None),
            iam=Answer.DENIED,
            in_database=self._in_database(user.server.name, user.level),
            evidence=[place(user.resource), *self._found(user)],
            disagreements=[f"{user.name} is made, and no policy lets anybody log in as it"],
        )

    def _declared_level(self, grant: DeclaredGrant | None) -> str:
        if self.declared is None:
            return NOT_ASKED
        return grant.level if grant else "no"

    def _in_database(self, server: str, level: str) -> str:
        check = self.checks.get(server)
        return NOT_ASKED if check is None else check.differs or level

    def _found(self, user: LoginUser) -> list[Evidence]:
        """What the function of a server that differs would do, first for this user."""
        check = self.checks.get(user.server.name)
        if check is None or not check.differs:
            return []
        of_user = [line for line in check.lines if user.name in line]
        detail = "; ".join((of_user or list(check.lines))[:LINES]) or check.differs
        return [Evidence(stack=user.server.name, logical_id="its function's check", detail=detail)]

    def _leads_elsewhere(self, connection: Connection, user: LoginUser) -> bool:
        """Whether it is one to a database and a user of the same names on another server."""
        host = connection.content.get("host")
        others = [one for one in self.access.servers if one is not user.server]
        return host not in user.server.addresses and any(host in one.addresses for one in others)
