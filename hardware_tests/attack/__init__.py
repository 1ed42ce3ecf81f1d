"""Attacks on jobs, files and states, by seeds; see `hardware_tests.attack.__main__`."""
