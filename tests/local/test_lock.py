import os
from pathlib import Path

import pytest

from local import lock


def test_a_second_holder_is_refused_and_told_who_the_first_is(tmp_path: Path) -> None:
    with lock.held(tmp_path):
        with pytest.raises(lock.BusyError, match=f"process {os.getpid()}.*make demo-stop"):
            lock.held(tmp_path).__enter__()
        assert lock.holder(tmp_path) == os.getpid()


def test_nobody_holds_what_was_let_go(tmp_path: Path) -> None:
    with lock.held(tmp_path):
        pass
    assert lock.holder(tmp_path) is None
    assert lock.holder(tmp_path / "never") is None
