"""The connections that a DAG which looks into them is triggered with."""

from authoring import Param, get_current_context, task

PARAMS = {
    "connection_ids": Param(
        ["warehouse_orders", "warehouse_reports"], type="array", items={"type": "string"}
    )
}


@task
def connection_ids() -> list[str]:
    """Their ids, as the run was told them."""
    return get_current_context().get("params", {})["connection_ids"]
