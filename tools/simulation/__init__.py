"""The whole system in one process under one seed: the real code on an AWS that breaks by dice."""
