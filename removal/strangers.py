"""Objects for whose sake Amazon S3 would not delete a bucket that is to go."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from deployed.stack import DeployedStack, Template, resources_of, stays

SHOWN = 3


def strangers(s3: Any, stack: DeployedStack) -> Iterator[str]:
    """For each bucket that is to be deleted and would not be: its name, and what is in it.

    Args:
        s3: a boto3 client; it calls ListObjectVersions.
        stack: that is to be removed.
    """
    for logical_id in resources_of(stack.template, "AWS::S3::Bucket"):
        bucket = stack.ids.get(logical_id)
        if bucket is None or stays(stack.template, logical_id):
            continue
        emptied = tuple(_emptied(stack.template, logical_id))
        pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
        keys = (
            one["Key"]
            for page in pages
            for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
            if not one["Key"].startswith(emptied)
        )
        if found := list(islice(keys, SHOWN + 1)):
            more = " and more" if len(found) > SHOWN else ""
            yield f"{bucket}, with {', '.join(found[:SHOWN])}{more}"


def _emptied(template: Template, bucket: str) -> Iterator[str]:
    """What is delivered to a bucket goes with the resource that delivered it."""
    for files in resources_of(template, "Custom::BucketFiles").values():
        if files["Properties"]["Bucket"] == {"Ref": bucket}:
            yield f"{files['Properties']['Prefix']}/"
