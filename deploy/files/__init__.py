"""Files and folders that are whole or not there, and read with suspicion."""
