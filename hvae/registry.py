"""A registry: records by their names, found in the modules of a package.

Whoever adds a record writes a module in that package; no list elsewhere names it.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Generic, Protocol, TypeVar


class Named(Protocol):
    """What has a name."""

    @property
    def name(self) -> str: ...


Record = TypeVar("Record", bound=Named)


class Registry(Generic[Record]):
    """Records with distinct names.

    home: the package whose modules bring records, each module in a tuple called `attribute`.
    noun: what a record is, with its article, for messages.
    order: the key by which `all` sorts; by default the name.
    check: called with a record before it is added; raises ValueError if it does not go with `all`.
    """

    def __init__(
        self,
        home: ModuleType,
        attribute: str,
        noun: str,
        *,
        order: Callable[[Record], object] = lambda record: record.name,
        check: Callable[[Record], None] = lambda record: None,
    ) -> None:
        self.home, self.attribute, self.noun = home, attribute, noun
        self.by_name: dict[str, Record] = {}
        self._order, self._check = order, check

    def register(self, record: Record) -> None:
        """Add a record. Raises ValueError if its name is taken, or whatever `check` raises."""
        if record.name in self.by_name:
            raise ValueError(f"{self.noun} {record.name!r} is registered already")
        self._check(record)
        self.by_name[record.name] = record

    def unregister(self, name: str) -> None:
        """Remove a record. Raises KeyError if none has that name."""
        del self.by_name[name]

    def discover(self) -> None:
        """Register the new records of the modules in `home`, which are imported if they are not yet."""
        for module in iter_modules(self.home.__path__, f"{self.home.__name__}."):
            for record in getattr(import_module(module.name), self.attribute):
                if self.by_name.get(record.name) != record:
                    self.register(record)

    def all(self) -> list[Record]:
        """Return all records, in their order."""
        return sorted(self.by_name.values(), key=self._order)
