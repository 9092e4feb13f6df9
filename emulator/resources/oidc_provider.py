"""OpenID Connect providers of IAM, of which an account has one for each address.

Source: the CloudFormation schema of AWS::IAM::OIDCProvider and "CreateOpenIDConnectProvider" of the
IAM API reference.
"""

from emulator.engine import Emulator
from emulator.ministack.stacks import Created, Properties, ResourceType, Where


def register(emulator: Emulator) -> None:
    """Handle identity providers."""

    def create(_logical_id: str, new: Properties, _stack: str) -> Created:
        url = new["Url"]
        arn = f"arn:aws:iam::{emulator.account}:oidc-provider/{url.removeprefix('https://')}"
        providers = emulator.store("iam", "_oidc_providers")
        if not url.startswith("https://"):
            raise ValueError(f"Invalid Open ID Connect Provider URL {url} (InvalidInput)")
        if arn in providers:
            raise ValueError(f"Provider with url {url} already exists. (EntityAlreadyExists)")
        providers[arn] = {"Url": url, "Arn": arn, "CreateDate": "", **_lists(new)}
        return arn, {"Arn": arn}

    def update(arn: str, old: Properties, new: Properties, _where: Where) -> Created:
        if old["Url"] != new["Url"]:
            return create("", new, "")
        emulator.store("iam", "_oidc_providers")[arn].update(_lists(new))
        return arn, {"Arn": arn}

    def delete(arn: str, _properties: Properties) -> None:
        emulator.store("iam", "_oidc_providers").pop(arn, None)

    emulator.stacks.handle("AWS::IAM::OIDCProvider", ResourceType(create, delete, update))


def _lists(new: Properties) -> Properties:
    return {
        "ClientIDList": new.get("ClientIdList", []),
        "ThumbprintList": new.get("ThumbprintList", []),
        "Tags": new.get("Tags", []),
    }
