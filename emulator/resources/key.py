"""KMS's keys: who names one needs it to exist, and to be neither disabled nor on its way out.

Source: AWS KMS developer guide, "Key states of AWS KMS keys".
"""

from functools import partial

from emulator.engine import Emulator
from emulator.ministack.stacks import Properties

_NAMED_BY = {
    "AWS::Lambda::Function": ("KmsKeyArn",),
    "AWS::Logs::LogGroup": ("KmsKeyId",),
    "AWS::MWAA::Environment": ("KmsKey",),
    "AWS::RDS::DBInstance": ("KmsKeyId", "PerformanceInsightsKMSKeyId"),
    "AWS::SNS::Topic": ("KmsMasterKeyId",),
    "AWS::SecretsManager::Secret": ("KmsKeyId",),
}


def register(emulator: Emulator) -> None:
    """Check the keys that resources name anew."""

    def check(names: tuple[str, ...], new: Properties, old: Properties | None) -> None:
        for name in names:
            key = str(new.get(name) or "")
            changed = key and key != (old or {}).get(name)
            # AWS's own keys, by an alias, are made when they are first used.
            if not changed or "alias/" in key:
                continue
            record = emulator.store("kms", "_keys").get(key.rpartition("/")[2])
            if record is None:
                raise ValueError(f"Key '{key}' does not exist (NotFoundException)")
            if record["KeyState"] != "Enabled":
                state = {"PendingDeletion": "pending deletion", "Disabled": "disabled"}
                said = state.get(record["KeyState"], record["KeyState"])
                raise ValueError(f"{record['Arn']} is {said}. (KMSInvalidStateException)")

    for kind, names in _NAMED_BY.items():
        emulator.stacks.check(kind, properties=partial(check, names))
