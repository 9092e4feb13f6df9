"""The paths from identities to databases as a picture: what goes where in it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from review.matrix.model import Matrix, Row

STEP = 40
"""Pixels between one box and the next below it."""
BOX = 32
"""Pixels of a box's height: two lines of text."""
_CHARACTER = 6.4
"""Pixels of a character's width, at most, in the font of the boxes."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How wide it is, in pixels: for each column, where it begins and ends."""

    columns: Sequence[tuple[int, int]]

    @property
    def width(self) -> int:
        """Of the whole."""
        return self.columns[-1][1]


WIDE = Layout(columns=((0, 220), (330, 600), (710, 900)))
NARROW = Layout(columns=((0, 92), (116, 238), (262, 348)))
"""For a phone."""


@dataclass(frozen=True, kw_only=True)
class Box:
    """A name in one of the columns."""

    title: str
    """The whole of its text."""
    lines: Sequence[str]
    """As much of it as there is room for, on two lines."""
    x: int
    y: int
    width: int


@dataclass(frozen=True, kw_only=True)
class Line:
    """From an identity by a login user to a database."""

    paths: Sequence[str]
    """As SVG draws them."""
    level: str
    state: str
    """``wrong`` if the columns of the matrix disagree, ``unknown``, or nothing."""
    title: str


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Three columns of boxes, and lines between them."""

    boxes: Sequence[Box]
    lines: Sequence[Line]
    heads: Sequence[tuple[int, str]]
    """Where each column begins, and what stands in it."""
    width: int
    height: int


def picture(matrix: Matrix, layout: Layout) -> Picture:
    """The picture of who may do what."""
    rows = [row for row in matrix.rows if row.iam != "denied"]
    names = [[each(row) for row in rows] for each in (_identity, _user, _database)]
    height = STEP * max(1, *(len(set(column)) for column in names))
    identities, users, databases = (
        dict(_boxes(column, place, height))
        for column, place in zip(names, layout.columns, strict=True)
    )
    return Picture(
        boxes=[*identities.values(), *users.values(), *databases.values()],
        lines=[
            Line(
                paths=(
                    _curve(identities[_identity(row)], users[_user(row)]),
                    _curve(users[_user(row)], databases[_database(row)]),
                ),
                level=row.level,
                state="wrong" if row.disagreements else "unknown" if row.iam == "unknown" else "",
                title=f"{row.identity} may {row.level} {row.database} of {row.server} "
                f"as {row.user}",
            )
            for row in rows
        ],
        heads=[
            (start, head)
            for (start, _), head in zip(
                layout.columns, ("identity", "login user", "database"), strict=True
            )
        ],
        width=layout.width,
        height=height,
    )


def _identity(row: Row) -> tuple[str, str]:
    return row.identity, ""


def _user(row: Row) -> tuple[str, str]:
    return row.user, row.server


def _database(row: Row) -> tuple[str, str]:
    return ("all databases" if row.database == "*" else row.database), row.server


_Name = tuple[str, str]


def _boxes(
    names: Iterable[_Name], place: tuple[int, int], height: int
) -> Iterator[tuple[_Name, Box]]:
    """A box for each name, evenly in the height."""
    unique = list(dict.fromkeys(names))
    start, end = place
    room = int((end - start - 10) / _CHARACTER)
    for index, name in enumerate(unique):
        step = height / len(unique)
        yield (
            name,
            Box(
                title=" on ".join(part for part in name if part),
                lines=_lines(name, room),
                x=start,
                y=int(index * step + step / 2),
                width=end - start,
            ),
        )


def _lines(name: _Name, room: int) -> list[str]:
    """The name on two lines if it has no second part, else each part on one."""
    first, second = name
    if second or len(first) <= room:
        return [_cut(part, room) for part in name if part]
    return [first[:room], _cut(first[room:], room)]


def _cut(text: str, room: int) -> str:
    """The beginning and the end: what names differ by stands there."""
    if len(text) <= room:
        return text
    head = room // 2
    return f"{text[:head]}…{text[len(text) - (room - head - 1) :]}"


def _curve(one: Box, other: Box) -> str:
    start, end = one.x + one.width, other.x
    half = (start + end) // 2
    return f"M{start} {one.y}C{half} {one.y} {half} {other.y} {end} {other.y}"
