"""Stands in for the get-pip script that ansible-test would download: the interpreter brings a pip of its own."""

from __future__ import annotations

import subprocess
import sys

# In a process of its own, because it turns pip's configuration off for the process that it runs in.
subprocess.run([sys.executable, "-m", "ensurepip"], check=True)
wanted = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
raise SystemExit(subprocess.call([sys.executable, "-m", "pip", "install", *wanted]))
