"""Started as ``python JOB/agent COMMAND``."""

import importlib
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.dont_write_bytecode = True  # half of a module, on a full disk, would be read later
    sys.path[0] = str(Path(__file__).resolve().parent.parent)  # the job's folder
    sys.exit(importlib.import_module("agent.commands").main(sys.argv[1:]))
