from proof.deployment import Deployment
from proof.steps import pipeline, server_identity


def test_the_dag_reads_one_database_and_writes_another(deployment: Deployment) -> None:
    pipeline.report_is_made(deployment)


def test_each_connection_is_its_own_database_user(deployment: Deployment) -> None:
    pipeline.connections_are_the_users(deployment)


def test_an_engine_connects_after_its_first_token_has_ended(deployment: Deployment) -> None:
    pipeline.an_engine_outlives_its_token(deployment)


def test_the_log_of_postgresql_names_who_asked_what(deployment: Deployment) -> None:
    pipeline.report_is_made(deployment)
    pipeline.queries_are_on_record(deployment)


def test_no_call_to_aws_is_denied(deployment: Deployment) -> None:
    pipeline.report_is_made(deployment)
    pipeline.nothing_was_denied(deployment)


def test_an_untrusted_certificate_is_refused(deployment: Deployment) -> None:
    server_identity.an_untrusted_certificate_is_refused(deployment)


def test_a_certificate_of_the_right_authority_for_another_name_is_refused(
    deployment: Deployment,
) -> None:
    server_identity.a_certificate_for_another_name_is_refused(deployment)


def test_a_connection_of_airflows_own_is_not_held_to_rds_authorities(
    deployment: Deployment,
) -> None:
    server_identity.trust_is_each_connections_own(deployment)


def test_no_token_is_sent_to_a_server_without_tls(deployment: Deployment) -> None:
    server_identity.no_token_is_sent_without_tls(deployment)
