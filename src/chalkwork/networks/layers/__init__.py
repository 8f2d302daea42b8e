"""Layers: each kind in a file of its own, and the table of them.

A file holds what people write (`Dense`: settings, numbers to start from) and its `LayerKind`, which gives the
quantities, the equations and the sentences with them and holds no arrays. Sheets, files and other libraries read the
same declarations. To add a layer, write such a file and its line in `LAYERS`.
"""

from chalkwork.networks.layers.attention import Attention
from chalkwork.networks.layers.base import Foreign, Layer, LayerKind, NamedAdjoint
from chalkwork.networks.layers.batch_norm import BatchNorm
from chalkwork.networks.layers.convolution import Conv1d, Conv2d
from chalkwork.networks.layers.dense import Dense
from chalkwork.networks.layers.dropout import Dropout
from chalkwork.networks.layers.embedding import Embedding
from chalkwork.networks.layers.flatten import Flatten
from chalkwork.networks.layers.gru import GRU
from chalkwork.networks.layers.layer_norm import LayerNorm
from chalkwork.networks.layers.lstm import LSTM
from chalkwork.networks.layers.pooling import AveragePool, GlobalAveragePool, MaxPool
from chalkwork.networks.layers.residual import Residual
from chalkwork.networks.layers.rms_norm import RMSNorm
from chalkwork.networks.layers.rnn import RNN
from chalkwork.networks.layers.transposed import ConvTranspose1d, ConvTranspose2d

LAYERS: dict[str, type[Layer]] = {
    "dense": Dense,
    "batch_norm": BatchNorm,
    "layer_norm": LayerNorm,
    "rms_norm": RMSNorm,
    "dropout": Dropout,
    "residual": Residual,
    "embedding": Embedding,
    "attention": Attention,
    "flatten": Flatten,
    "conv1d": Conv1d,
    "conv2d": Conv2d,
    "conv_transpose1d": ConvTranspose1d,
    "conv_transpose2d": ConvTranspose2d,
    "max_pool": MaxPool,
    "average_pool": AveragePool,
    "global_average_pool": GlobalAveragePool,
    "rnn": RNN,
    "lstm": LSTM,
    "gru": GRU,
}

__all__ = [
    "GRU", "LAYERS", "LSTM", "RNN", "Attention", "AveragePool", "BatchNorm", "Conv1d", "Conv2d", "ConvTranspose1d",
    "ConvTranspose2d", "Dense", "Dropout", "Embedding", "Flatten", "Foreign", "GlobalAveragePool", "Layer", "LayerKind",
    "LayerNorm", "MaxPool", "NamedAdjoint", "RMSNorm", "Residual",
]  # fmt: skip
