"""Networks as others keep them: own files, ONNX, and the weights of PyTorch and Keras.

`model_file` keeps a whole network in safetensors (`architecture` says what is written of each layer), `onnx_file`
writes the inference graph; `pytorch` and `keras` carry weights across (`foreign` is the table of what they call them).
`table` lists the file formats. What comes from a file is data, bounded and checked, and never executed.
"""

from chalkwork.exchange.keras import keras_layers, keras_weights, load_keras_weights
from chalkwork.exchange.model_file import load_model, save_model
from chalkwork.exchange.onnx_file import to_onnx
from chalkwork.exchange.pytorch import from_torch, load_torch_state, to_torch, torch_state
from chalkwork.exchange.table import EXCHANGES, load_network, save_network

__all__ = [
    "EXCHANGES", "from_torch", "keras_layers", "keras_weights", "load_keras_weights", "load_model", "load_network",
    "load_torch_state", "save_model", "save_network", "to_onnx", "to_torch", "torch_state",
]  # fmt: skip
