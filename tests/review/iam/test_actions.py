from review.iam.actions import actions_of, matching


def test_a_wildcard_stands_for_the_real_actions_of_its_service() -> None:
    assert matching("rds-db:*", "rds-db") == {"rds-db:connect"}
    tokens = {"airflow:CreateCliToken", "airflow:CreateWebLoginToken"}
    assert matching("airflow:create*Token", "airflow") == tokens
    assert matching("*", "rds-db") == {"rds-db:connect"}
    assert matching("s3:*", "rds-db") == set()


def test_a_service_that_is_none_has_no_action() -> None:
    assert actions_of("no-such-service") == set()
