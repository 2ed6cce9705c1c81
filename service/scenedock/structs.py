"""The classes of our data: dataclasses for mypy, msgspec's structs when the program runs.

A struct is defined in a thirtieth of a dataclass's time, made in half of it, and replaced in a tenth (decision 97).
mypy, which checks all our code, sees the ordinary functions here: they say more of types than msgspec's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["dataclass", "field", "field_names", "force_setattr", "replace"]

if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace

    def force_setattr(one: object, name: str, value: object, /) -> None:
        """Set what is frozen: only for `__post_init__`."""
else:
    from operator import attrgetter
    from typing import NamedTuple

    from msgspec import NODEFAULT, Struct
    from msgspec import field as field_of_struct
    from msgspec.structs import force_setattr, replace

    class field(NamedTuple):  # noqa: N801 - it has the name of what it stands for
        """As `dataclasses.field`. What isn't of `init` is None until `__post_init__` sets it."""

        default: Any = NODEFAULT
        default_factory: Any = NODEFAULT
        init: bool = True
        repr: bool = True
        compare: bool = True

        def of_struct(self):
            """The field as msgspec has it."""
            if not self.init:
                return None
            return field_of_struct(default=self.default, default_factory=self.default_factory)

    def dataclass(kind=None, /, *, slots=False, frozen=False, eq=True, **settings):
        """As `dataclasses.dataclass`, with the settings that are used here."""
        if kind is None:
            return lambda kind: dataclass(kind, slots=slots, frozen=frozen, eq=eq, **settings)
        if isinstance(kind, type(Struct)):  # its base is a struct already
            if any(isinstance(default, field) for default in kind.__struct_defaults__):
                raise TypeError(f"{kind.__qualname__}: a class whose base is a struct has plain defaults, no field()")
            return kind
        content = {name: value for name, value in kind.__dict__.items() if name not in {"__dict__", "__weakref__"}}
        fields = {name: value for name, value in content.items() if isinstance(value, field)}
        content |= {name: each.of_struct() for name, each in fields.items()}
        content["__qualname__"] = kind.__qualname__
        bases = (Struct, *(each for each in kind.__bases__ if each is not object))
        settings |= {} if slots else {"dict": True}
        made = type(Struct)(kind.__name__, bases, content, frozen=frozen, eq=eq, **settings)
        compared = [name for name in made.__struct_fields__ if name not in fields or fields[name].compare]
        if eq and len(compared) < len(made.__struct_fields__):
            _compare(made, attrgetter(*compared), frozen)
        if hidden := [name for name, each in fields.items() if not each.repr]:
            _hide(made, hidden)
        return made

    def _compare(made, of, frozen):
        def equal(one, other):
            return of(one) == of(other) if one.__class__ is other.__class__ else NotImplemented

        made.__eq__ = equal
        made.__hash__ = (lambda one: hash(of(one))) if frozen else None

    def _hide(made, hidden):
        def shown(one):
            return [(name, getattr(one, name)) for name in one.__struct_fields__ if name not in hidden]

        def text(one):
            return f"{one.__class__.__qualname__}({', '.join(f'{name}={value!r}' for name, value in shown(one))})"

        made.__repr__ = text
        made.__rich_repr__ = shown  # by which `rich` shows it


def field_names(kind: type[Any]) -> tuple[str, ...]:
    """The names of the fields of a class that `dataclass` made."""
    names: tuple[str, ...] = kind.__struct_fields__
    return names
