"""What holds for every template: each rule yields a sentence for each place that breaks it."""

from collections.abc import Callable, Iterator

from tests.infra.system import System

Rule = Callable[[System], Iterator[str]]
