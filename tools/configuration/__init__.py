"""Configuration as git has it: checked, compared with what is deployed, deployed, and looked after.

`config/{environment}/{service}.json` is the truth; `docs/configuration.md` says how to change it.
"""
