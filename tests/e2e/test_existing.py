"""What a team has already, as `make demo-existing` shows it."""

from pathlib import Path

from proof.existing import story
from proof.progress import Progress


def test_what_exists_is_looked_at_taken_over_used_and_given_back(tmp_path: Path) -> None:
    story.tell(Progress(), tmp_path)
