"""Answers are data, and a skeleton stays in its folder: one test for each hole that plain cookiecutter leaves open."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scenedock.effects.bakes.baked_trees import write_tree
from scenedock.effects.bakes.confined_bakes import ConfinedBakes
from scenedock.effects.skeletons.folders import read_skeleton
from scenedock.effects.skeletons.library import OpenedSkeleton
from scenedock.errors import NotAllowedError
from scenedock.model.json import JsonObject
from scenedock.skeletons.problems import AnswersError, SkeletonError
from scenedock.skeletons.rendering.bake import Surroundings, bake
from scenedock.skeletons.rendering.compiled import CompiledSkeleton
from scenedock.skeletons.rendering.output import BakedTree, OutputPathError
from scenedock.skeletons.rendering.provenance import Provenance
from scenedock.usecases.skeletons.bake_skeleton import bake_opened
from tests.skeletons.in_memory import ROOT, baked, rendered, skeleton_of

PAYLOADS = [
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ 7 * 7 }}",
    "{% for x in range(9) %}x{% endfor %}",
    "{# gone #}",
    "{{",
    "{% raw %}",
    "{% include '/etc/passwd' %}",
]


def opened(skeleton: Any, *allow: Any) -> OpenedSkeleton:
    return OpenedSkeleton(CompiledSkeleton(skeleton), Provenance("demo"), frozenset(allow))


# Hole 1: an answer is executed.


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_text_answer_comes_out_verbatim(payload: str) -> None:
    assert rendered("{{ cookiecutter.name }}|{{ _cookiecutter.name }}", {"name": "x"}, name=payload) == (
        f"{payload}|{payload}"
    )


@pytest.mark.parametrize("payload", PAYLOADS)
def test_an_answer_comes_out_verbatim_through_the_default_of_another_question(payload: str) -> None:
    questions = {"name": "x", "title": "<{{ cookiecutter.name }}>", "__key": "{{ cookiecutter.title }}"}

    assert rendered("{{ cookiecutter.title }}{{ cookiecutter.__key }}", questions, name=payload) == f"<{payload}>" * 2


@pytest.mark.parametrize("payload", PAYLOADS)
def test_keys_and_values_of_an_object_come_out_verbatim(payload: str) -> None:
    body = "{% for k, v in cookiecutter.o.items() %}{{ k }}={{ v }};{% endfor %}"
    answer = {"known": payload, payload: "v", "deep": {"list": [payload]}}

    assert rendered(body, {"o": {"known": "{{ cookiecutter.slug }}"}}, o=answer) == (
        f"known={payload};{payload}=v;deep={ {'list': [payload]} };"
    )


@pytest.mark.parametrize("payload", PAYLOADS)
def test_an_answer_to_a_choice_or_a_yes_no_question_is_one_of_its_own(payload: str) -> None:
    for questions in ({"q": ["a", "b"]}, {"q": ["a", "{{ cookiecutter.slug }}"]}, {"q": True}, {"q": 1}):
        with pytest.raises(AnswersError, match="q: "):
            rendered("x", questions, q=payload)


@pytest.mark.parametrize("payload", ["{{ 7 * 7 }}", "{% if x %}", "{# c #}"])
def test_an_answer_that_names_a_folder_or_file_is_no_template_either(payload: str) -> None:
    tree = baked({"name": "x"}, {"{{cookiecutter.name}}.txt": "", "d {{cookiecutter.name}}/f": ""}, {"slug": payload})

    assert tree.root == payload
    assert f"{payload}/x.txt" in [file.path for file in tree.files]


def test_an_answer_is_data_under_other_delimiters_too() -> None:
    options = {"variable_start_string": "[[", "variable_end_string": "]]", "line_statement_prefix": "%%"}
    questions = {"slug": "s", "name": "x", "_jinja2_env_vars": options}
    skeleton = skeleton_of(questions, {"/[[cookiecutter.slug]]/a.txt": "[[ cookiecutter.name ]]"})
    skeleton = type(skeleton)("demo", "1", skeleton.files, {"[[cookiecutter.slug]]": 0o755})

    tree, _ = bake(CompiledSkeleton(skeleton), {"name": "[[ 7 * 7 ]]\n%% for x in y"}, Surroundings())

    assert tree.files[0].content == b"[[ 7 * 7 ]]\n%% for x in y"


# Hole 2: bodies run unsandboxed. (The limits are in test_limits.py.)


@pytest.mark.parametrize(
    "body",
    [
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ cookiecutter|attr('__class__') }}",
        "{{ self.__init__.__globals__ }}",
        "{{ namespace.__init__ }}",
        "{{ '{0.__class__}'.format(1) }}",
        "{{ '{x.__class__}'.format_map({'x': 1}) }}",
        "{{ lipsum.__globals__ }}",
        "{{ jsonify.__globals__ }}{{ random_ascii_string.__globals__ }}",
        "{{ uuid4.__globals__ }}",
        "{{ range.__self__ }}",
        "{% set f = joiner.__call__.__func__ %}{{ f }}",
        "{{ ([]|map(attribute='__class__'))|list }}{{ [1]|map(attribute='__class__')|join }}",
    ],
)
def test_a_template_reaches_no_python_behind_its_values(body: str) -> None:
    with pytest.raises(SkeletonError, match=r"a\.txt:1"):
        rendered(body)


@pytest.mark.parametrize("default", ["{{ ''.__class__ }}", "{{ cycler.__init__.__globals__ }}"])
def test_nor_does_the_default_of_a_question_or_a_file_name(default: str) -> None:
    with pytest.raises(SkeletonError, match=r"cookiecutter\.json:3"):
        rendered("x", {"name": default})
    with pytest.raises(SkeletonError, match="unsafe"):
        baked({}, {default: ""}, {})


def test_an_include_finds_nothing_outside_the_skeleton(tmp_path: Path) -> None:
    for name in ("/etc/passwd", "../cookiecutter.json", "../../etc/passwd", "cookiecutter.json"):
        with pytest.raises(SkeletonError, match="there is no template"):
            rendered("{% include cookiecutter.name %}", {"name": "x"}, name=name)


# Hole 3: extensions import Python of the skeleton's choice.


@pytest.mark.parametrize("extension", ["local_extensions.Shout", "os.path", "jinja2.ext.DebugExtension"])
def test_an_extension_is_refused_unless_the_skeleton_is_allowed_it(extension: str) -> None:
    skeleton = skeleton_of({"_extensions": [extension]}, {"a.txt": "x", "/local_extensions.py": "raise SystemExit"})

    with pytest.raises(NotAllowedError, match=r"extensions: .*add `allow: \[extensions\]`"):
        bake_opened(opened(skeleton, "hooks"), {}, ConfinedBakes())


@pytest.mark.parametrize("hook", ["pre_prompt.py", "pre_gen_project.sh", "post_gen_project.py"])
def test_a_hook_is_refused_unless_the_skeleton_is_allowed_it(hook: str) -> None:
    skeleton = skeleton_of({}, {"a.txt": "x", f"/hooks/{hook}": "raise SystemExit"})

    with pytest.raises(NotAllowedError, match=rf"hooks: hooks/{hook}.*add `allow: \[hooks\]`"):
        bake_opened(opened(skeleton, "extensions"), {}, ConfinedBakes())


def test_a_hook_beside_nested_skeletons_or_in_one_is_refused_too() -> None:
    nested = {"/inner/cookiecutter.json": '{"slug": "x"}', f"/inner/{ROOT}/a.txt": "x"}
    questions = '{"templates": {"inner": {"path": "inner"}}}'
    for hook in ("/hooks/pre_prompt.py", "/inner/hooks/post_gen_project.py"):
        with pytest.raises(NotAllowedError, match="hooks"):
            bake_opened(opened(skeleton_of(questions, {**nested, hook: ""})), {}, ConfinedBakes())


# Hole 4: an answer that names a file or folder writes outside.


@pytest.mark.parametrize(
    "answer",
    ["../x", "..", "a/../../x", "a/../b", "/etc/x", "//x", "C:x", "c:\\x", "\\\\host\\x", "a\\..\\b", "x\0y", "x\ny"],
)
@pytest.mark.parametrize("place", ["{{cookiecutter.name}}", "{{cookiecutter.name}}/f.txt", "sub/{{cookiecutter.name}}"])
def test_a_path_that_leaves_the_project_is_refused_and_the_answer_named(answer: str, place: str) -> None:
    if place.startswith("sub") and answer in {"/etc/x", "//x", "C:x"}:
        answer = f"../{answer}"

    with pytest.raises(OutputPathError, match="check the answer to name"):
        baked({"name": "x"}, {place: "", "sub/other": ""}, {"name": answer})
    with pytest.raises(OutputPathError, match="check the answer to slug"):
        baked({}, {"a.txt": ""}, {"slug": answer if answer != "//x" else "/x"})


@pytest.mark.parametrize(
    "answer", [".git", ".GIT", ".git/hooks", "a/.git", ".git. ", "GIT~1", ".git:x", ".g\u200cit", "\ufeff.Git"]
)
def test_no_answer_writes_into_a_git_folder(answer: str) -> None:
    with pytest.raises(OutputPathError, match=r"\.git"):
        baked({}, {"a.txt": ""}, {"slug": answer})


@pytest.mark.parametrize(
    "answer",
    ["con", "NUL", "aux.txt", "Com1", "lpt9.log", "com¹", "PRN .x", "conin$", "x/con/y", "a\u202etxt", "\u2066a"],
)
def test_no_answer_makes_a_name_that_means_something_else_on_windows_or_to_a_reader(answer: str) -> None:
    reason = "device on Windows" if answer.isprintable() else "changes the direction of text"

    for place in ("{{cookiecutter.name}}", "{{cookiecutter.name}}/f.txt", "{{cookiecutter.name|upper}}"):
        with pytest.raises(OutputPathError, match=f"{reason}; check the answer to name"):
            baked({"name": "x"}, {place: ""}, {"name": answer})


@pytest.mark.parametrize("answer", ["console", "com", "com10", "auxiliary", "nul-x", "x.con", "שלום"])
def test_names_that_only_resemble_devices_are_taken(answer: str) -> None:
    assert baked({"name": "x"}, {"{{cookiecutter.name}}": ""}, {"name": answer}).files[0].path == f"project/{answer}"


def test_an_author_may_use_such_a_name() -> None:
    tree = baked({"name": "x"}, {"aux/{{cookiecutter.name}}": ""}, {})

    assert [file.path for file in tree.files] == ["project/aux/x"]
    with pytest.raises(OutputPathError, match="'nul' is the name of a device"):
        baked({"name": "x"}, {"aux/{{cookiecutter.name}}": ""}, {"name": "nul"})


def test_a_file_of_the_skeleton_whose_name_is_not_utf_8_is_refused() -> None:
    with pytest.raises(OutputPathError, match="it is not UTF-8"):
        baked({}, {"\udcff.txt": ""}, {})


def test_the_name_may_come_from_a_default_that_an_answer_went_into() -> None:
    questions = {"name": "x", "folder": "{{ cookiecutter.name|lower }}/f"}

    with pytest.raises(OutputPathError, match="check the answer to name"):
        baked(questions, {"{{cookiecutter.folder}}": ""}, {"name": "../../X"})


def test_what_is_in_the_way_on_disk_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "link").symlink_to(tmp_path / "outside")
    tree = baked({}, {"a.txt": "x"}, {"slug": "link/deep"})
    whole = baked({}, {"a.txt": "x"}, {"slug": "link"})

    for bad in (tree, whole):
        with pytest.raises(Exception, match="link"):
            write_tree(bad, tmp_path / "out", overwrite=True)
    assert list((tmp_path / "outside").iterdir()) == []


# Hole 5: links in the skeleton are followed.


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("/etc/passwd", "leaves the skeleton"),
        ("../../secret.txt", "leaves the skeleton"),
        ("../nothing.txt", "its target doesn't exist"),
        ("../chain.txt", "points to another link"),
        ("../loop/x", "points to another link"),
        ("..", "leaves the skeleton"),
    ],
)
def test_a_link_that_leaves_the_skeleton_or_leads_on_is_refused(tmp_path: Path, target: str, reason: str) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "skeleton"
    (folder / ROOT).mkdir(parents=True)
    (folder / "cookiecutter.json").write_text('{"slug": "s"}')
    (folder / "real.txt").write_text("real")
    (folder / "chain.txt").symlink_to("real.txt")
    (folder / "loop").symlink_to(ROOT)
    (folder / ROOT / "a.txt").symlink_to(target)

    with pytest.raises(SkeletonError, match=reason):
        read_skeleton(folder, "demo")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cookiecutter.json").write_text("{}")
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(SkeletonError, match="neither a file nor a folder"):
        read_skeleton(tmp_path, "demo")


# Hole 6: answers are written to the home folder, and its configuration is read.


def test_a_bake_leaves_no_answer_at_home_and_reads_nothing_there(tmp_path: Path) -> None:
    home, skeleton = tmp_path / "home", tmp_path / "skeleton"
    (skeleton / ROOT).mkdir(parents=True)
    (skeleton / "cookiecutter.json").write_text('{"slug": "s", "name": "default", "other": ""}')
    (skeleton / ROOT / "a.txt").write_text("{{ cookiecutter.name }}, {{ cookiecutter.other }}")
    home.mkdir()
    (home / ".cookiecutterrc").write_text("default_context: {name: from home}")
    code = "from scenedock.doors.cli import main; main()"
    program = [sys.executable, "-c", code, "skeletons", "bake", str(skeleton), "--output", str(tmp_path / "out")]

    program += ["other=from the answer"]

    subprocess.run(program, check=True, env={"HOME": str(home), "PATH": "", "TMPDIR": str(home)}, capture_output=True)

    assert (tmp_path / "out" / "s" / "a.txt").read_text() == "default, from the answer"
    left = [path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()]
    assert [path for path in left if not path.startswith(".cache/scenedock/compiled/")] == [".cookiecutterrc"]
    assert len(left) == 2  # the code of the skeleton's templates, whose file knows no answer
    assert not any(b"from the answer" in path.read_bytes() for path in home.rglob("*") if path.is_file())


# Secrets.

CANARY = "c4n4ry-s3cr3t"
SECRET = {
    "token": "",
    "note": "{{ cookiecutter.token }}!",
    "__shout": "{{ cookiecutter.token|upper }}",
    "loud": "{{ cookiecutter.__shout }}",
    "kind": ["plain", "of {{ cookiecutter.token }}"],
    "_scenedock": {"questions": {"token": {"secret": True}}},
}


def provenance_of(tree: BakedTree) -> str:
    return next(file.content.decode() for file in tree.files if file.path.endswith(".scenedock/skeleton.yaml"))


def test_a_secret_answer_is_not_in_the_provenance_nor_is_what_was_made_of_it() -> None:
    tree = bake_opened(opened(skeleton_of(SECRET, {"a.txt": "x"})), {"token": CANARY}, ConfinedBakes())

    assert CANARY not in provenance_of(tree).lower()
    assert "slug: project" in provenance_of(tree)


def test_a_secret_of_several_lines_is_not_in_the_provenance_of_another_answer() -> None:
    questions = {"token": "", "about": {}, "_scenedock": {"questions": {"token": {"secret": True}}}}
    answers: JsonObject = {"token": "begin\n'c4n4ry'\nend", "about": {"copy": ["of begin\n'c4n4ry'\nend"]}}

    tree = bake_opened(opened(skeleton_of(questions, {"a.txt": "x"})), answers, ConfinedBakes())

    assert "c4n4ry" not in provenance_of(tree)


@pytest.mark.parametrize(
    "body",
    ["{{ {}[cookiecutter.token] }}", "{{ cookiecutter.token|int / 0 }}", "{% include cookiecutter.token %}"],
)
def test_a_secret_answer_is_in_no_error(body: str) -> None:
    with pytest.raises(SkeletonError) as caught:
        baked(SECRET, {"a.txt": body}, {"token": CANARY})

    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_secret_answer_is_not_shown_among_choices() -> None:
    with pytest.raises(AnswersError) as caught:
        baked(SECRET, {"a.txt": ""}, {"token": CANARY, "kind": "other"})

    assert "kind: 'other' is not one of plain, of •••" in str(caught.value)


def test_a_secret_answer_of_the_wrong_kind_is_not_shown() -> None:
    rules = {"questions": {"token": {"secret": True, "pattern": "^[0-9]+$"}}}

    with pytest.raises(AnswersError) as caught:
        baked({"token": "", "_scenedock": rules}, {"a.txt": ""}, {"token": CANARY})

    assert CANARY not in str(caught.value)
    assert "token: the answer does not match" in str(caught.value)
