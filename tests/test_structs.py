"""Our data behave as the dataclasses that mypy takes them for."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, TypeVar

import pytest

from scenedock.structs import dataclass, field, field_names, force_setattr, replace

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Login:
    name: str
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AdminLogin(Login):
    rights: str = "all"


@dataclass(frozen=True)
class Address:
    host: str
    port: int = field(default=443, compare=False)
    url: str = field(init=False)

    def __post_init__(self) -> None:
        force_setattr(self, "url", f"https://{self.host}")

    @cached_property
    def labels(self) -> list[str]:
        return self.host.split(".")


@dataclass(slots=True)
class Box(Generic[T]):
    content: T
    others: list[T] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Named:
    others: list[str] = field(default_factory=list)
    name: str


@pytest.mark.parametrize("login", [Login("ada", "s3cr3t"), AdminLogin("ada", "s3cr3t")])
def test_what_is_hidden_is_in_no_text_of_it_or_of_what_holds_it(login: Login) -> None:
    box = Box({login: (login,)})

    texts = [repr(login), str(login), f"{login}", repr(box), repr(replace(login, name="bob")), repr(copy.copy(login))]
    texts += [repr(list(login.__rich_repr__()))]  # type: ignore[attr-defined] # a struct has it

    assert not any("s3cr3t" in text for text in texts)
    assert all("ada" in text or "bob" in text for text in texts)


def test_a_class_with_a_hidden_field_of_its_base_has_its_own_name_and_fields_in_its_text() -> None:
    assert repr(AdminLogin("ada", "s3cr3t")) == "AdminLogin(name='ada', rights='all')"


def test_what_is_not_compared_makes_no_difference() -> None:
    assert Address("a.test", 1) == Address("a.test", 2) != Address("b.test", 1)
    assert len({Address("a.test", 1), Address("a.test", 2), Address("b.test", 1)}) == 2


def test_an_object_of_another_class_is_another() -> None:
    assert AdminLogin("ada") != Login("ada")


def test_what_can_change_has_no_hash() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(Box(1))


def test_what_is_frozen_cannot_be_assigned_to() -> None:
    with pytest.raises(AttributeError):
        Login("ada").name = "bob"  # type: ignore[misc] # what is tested


def test_objects_share_no_default() -> None:
    one, other = Box(1), Box(1)

    one.others.append(2)

    assert other.others == []


COPIES: list[Callable[[Any], Any]] = [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one, 5))]  # noqa: S301


@pytest.mark.parametrize("made_again", COPIES, ids=["copy", "deepcopy", "pickle"])
@pytest.mark.parametrize(
    "one", [Address("a.test", 8), AdminLogin("ada", "s3cr3t", "some"), Box(1, [2]), Named(name="a")]
)
def test_a_copy_has_what_the_original_has(one: Any, made_again: Callable[[Any], Any]) -> None:
    again = made_again(one)

    assert again == one
    assert all(getattr(again, name) == getattr(one, name) for name in field_names(type(one)))


def test_what_follows_from_a_field_follows_from_the_new_one() -> None:
    old = Address("a.test")
    assert old.labels == ["a", "test"]

    new = replace(old, host="b.test")

    assert (new.url, new.labels) == ("https://b.test", ["b", "test"])


@pytest.mark.parametrize("arguments", [{}, {"name": "ada", "password": "x"}])
def test_wrong_arguments_are_type_errors(arguments: dict[str, str]) -> None:
    with pytest.raises(TypeError):
        Login(**arguments)


def test_a_field_that_its_class_would_not_honour_is_refused() -> None:
    with pytest.raises(TypeError, match=r"KeyLogin: a class whose base is a struct has plain defaults"):

        @dataclass(frozen=True, slots=True)
        class KeyLogin(Login):
            key: str = field(default="", repr=False)
