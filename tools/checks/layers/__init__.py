"""Holds who may import whom, with contracts that follow from the folders."""
