"""S3's buckets: with their tags, and not deleted while they hold objects."""

from local.aws.emulator import Created, Emulator, Properties, ResourceType


def register(emulator: Emulator) -> None:
    """Handle buckets."""
    own = emulator.resource_type("AWS::S3::Bucket")
    tags = emulator.store("s3", "_bucket_tags")

    def tag(name: str, properties: Properties) -> None:
        tags[name] = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}

    def create(logical_id: str, properties: Properties, stack: str) -> Created:
        name, attributes = own.create(logical_id, properties, stack)
        tag(name, properties)
        return name, attributes

    def update(name: str, old: Properties, new: Properties) -> Created:
        created = own.change(name, old, new)
        tag(name, new)
        return created

    def delete(name: str, properties: Properties) -> None:
        bucket = emulator.store("s3", "_buckets").get(name)
        if bucket and bucket["objects"]:
            raise ValueError(f"The bucket you tried to delete is not empty: {name}")
        own.delete(name, properties)

    emulator.handle("AWS::S3::Bucket", ResourceType(create, delete, update))
