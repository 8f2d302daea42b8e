"""How fast networks are trained on a GPU, beside PyTorch (eager, compiled, by CUDA graphs) and JAX by hand.

    python benchmarks/gpu.py [--rounds N] [--cases w64,w128,c512,d]

As `training.py`, whose cases and peers these are; all do float32 products in float32, not in TF32. JAX takes the GPU
by itself where it is installed for one (`pip install 'jax[cuda12]'`); what each library finds is printed first. Without
a GPU everything runs on the processor, which shows that it runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PEERS = "chalkwork, jax;JAX by hand;PyTorch;torch.compile;torch, CUDA graphs"
FOUND = {
    "JAX": "import jax; print(*jax.devices())",
    "PyTorch": "import torch; print(torch.cuda.get_device_name() if torch.cuda.is_available() else 'no GPU')",
}


def main() -> None:
    """Say what there is, then measure."""
    for library, source in FOUND.items():
        done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True)
        print(f"{library}: {done.stdout.strip() or 'not installed'}", flush=True)
    settings = {"BENCHMARK_ON_GPU": "1", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}  # two libraries share the memory
    usual = ["--cases", "w64,w128,c512,d", "--rounds", "5", "--peers", PEERS]
    command = [sys.executable, str(Path(__file__).with_name("training.py")), *usual, *sys.argv[1:]]
    sys.exit(subprocess.run(command, env=os.environ | settings).returncode)


if __name__ == "__main__":
    main()
