from proof.deployment import Deployment
from proof.steps import access_matrix, bootstrap, pipeline, privileges, refusals
from proof.steps.access_matrix import AccessMatrix, Cell


def test_no_password_is_stored_anywhere(deployment: Deployment) -> None:
    pipeline.no_password_is_stored(deployment)


def test_nobody_who_can_log_in_is_a_superuser(deployment: Deployment) -> None:
    privileges.nobody_is_superuser(deployment)


def test_the_deployed_function_finds_nothing_left_to_do(deployment: Deployment) -> None:
    bootstrap.nothing_is_left_to_do(deployment)


def test_a_bad_login_is_refused_for_its_reason(deployment: Deployment) -> None:
    refusals.bad_logins_are_refused(deployment)


def test_every_login_gives_what_was_declared(deployment: Deployment, matrix: AccessMatrix) -> None:
    access_matrix.is_as_declared(deployment, matrix)


def test_a_reader_can_select_and_cannot_insert(matrix: AccessMatrix) -> None:
    assert matrix.found[Cell(identity="airflow", database="orders", operation="select")]
    assert not matrix.found[Cell(identity="airflow", database="orders", operation="insert")]


def test_a_writer_can_insert_and_cannot_create(matrix: AccessMatrix) -> None:
    assert matrix.found[Cell(identity="airflow", database="reports", operation="insert")]
    assert not matrix.found[Cell(identity="airflow", database="reports", operation="create")]


def test_an_owner_can_create(matrix: AccessMatrix) -> None:
    assert matrix.found[Cell(identity="shop", database="payroll", operation="create")]


def test_nobody_enters_a_database_without_a_grant(matrix: AccessMatrix) -> None:
    assert not matrix.found[Cell(identity="airflow", database="payroll", operation="connect")]
    assert not matrix.found[Cell(identity="shop", database="postgres", operation="connect")]


def test_a_role_that_is_not_declared_gets_nowhere(matrix: AccessMatrix) -> None:
    assert not any(found for cell, found in matrix.found.items() if cell.identity == "stranger")
