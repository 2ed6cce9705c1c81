"""One compiled skeleton for many bakes: right under threads, bounded in memory."""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random
from threading import Barrier

from scenedock.skeletons.rendering.bake import bake
from scenedock.skeletons.rendering.compiled import MEMORY_OF_A_BYTE, MEMORY_OF_ONE, CompiledSkeleton, CompiledSkeletons
from scenedock.skeletons.skeleton import Skeleton
from tests.skeletons.in_memory import baked, skeleton_of

STATE = """
{%- set state = namespace(seen=[]) -%}
{%- macro see(x) %}{% set _ = state.seen.append(x) %}{{ state.seen|join(',') }}{% endmacro -%}
"""


def test_eight_threads_bake_three_skeletons_two_hundred_times_each_and_none_is_mixed() -> None:
    files = {
        "a.txt": "{% import 'state.txt' as s %}{{ s.see(cookiecutter.name) }}\n",
        "b/{{cookiecutter.name}}.txt": "{% for i in range(20) %}{{ cookiecutter.name }}{{ i }} {% endfor %}\n",
        "c.txt": "{% set _ = cookiecutter.update({'later': cookiecutter.name}) %}{{ cookiecutter.more }}",
        "d.txt": "{{ cookiecutter.later }}{{ cookiecutter['list']['items'].append(cookiecutter.name) or '' }}"
        "{{ cookiecutter['list'] }}",
        "/templates/state.txt": STATE,
    }
    questions = {"name": "x", "more": "{{ cookiecutter.name }} of {}", "list": {"items": []}}
    skeletons = [
        skeleton_of({**questions, "kind": kind}, {**files, "kind.txt": f"{kind} {{{{ cookiecutter.kind }}}}"})
        for kind in ("one", "two", "three")
    ]
    expected = {
        (kind, name): bake(CompiledSkeleton(skeletons[kind]), {"slug": f"s{name}", "name": f"n{name}"})[0]
        for kind in range(3)
        for name in range(20)
    }
    compiled = [CompiledSkeleton(skeleton) for skeleton in skeletons]
    start = Barrier(8)

    def work(seed: int) -> int:
        random = Random(seed)  # noqa: S311 - nothing depends on it but the order
        start.wait()
        wrong = 0
        for _ in range(200):
            kind, name = random.randrange(3), random.randrange(20)
            tree, _ = bake(compiled[kind], {"slug": f"s{name}", "name": f"n{name}"})
            wrong += tree != expected[kind, name]
        return wrong

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(work, range(8))) == [0] * 8


def test_what_an_imported_template_collects_does_not_outlive_the_bake() -> None:
    files = {
        "a.txt": "{% import 'state.txt' as s %}{{ s.see(cookiecutter.slug) }}",
        "b.txt": "{% import 'state.txt' as s %}{{ s.see('b') }}",
        "/templates/state.txt": STATE,
    }
    compiled = CompiledSkeleton(skeleton_of({}, files))

    for name in ("first", "second"):
        contents = [file.content.decode() for file in bake(compiled, {"slug": name})[0].files]
        assert contents == [name, f"{name},b"]


def test_the_answers_are_not_changed_by_a_bake() -> None:
    answers = {"list": {"items": ["a"]}}

    baked({"list": {"items": []}}, {"a.txt": "{{ cookiecutter['list']['items'].append('b') }}"}, answers)

    assert answers == {"list": {"items": ["a"]}}


def version(number: int) -> Skeleton:
    body = f"{{{{ cookiecutter.slug }}}} {number} {{% for x in range(3) %}}{{{{ x }}}}{{% endfor %}}\n" * 3
    return skeleton_of({}, {f"{n}.txt": f"{n} {body}" for n in range(2)}, version=str(number))


def test_the_store_keeps_what_was_used_last() -> None:
    read: list[str] = []
    store = CompiledSkeletons(most=2)

    def use(name: str) -> None:
        def open_it() -> Skeleton:
            read.append(name)
            return skeleton_of({}, {"a.txt": name}, version=name)

        assert store.get(name, open_it).skeleton.version == name

    for name in ("a", "b", "a", "c", "a", "b"):
        use(name)

    assert read == ["a", "b", "c", "b"]
    assert len(store) == 2


def test_a_skeleton_larger_than_the_store_is_not_kept() -> None:
    store = CompiledSkeletons(most_bytes=100)

    store.get("large", lambda: skeleton_of({}, {"a.txt": "x" * 200}))

    assert len(store) == 0


def test_of_five_hundred_versions_only_those_in_the_store_are_alive() -> None:
    store = CompiledSkeletons(most=64)
    all_of_them = []
    for number in range(500):
        compiled = store.get(str(number), partial(version, number))
        bake(compiled, {})
        all_of_them.append(weakref.ref(compiled))
        del compiled
    gc.collect()

    alive = [number for number, reference in enumerate(all_of_them) if reference() is not None]

    assert alive == list(range(500 - 64, 500))


def test_a_kept_skeleton_needs_no_more_than_the_stated_memory() -> None:
    store = CompiledSkeletons()
    bake(store.get("warm", partial(version, -1)), {})
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(10):
            bake(store.get(str(number), partial(version, number)), {})
        gc.collect()
        kept = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    source = sum(len(file.content) for file in version(0).files.values())

    assert kept < 10 * (MEMORY_OF_ONE + MEMORY_OF_A_BYTE * source)
