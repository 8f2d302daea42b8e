"""Many devices, in one process or in many: which part of an array lies where.

The samples of a batch are spread over all devices (data parallel); on request the units of large layers are spread
over some of them too. JAX puts in the communication that the equations need: a sum over samples becomes a sum over
devices (Xu et al., GSPMD, 2021).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chalkwork.errors import ChalkworkError
from chalkwork.training.step import Array, Step

LARGE = 64
"""Units for each device from which a layer is spread on request."""


class Devices:
    """All devices of all processes as a grid: samples along one side, units along the other.

    Raises ChalkworkError where the number of devices is no multiple of `units`.
    """

    def __init__(self, jax: Any, units: int = 1) -> None:
        count = jax.device_count()
        if isinstance(units, bool) or not isinstance(units, int) or units < 1 or count % units:
            raise ChalkworkError(f"the units cannot be spread over {units!r} of {count} devices")
        self.jax, self.units = jax, units
        self.sharding = jax.sharding
        self.mesh = self.sharding.Mesh(np.array(jax.devices()).reshape(-1, units), ("samples", "units"))

    @property
    def several(self) -> bool:
        """Whether there is anything to be spread."""
        return int(self.mesh.size) > 1

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes files and shows progress."""
        return int(self.jax.process_index()) == 0

    def everywhere(self, value: Array) -> Any:
        """The whole array on every device."""
        return self._placed(value, self.sharding.PartitionSpec())

    def parameter(self, value: Array) -> Any:
        """A parameter: whole on every device, or its units spread."""
        rows, columns = value.shape
        spec = self.sharding.PartitionSpec
        if self.units > 1 and min(value.shape) > 1:
            if columns % self.units == 0 and columns >= LARGE * self.units:
                return self._placed(value, spec(None, "units"))
            if rows % self.units == 0 and rows >= LARGE * self.units:
                return self._placed(value, spec("units", None))
        return self._placed(value, spec())

    def _placed(self, value: Array, spec: Any) -> Any:
        place = self.sharding.NamedSharding(self.mesh, spec)
        return self.jax.make_array_from_callback(value.shape, place, lambda index: value[index])

    def batch(self, value: Any, step: Step) -> Any:
        """A batch, inside a compiled program: its samples spread, where each device gets as many."""
        axis = step.sample_axis % 2 if value.ndim == 2 else 0
        if value.shape[axis] % self.mesh.shape["samples"]:
            return value
        spec = ["samples" if place == axis else None for place in range(value.ndim)]
        place = self.sharding.NamedSharding(self.mesh, self.sharding.PartitionSpec(*spec))
        return self.jax.lax.with_sharding_constraint(value, place)

    def whole(self, value: Any) -> Array:
        """An array of any placement, as a NumPy array of its own."""
        if isinstance(value, np.ndarray) or value.is_fully_addressable or value.is_fully_replicated:
            return np.array(value)
        from jax.experimental.multihost_utils import process_allgather

        return np.array(process_allgather(value, tiled=True))
