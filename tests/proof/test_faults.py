"""The table of faults; the end-to-end tests try each of them."""

from proof.faults.all import EVERY, OF_CONNECTIONS
from proof.faults.document import document
from rds_login.cause_table import CAUSES
from tests.application import ROOT

FAULTS = (*EVERY, *OF_CONNECTIONS)


def test_the_document_is_the_tables() -> None:
    assert (ROOT / "docs/faults.md").read_text() == document(), "run `make schema`"


def test_a_fault_has_a_title_of_its_own() -> None:
    assert len({fault.title for fault in FAULTS}) == len(FAULTS)


def test_what_a_fault_is_called_is_a_cause_of_the_table() -> None:
    assert {cause for fault in FAULTS for cause in fault.expected if cause} <= CAUSES.keys()
