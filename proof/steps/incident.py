"""An identity that must be stopped at once and resists, and a false alarm."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from threading import Event

import psycopg

from proof.declared import Grant
from proof.deployment import Deployment
from proof.logins import Identity
from proof.progress import UnprovenError
from proof.shop import IDENTITY

_SECONDS = 0.05


def an_identity_is_stopped_at_once(deployment: Deployment) -> str:
    """`make revoke` ends who comes back all the time and holds its own users locked.

    `make restore-access` undoes it.

    Returns:
        How long it took from the command to the end of the last session.
    """
    identity = deployment.identity(IDENTITY)
    grants = [grant for grant in deployment.declared.grants if grant.identity == IDENTITY]
    over = Event()
    with ThreadPoolExecutor(2) as beside, ExitStack() as opened:
        opened.callback(over.set)
        # One that is in the way is ended for that, and one that is not, for whose it is.
        sessions = [
            start(opened.enter_context(identity.log_in(grant.user, grant.database)))
            for grant in grants
            for start in (_idle, _resisting)
        ]
        insisting = beside.submit(_come_back, identity, grants[0], over)
        gone = beside.submit(_seconds_until_gone, sessions)
        deployment.make("revoke", f"IDENTITY={IDENTITY}")
        revoked = time.monotonic()
        _expect_refused(identity, grants)
        over.set()
        seconds = gone.result(timeout=10)
        _expect_no_session_since(revoked, insisting)
    deployment.make("restore-access", f"IDENTITY={IDENTITY}")
    for grant in grants:
        with identity.log_in(grant.user, grant.database) as session:
            session.execute("SELECT 1")
    return f"{seconds:.1f} s to the end of the last of {len(sessions)} sessions; then given back"


def _idle(session: psycopg.Connection) -> psycopg.Connection:
    """`session`, which holds nothing."""
    session.execute("SELECT 1")
    return session


def _resisting(session: psycopg.Connection) -> psycopg.Connection:
    """`session`, in a transaction that keeps others from changing its user."""
    session.execute("SET ROLE NONE; BEGIN; ALTER ROLE CURRENT_USER PASSWORD 'held open'")
    return session


def _come_back(identity: Identity, grant: Grant, over: Event) -> float:
    """Log in again and again; the moment, on the monotonic clock, of the last that succeeded."""
    last = 0.0
    while not over.wait(_SECONDS):
        try:
            with identity.log_in(grant.user, grant.database):
                last = time.monotonic()
        except psycopg.OperationalError:
            continue
    return last


def _seconds_until_gone(sessions: list[psycopg.Connection]) -> float:
    begun = time.monotonic()
    for session in sessions:
        while True:
            try:
                session.execute("SELECT 1")
            except psycopg.Error:
                break
            time.sleep(_SECONDS)
    return time.monotonic() - begun


def _expect_refused(identity: Identity, grants: list[Grant]) -> None:
    for grant in grants:
        try:
            with identity.log_in(grant.user, grant.database):
                raise UnprovenError(f"{grant.user} still logs in to {grant.database}")
        except psycopg.OperationalError:
            continue


def _expect_no_session_since(revoked: float, insisting: Future[float]) -> None:
    if insisting.result() > revoked:
        raise UnprovenError(f"{IDENTITY} came back after it was revoked")
