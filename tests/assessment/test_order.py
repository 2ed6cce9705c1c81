"""The order of migration: what others need moves after them, what needs each other together; the smallest first."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from scenedock.assessment.assess import Assessment
from scenedock.assessment.order import order
from scenedock.doors.cli import main
from tests.assessment.looking import assessment


def application(name: str, *needs: str, lines: int = 1, blocked: bool = False) -> Assessment:
    files = {f"config/{each}.properties": f"{each}.url=https://{each}.acme.internal/\n" for each in needs}
    files["lib/a.rb"] = "x\n" * lines
    if blocked:
        files["lib/b.rb"] = 'A = "10.0.3.17"\n'
    return assessment(files, name)


def steps(*assessments: Assessment) -> list[tuple[str, ...]]:
    return [step.applications for step in order(assessments).steps]


def test_without_dependencies_what_has_fewer_blockers_and_less_code_goes_first() -> None:
    found = steps(application("large", lines=9), application("blocked", blocked=True), application("small"))

    assert found == [("small",), ("large",), ("blocked",)]


def test_what_others_need_moves_after_them_however_small_it_is() -> None:
    assert steps(application("erp"), application("shop", "erp", lines=99), application("web", "shop", lines=999)) == [
        ("web",),
        ("shop",),
        ("erp",),
    ]


def test_what_needs_each_other_moves_together_and_says_why() -> None:
    found = order([application("aaa", "bbb"), application("bbb", "ccc"), application("ccc", "aaa"), application("ddd")])

    assert [step.applications for step in found.steps] == [("ddd",), ("aaa", "bbb", "ccc")]
    assert "together: aaa needs bbb (aaa:config/bbb.properties:1)" in found.steps[1].reasons


def test_a_host_that_several_name_is_told() -> None:
    one = assessment({"config/a.properties": "url=jdbc:mysql://db1.acme.internal:3306/one\n"}, "one")
    two = assessment({"config/b.properties": "db.host=db1.acme.internal\n"}, "two")

    shared = order([one, two]).shared

    assert [(each.host, dict(each.places)) for each in shared] == [
        ("db1.acme.internal", {"one": "config/a.properties:1", "two": "config/b.properties:1"})
    ]


def test_a_host_of_the_internet_is_no_neighbour() -> None:
    web = assessment(
        {"config/a.properties": "a=https://api.stripe.com/\nb=https://www.w3.org/\nc=http://erp:80/\n"}, "web"
    )

    assert [each.needs for each in order([web, application("api"), application("www"), application("erp")]).needs] == [
        "erp"
    ]


def test_applications_in_folders_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for folder in ("gogs", "huginn"):
        (tmp_path / folder / "repo").mkdir(parents=True)
        (tmp_path / folder / "repo" / "go.mod").write_text("module x\n")

    done = CliRunner().invoke(main, ["assess", *(str(tmp_path / each / "repo") for each in ("gogs", "huginn"))])

    assert "1. gogs/repo: " in done.output
    assert "2. huginn/repo: " in done.output
