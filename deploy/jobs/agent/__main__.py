"""Started as ``python JOB/agent/__main__.py COMMAND``, so that it is never compiled to a file."""

import importlib
import json
import os
import sys

OLDEST = (3, 8)

if __name__ == "__main__":
    if sys.version_info < OLDEST:  # which could not even import the rest
        text = "Python %d.%d is started there, which is older than %d.%d; give the site another"
        print(json.dumps({"error": text % (tuple(sys.version_info[:2]) + OLDEST)}))
        sys.exit(0)
    sys.dont_write_bytecode = True  # half of a module, on a full disk, would be read later
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[0] = os.path.dirname(here)  # the job's folder
    compiled, sys.pycache_prefix = sys.pycache_prefix, os.path.join(os.devnull, "none")
    commands = importlib.import_module("agent.commands")  # of its source: none is believed
    sys.pycache_prefix = compiled
    sys.exit(commands.main(sys.argv[1:]))
