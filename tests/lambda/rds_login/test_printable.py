"""Names of others, as a log and a terminal may show them."""

import sys
import unicodedata

import pytest

from rds_login.printable import is_shown, printable


def test_what_is_seen_as_itself_stays():
    assert printable("orders: Bestellung № 7, «naïve» 注文 😀") == (
        "orders: Bestellung № 7, «naïve» 注文 😀"
    )


@pytest.mark.parametrize(
    ("character", "escape"),
    [
        ("\n", "\\u000a"),
        ("\r", "\\u000d"),
        ("\x1b", "\\u001b"),
        ("\x9b", "\\u009b"),
        ("\u202e", "\\u202e"),
        ("\u2066", "\\u2066"),
        ("\u200b", "\\u200b"),
        ("\u200d", "\\u200d"),
        ("\ufeff", "\\ufeff"),
        ("\u00a0", "\\u00a0"),
        ("\u2028", "\\u2028"),
        ("\u3164", "\\u3164"),
        ("\ufe0f", "\\ufe0f"),
        ("\U000e0041", "\\U000e0041"),
        ("\U000e0101", "\\U000e0101"),
    ],
)
def test_what_hides_or_moves_is_shown_as_its_escape(character: str, escape: str):
    assert printable(f"a{character}b") == f"a{escape}b"


def test_no_control_format_or_separator_is_left():
    for code in range(sys.maxunicode + 1):
        if unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
            assert not is_shown(chr(code)), hex(code)
