from doctor.document import document
from tests.application import ROOT


def test_the_document_is_the_tables() -> None:
    held = (ROOT / "docs/causes.md").read_text()
    assert held == document(), "run `make schema`"
