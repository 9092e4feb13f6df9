"""The one place that writes names and text into SQL."""


def identifier(name: str) -> str:
    """`name` as a quoted SQL identifier, whatever characters it holds."""
    return '"' + name.replace('"', '""') + '"'


def identifiers(*names: str) -> str:
    """A list of quoted SQL identifiers."""
    return ", ".join(map(identifier, names))


def literal(text: str) -> str:
    """`text` as a SQL string; sessions run with `standard_conforming_strings` on."""
    return "'" + text.replace("'", "''") + "'"


def boolean(value: bool) -> str:
    """`value` as an option of SQL."""
    return str(value).upper()
