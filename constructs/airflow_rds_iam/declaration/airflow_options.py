"""The configuration options that a version of Airflow has."""

from difflib import get_close_matches
from functools import cache
from pathlib import Path

_LISTS = Path(__file__).with_name("options")
_SUFFIXES = ("_cmd", "_secret")  # where Airflow reads the value from elsewhere


def unknown(option: str, version: str) -> str | None:
    """Why ``option`` is none of Airflow ``version``; None if it is, or may be a provider's.

    Of a section that Airflow itself has, its own list is complete; other sections are providers' or
    of one's own, and what is in them is not known here.
    """
    own, older = _options(version)
    section = option.rpartition(".")[0]
    bare = next((option.removesuffix(end) for end in _SUFFIXES if option.endswith(end)), option)
    if {option, bare} & (own | older) or section not in {name.rpartition(".")[0] for name in own}:
        return None
    near = get_close_matches(option, own, 3) or sorted(
        one for one in own if one.startswith(section)
    )
    return (
        f"configuration option {option!r} is none of Airflow {version}: must be one of its own, "
        f"such as {', '.join(near[:3])}"
    )


@cache
def _options(version: str) -> tuple[frozenset[str], frozenset[str]]:
    """The options, and older names of some that are still taken."""
    parts = (_LISTS / f"{version}.txt").read_text().split("# ")[1:]
    own, older = (frozenset(part.splitlines()[1:]) for part in parts)
    return own, older
