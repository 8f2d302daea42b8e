"""Training in several real processes: the same numbers as in one, and an orderly end where one of them dies."""

import os
import runpy
import signal
import socket
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

PROGRAM = """
    import sys
    from pathlib import Path
    import numpy as np
    number, processes, port, out = int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:5]
    spread, wait = map(int, sys.argv[5:])
    if processes:
        import jax
        jax.distributed.initialize(f"localhost:{port}", processes, number, heartbeat_timeout_seconds=10)
    from chalkwork import Dense, NeuralNetwork
    generator = np.random.default_rng(0)
    x = generator.normal(size=(90, 8))
    y = np.eye(3)[generator.integers(0, 3, 90)]
    layers = [Dense(128, "tanh", inputs=8), Dense(128, "relu"), Dense(3, "softmax")]
    net = NeuralNetwork(layers, "cross_entropy", l2=0.01)
    def slowly(row):
        print(int(row["epoch"]), flush=True)
        import time
        time.sleep(wait / 10)
    history = net.train(x, y, 0.01, epochs=4 if not wait else 10_000, batch_size=32, optimizer="adam", spread=spread,
                        engine="jax", checkpoint=out + ".run" if wait else None, checkpoint_every=0, callback=slowly)
    np.savez(f"{out}{number}", loss=history.loss, **net.parameters)
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("localhost", 0))
        return listener.getsockname()[1]


@pytest.fixture
def start(tmp_path):
    program = tmp_path / "train.py"
    program.write_text(textwrap.dedent(PROGRAM))
    started = []

    def start(number, processes, port, out, spread=1, wait=0):
        words = [number, processes, port, tmp_path / out, spread, wait]
        process = subprocess.Popen(
            [sys.executable, str(program), *map(str, words)],
            env={**os.environ, "JAX_PLATFORMS": "cpu"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def ended(processes, seconds=150):
    found = [process.communicate(timeout=seconds) for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes), found[0][1][-2000:]


@pytest.mark.parametrize("spread", [1, 2])
def test_two_processes_train_the_network_of_one(start, tmp_path, monkeypatch, spread):
    with monkeypatch.context() as patched:
        patched.setattr(sys, "argv", ["train.py", "0", "0", "0", str(tmp_path / "alone"), "1", "0"])
        runpy.run_path(str(tmp_path / "train.py"))
    port = free_port()
    ended([start(number, 2, port, "two", spread) for number in range(2)])
    alone, first, second = (np.load(tmp_path / f"{name}.npz") for name in ("alone0", "two0", "two1"))
    for name in alone:
        np.testing.assert_allclose(first[name], alone[name], rtol=1e-9, atol=1e-11, err_msg=name)
        np.testing.assert_array_equal(first[name], second[name])


def test_a_process_that_dies_ends_the_run_with_a_message_and_a_checkpoint(start, tmp_path):
    port = free_port()
    first, second = (start(number, 2, port, "dies", 1, 1) for number in range(2))
    for _ in range(3):
        assert second.stdout.readline()
    time.sleep(0.05)
    os.kill(second.pid, signal.SIGKILL)
    _, errors = first.communicate(timeout=150)
    assert first.returncode != 0
    assert "another process of the run has died" in errors
    from chalkwork.training.checkpoint import read_tensors

    tensors, metadata = read_tensors(tmp_path / "dies.run")
    assert '"done": ' in metadata["run"] and all(np.isfinite(value).all() for value in tensors.values())
