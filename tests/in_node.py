"""The page's own program, run by Node: what it makes of some data."""

import json
import shutil
import subprocess

import pytest

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="Node runs the page's program")


def in_node(program, call, data):
    """What `call`, a function in JavaScript, makes of the data; numbers that are not finite travel as texts."""
    said = """
const numbers = (key, value) => (typeof value === "number" && !Number.isFinite(value) ? String(value)
  : ArrayBuffer.isView(value) ? Array.from(value) : value);
const data = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify((CALL)(data), numbers));
"""
    source = f"{program}\n{said.replace('CALL', call)}"
    ran = subprocess.run([NODE, "-e", source], input=json.dumps(data), capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr[-2000:]
    return json.loads(ran.stdout)
