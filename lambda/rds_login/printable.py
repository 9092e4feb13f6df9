"""Names and messages of others as a log and a terminal may show them.

Whoever may make a table may give it a name that ends a line, moves a terminal's cursor or turns
the direction of writing: what is printed shows such a character as its escape.
"""

# Printed as nothing, or as a space, though Unicode counts them among letters, marks and symbols
# (Unicode Character Database, property Default_Ignorable_Code_Point, and the blank of Braille).
_INVISIBLE = frozenset(
    map(
        chr,
        (
            *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F),
            *(0x2800, 0x3164, 0xFFA0),
            *range(0xFE00, 0xFE10),
            *range(0xE0100, 0xE01F0),
        ),
    )
)


def is_shown(character: str) -> bool:
    """Whether `character` is seen as itself, and changes nothing else on the screen."""
    return character.isprintable() and character not in _INVISIBLE


def printable(text: str) -> str:
    r"""`text` on one line, with an escape such as `\u202e` for each character that hides."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character if is_shown(character) else _escaped(ord(character)) for character in text
    )


def _escaped(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
