"""What others recorded: files of other programs, and lists of probes."""
