"""The rules about what joins templates and functions: they import every handler."""

from tests.infra.rules import Rule, readers, wiring

RULES: tuple[Rule, ...] = (*wiring.RULES, *readers.RULES)
