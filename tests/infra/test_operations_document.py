"""Whoever an alarm wakes finds what to do in docs/operations.md, and each command is explained."""

import re
from pathlib import Path

from tests.infra.system import CHECKOUT, System

DOCUMENT = (CHECKOUT / "docs" / "operations.md").read_text()
HEADINGS: list[str] = re.findall(r"^### (.+)$", DOCUMENT, re.MULTILINE)


def _section_of(alarm: str) -> str | None:
    """The heading whose words, with gaps for names, are the alarm's."""
    for heading in HEADINGS:
        for words in heading.split(", "):
            if re.fullmatch(re.escape(words).replace(r"\.\.\.", ".+"), alarm):
                return heading
    return None


def test_every_alarm_has_a_section(system: System) -> None:
    alarms = list(system.resources("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"))
    assert alarms
    for alarm in alarms:
        description = alarm.properties["AlarmDescription"]
        assert description.endswith("; see docs/operations.md"), f"{alarm}: {description}"
        what = description.partition(": ")[2].removesuffix("; see docs/operations.md")
        assert _section_of(what.partition(":")[0]), f"no section for {description!r}"


def test_every_operators_command_has_a_section() -> None:
    makefile = Path(CHECKOUT / "Makefile").read_text()
    commands = re.findall(r"^([a-z-]+): setup.*\n\t@\$\(OPERATE\)", makefile, re.MULTILINE)
    assert len(commands) > 5
    assert {f"make {command}" for command in commands} == {
        heading for heading in HEADINGS if heading.startswith("make ")
    }
