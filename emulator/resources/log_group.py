"""CloudWatch Logs' log groups: of a name that is free, with a key that the service may use.

Source: CloudWatch Logs user guide, "Encrypt log data in CloudWatch Logs using AWS KMS".
"""

from emulator.engine import Emulator
from emulator.ministack.stacks import Properties

_ACTIONS = ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey")


def register(emulator: Emulator) -> None:
    """Check log groups, and name those that no template names."""

    def check(new: Properties, old: Properties | None) -> None:
        name, key = new.get("LogGroupName", ""), new.get("KmsKeyId")
        renamed = old is None or old.get("LogGroupName") != new.get("LogGroupName")
        if renamed and name in emulator.store("cloudwatch_logs", "_log_groups"):
            raise ValueError(
                "Resource of type 'AWS::Logs::LogGroup' with identifier "
                f'\'{{"/properties/LogGroupName":"{name}"}}\' already exists.'
            )
        if key and (renamed or (old or {}).get("KmsKeyId") != key):
            group = f"arn:aws:logs:{emulator.region}:{emulator.account}:log-group:{name}"
            service = f"logs.{emulator.region}.amazonaws.com"
            context = {"kms:EncryptionContext:aws:logs:arn": group}
            if not all(
                emulator.identities.key_serves(key, service, action, context) for action in _ACTIONS
            ):
                raise ValueError(
                    "The specified KMS key does not exist or is not allowed to be used with Arn "
                    f"'{group}'"
                )

    emulator.stacks.check("AWS::Logs::LogGroup", properties=check)
    emulator.stacks.name("AWS::Logs::LogGroup", "LogGroupName")
