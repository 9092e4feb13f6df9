"""S3's buckets: with their tags, and not deleted while they hold a version of an object."""

from emulator.engine import Emulator
from emulator.ministack.stacks import Created, Properties, ResourceType, Where


def register(emulator: Emulator) -> None:
    """Handle buckets."""
    own = emulator.stacks.resource_type("AWS::S3::Bucket")
    tags = emulator.store("s3", "_bucket_tags")

    def tag(name: str, properties: Properties) -> None:
        tags[name] = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}

    def create(logical_id: str, properties: Properties, stack: str) -> Created:
        name, attributes = own.create(logical_id, properties, stack)
        tag(name, properties)
        return name, attributes

    def update(name: str, old: Properties, new: Properties, where: Where) -> Created:
        created = own.change(name, old, new, where)
        tag(name, new)
        return created

    def delete(name: str, properties: Properties) -> None:
        bucket = emulator.store("s3", "_buckets").get(name)
        versions = emulator.store("s3", "_object_versions")
        # Markers of a deletion are versions, too.
        held = any(entries for (holder, _), entries in versions.items() if holder == name)
        if bucket and (bucket["objects"] or held):
            raise ValueError(f"The bucket you tried to delete is not empty: {name}")
        own.delete(name, properties)

    def check_policy(new: Properties, _old: Properties | None) -> None:
        if new["Bucket"] not in emulator.store("s3", "_buckets"):
            raise ValueError(f"The specified bucket does not exist: {new['Bucket']}")

    emulator.stacks.handle("AWS::S3::Bucket", ResourceType(create, delete, update))
    emulator.stacks.check("AWS::S3::BucketPolicy", properties=check_policy)
