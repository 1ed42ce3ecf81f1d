"""The commands: one file each, which is loaded when the command is called.

A command is the function of that name in the file of that name, a `click.Command`.
"""

COMMANDS = (
    "systems", "new", "check", "run", "compare", "explain", "sweep", "export", "reports",
    "conformance", "doctor", "sites", "submit", "status", "logs", "fetch", "cancel", "jobs",
)  # fmt: skip
