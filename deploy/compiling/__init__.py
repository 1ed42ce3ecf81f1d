"""Machine code of functions: compiled by numba, and kept on disk."""
