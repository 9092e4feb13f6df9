"""Become the given program: as an unprivileged user if told, ending when the parent ends.

Run as `python -I -S launcher.py PARENT SIGNAL USER PROGRAM ARGUMENT...`; USER `-` keeps the user.
"""

import ctypes  # all imports first: the user that we become may not be able to read Python's files
import os
import pwd
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: int, death_signal: int, user: str, *command: str) -> None:
    """Never return: the program takes this process."""
    libc = ctypes.CDLL(None)
    if user != "-":
        entry = pwd.getpwnam(user)
        os.initgroups(user, entry.pw_gid)
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
        os.environ["HOME"] = "/"
    if sys.platform == "linux":
        libc.prctl(_PR_SET_PDEATHSIG, death_signal)  # after the change of user, which forgets it
    if os.getppid() != parent:
        sys.exit("the parent ended")
    os.execv(command[0], command)  # noqa: S606 a shell has no part in it


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
