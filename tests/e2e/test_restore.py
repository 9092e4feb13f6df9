from collections.abc import Generator

import pytest

from proof.deployment import Deployment
from proof.steps import restore
from proof.steps.restore import Replacement


@pytest.fixture
def replaced(deployment: Deployment) -> Generator[Replacement]:
    with restore.replaced(deployment) as replacement:
        yield replacement


def test_another_server_of_the_name_lets_nobody_in_until_its_id_is_declared(
    replaced: Replacement,
) -> None:
    restore.nobody_logs_in(replaced)
    restore.the_procedure_lets_them_in(replaced)


def test_what_another_stack_tells_anew_is_heard_at_the_next_deploy(replaced: Replacement) -> None:
    restore.nobody_logs_in(replaced)
    restore.the_next_change_lets_them_in(replaced)
