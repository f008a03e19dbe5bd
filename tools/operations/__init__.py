"""Operators' commands, against the emulator or an account: look first, then change with a word.

They go through functions that the services publish, as anybody else does; no command touches a
service's table.
"""
