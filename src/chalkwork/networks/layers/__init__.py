"""Layers: each kind in a file of its own, and the table of them.

A file holds what people write (`Dense`: sizes, numbers to start from) and its `LayerKind`, which gives the equations
and the sentences with them and holds no arrays. To add a layer, write such a file and its line in `LAYERS`.
"""

from chalkwork.networks.layers.base import Layer, LayerKind, NamedAdjoint, size
from chalkwork.networks.layers.batch_norm import BatchNorm
from chalkwork.networks.layers.dense import Dense
from chalkwork.networks.layers.dropout import Dropout

LAYERS: dict[str, type[Layer]] = {"dense": Dense, "batch_norm": BatchNorm, "dropout": Dropout}

__all__ = ["LAYERS", "BatchNorm", "Dense", "Dropout", "Layer", "LayerKind", "NamedAdjoint", "size"]
