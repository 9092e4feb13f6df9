"""The capacity of an Aurora Serverless v2 cluster."""

from pydantic import Field, model_validator

from airflow_rds_iam.declaration.part import Model


class Capacity(Model):
    """Between how many capacity units (ACU), of 2 GiB each, the instances of a cluster scale."""

    # "Aurora Serverless v2 capacity"; a cluster that pauses (0) would not answer the regular check.
    min: float = Field(
        default=0.5,
        ge=0.5,
        le=256,
        multiple_of=0.5,
        description="At least: `DBCluster.ServerlessV2ScalingConfiguration`.",
    )
    max: float = Field(
        default=4,
        ge=1,
        le=256,
        multiple_of=0.5,
        description="At most: `DBCluster.ServerlessV2ScalingConfiguration`.",
    )

    @model_validator(mode="after")
    def _room_to_scale(self) -> "Capacity":
        if self.min > self.max:
            raise ValueError(f"min ({self.min:g}) must not exceed max ({self.max:g})")
        return self
