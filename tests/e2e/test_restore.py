from collections.abc import Generator

import pytest

from local import restore
from local.deployment import Deployment
from local.restore import Replacement


@pytest.fixture(scope="module")
def replaced(deployment: Deployment) -> Generator[Replacement]:
    with restore.replaced(deployment) as replacement:
        yield replacement


def test_policies_do_not_let_anybody_in_to_another_server_of_the_name(
    replaced: Replacement,
) -> None:
    restore.nobody_logs_in(replaced)


def test_the_new_id_is_declared_and_everybody_is_let_in(replaced: Replacement) -> None:
    restore.the_procedure_lets_them_in(replaced)
