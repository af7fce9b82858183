"""Run the benchmarks that need nothing but this machine, one after the other: `python -m benchmarks`."""

import subprocess
import sys
from pathlib import Path

SCRIPTS = ("classical_methods.py", "published_size.py", "training_cost.py", "training_speed.py")

if __name__ == "__main__":
    for script in SCRIPTS:
        print(f"== {script}", flush=True)
        subprocess.run([sys.executable, Path(__file__).with_name(script)], check=True)
