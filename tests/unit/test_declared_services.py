"""A service is declared beside its stack, in a form that a tool can read without the CDK."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from contracts.product import PRODUCT
from shared.read_models.read_model import ReadModel
from stacks.services import NotDeclared, Service, consumers, declared, views
from tools.operations.history import read_model

TEXT = "from stacks.services import Service\n\nSERVICE = Service({})\n"


def test_a_declaration_is_read_as_python_would_make_it(tmp_path: Path) -> None:
    text = TEXT.format('name="gift-cards", owner="a", purpose="b", views=("cards",)')
    (tmp_path / "gift_cards.py").write_text(text)
    (tmp_path / "gift_cards_tables.py").write_text("NO_SERVICE = 1\n")
    made = Service(name="gift-cards", owner="a", purpose="b", views=("cards",))
    assert declared(tmp_path) == (made,)
    assert made.stack_name("dev") == f"{PRODUCT}-dev-gift-cards"


def test_a_further_consumer_is_found_by_its_own_name() -> None:
    service = Service(
        name="returns", owner="a", purpose="b", views=("returned", "reasons"), consumers=("mirror",)
    )
    assert service.parameter_of("returned", "redrive-arn") == "redrive-arn"
    assert service.parameter_of("reasons", "rebuild-arn") == "reasons-rebuild-arn"
    assert service.parameter_of("mirror", "redrive-arn") == "mirror-redrive-arn"


@pytest.mark.parametrize(
    ("declaration", "complaint"),
    [
        (TEXT.format('name="refunds", owner="a"'), "purpose"),
        (TEXT.format('name="refunds", owner=OWNER, purpose="b"'), "must be literals"),
        (TEXT.format('name="refund", owner="a", purpose="b"'), "declared in refund.py"),
        (TEXT.format('name="refunds", owner="a", purpose="b", reads=()'), "reads"),
        ("\nSERVICE = made()\n", "must be Service"),
        ("\nSERVICE = OTHER\nMADE = made()\n", "must be Service"),
        ("\nSERVICE = Service(\n    name=(\n)\n", "must be Service"),
    ],
)
def test_a_declaration_that_no_tool_can_read_is_refused(
    declaration: str, complaint: str, tmp_path: Path
) -> None:
    (tmp_path / "refunds.py").write_text(declaration)
    with pytest.raises(NotDeclared, match=complaint):
        declared(tmp_path)


def test_whoever_reads_declarations_does_not_wait_for_the_cdk() -> None:
    program = "import sys; from stacks.services import declared; declared()"
    loaded = f"{program}; sys.exit('aws_cdk' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", loaded], check=False).returncode == 0


@pytest.mark.parametrize("view", views())
def test_a_declared_view_is_a_read_model_of_its_services_handlers(view: str) -> None:
    assert isinstance(read_model(view), ReadModel)


def test_no_two_services_declare_the_same_consumer() -> None:
    names = [name for it in declared() for name in (*it.views, *it.consumers)]
    assert sorted(names) == sorted(consumers())
