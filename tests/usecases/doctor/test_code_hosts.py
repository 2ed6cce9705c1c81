"""What the doctor says of a code host: its token, the App's permissions, its certificate, and the clocks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from werkzeug.wrappers import Request, Response

from scenedock.effects.code_hosts.hosts import KnownHost
from scenedock.effects.local.host_secrets import HostSecrets
from scenedock.effects.network.probe import Probe, probe
from scenedock.model.code_hosts.code_host import CodeHost, HostType
from scenedock.usecases.doctor.clock import check_clock
from scenedock.usecases.doctor.code_hosts import check_host
from scenedock.usecases.doctor.diagnosis import Diagnosis
from tests.fakes.github.model import App
from tests.fakes.github.server import FakeGitHub, fake_github
from tests.fakes.gitlab.server import FakeGitLab, fake_gitlab
from tests.tools.authority import Authority
from tests.tools.server import free_port
from tests.tools.wsgi import served


@pytest.fixture
def github(tmp_path: Path) -> Iterator[FakeGitHub]:
    with fake_github(tmp_path / "github") as running:
        running.world.organization("acme", admins=("ada",))
        yield running


@pytest.fixture
def gitlab(tmp_path: Path) -> Iterator[FakeGitLab]:
    with fake_gitlab(tmp_path / "gitlab") as running:
        running.world.group("acme", owners=("ada",))
        yield running


def checked(kind: HostType, api: str, secrets: HostSecrets, app_id: str = "") -> list[Diagnosis]:
    host = CodeHost("code.example", kind, api, ("acme",), app_id=app_id)
    return [found for found, _ in check_host(KnownHost(host, secrets))]


def as_app(github: FakeGitHub, app: App) -> list[Diagnosis]:
    return checked("github", github.url, HostSecrets(app_key=pem(app)), str(app.id))


def pem(app: App) -> str:
    return app.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


def test_a_token_of_github_that_is_accepted_revoked_or_lacks_a_scope(github: FakeGitHub) -> None:
    good, little = (github.world.personal_token("ada", *scopes) for scopes in (("repo", "workflow"), ("read:org",)))
    (accepted,) = checked("github", github.url, HostSecrets(good))
    (lacking,) = checked("github", github.url, HostSecrets(little))
    github.world.expire(good)
    (expired,) = checked("github", github.url, HostSecrets(good))

    assert [each.verdict for each in (accepted, lacking, expired)] == ["ok", "problem", "problem"]
    assert "without `repo`" in lacking.evidence
    assert expired.evidence == "code.example doesn't accept our token (expired or revoked): Bad credentials"
    assert "Renew it" in expired.remedy
    assert good not in str(expired)


def test_an_app_with_all_permissions_is_fine(github: FakeGitHub) -> None:
    app = github.world.app("scenedock", "acme", {"contents": "write", "pull_requests": "write"})
    github.world.install(app, "acme")

    assert [(each.check, each.verdict) for each in as_app(github, app)] == [
        ("code-host code.example", "ok"),
        ("permissions code.example/acme", "ok"),
    ]


def test_a_missing_permission_of_an_app_is_named(github: FakeGitHub) -> None:
    app = github.world.app("scenedock", "acme", {"contents": "read"})
    github.world.install(app, "acme")

    _, found = as_app(github, app)

    assert found.verdict == "problem"
    assert found.evidence.endswith("lacks contents: write, pull_requests: write for acme")
    assert "accepts the request" in found.remedy


def test_an_app_that_is_not_installed_is_told(github: FakeGitHub) -> None:
    _, found = as_app(github, github.world.app("scenedock", "acme", {}))

    assert (found.verdict, "isn't installed for acme" in found.evidence) == ("problem", True)


def test_an_app_with_another_key_is_told(github: FakeGitHub) -> None:
    app, other = (github.world.app(name, "acme", {}) for name in ("scenedock", "other"))

    (found,) = checked("github", github.url, HostSecrets(app_key=pem(other)), str(app.id))

    assert (found.verdict, "private key" in found.remedy) == ("problem", True)


def test_what_is_no_api_cannot_be_told(github: FakeGitHub) -> None:
    (found,) = checked("gitlab", f"{github.url}/acme", HostSecrets("t"))
    github.violations.clear()

    assert (found.verdict, "`api`" in found.remedy) == ("unknown", True)


@pytest.mark.parametrize(
    ("days", "scope", "verdict", "said"),
    [
        (365, "api", "ok", "is accepted until"),
        (None, "api", "ok", "has no end"),
        (3, "api", "problem", "in 3 days"),
        (-1, "api", "problem", "expired or revoked"),
        (365, "read_api", "problem", "without `api`"),
    ],
)
def test_a_token_of_gitlab(gitlab: FakeGitLab, days: int | None, scope: str, verdict: str, said: str) -> None:
    token = gitlab.world.personal_token("ada", scope, days=days)

    (found,) = checked("gitlab", f"{gitlab.url}/api/v4", HostSecrets(token))

    assert (found.verdict, said in found.evidence) == (verdict, True), found
    assert bool(found.remedy) == (verdict == "problem")


def test_a_host_that_is_away_is_told() -> None:
    (found,) = checked("gitlab", f"http://127.0.0.1:{free_port()}", HostSecrets("t"))

    assert (found.verdict, "HTTPS_PROXY" in found.remedy) == ("problem", True)


def test_a_plain_git_server_cannot_be_told() -> None:
    (found,) = checked("git", "https://git.example", HostSecrets("t"))

    assert found.verdict == "unknown"


def test_a_certificate_of_an_unknown_authority_names_the_setting(tmp_path: Path) -> None:
    with Authority.make().served(Request.application(lambda _: Response("{}")), tmp_path) as url:
        (found,) = checked("gitlab", url, HostSecrets("t"))

    assert (found.verdict, "its certificate isn't trusted" in found.evidence) == ("problem", True)
    assert "SCENEDOCK_CA_FILE" in found.remedy


@pytest.fixture
def dated(request: pytest.FixtureRequest) -> Iterator[Probe]:
    """An answer of somebody whose clock is `request.param` seconds before ours."""

    @Request.application
    def answer(_request: Request) -> Response:
        there = datetime.now(UTC) - timedelta(seconds=request.param)
        return Response("{}", headers={"Date": format_datetime(there, usegmt=True)})

    with served(answer) as url:
        yield probe(url)


@pytest.mark.parametrize(
    ("dated", "verdict", "said"),
    [
        (0, "ok", "ours is the same as that of 127.0.0.1"),
        (300, "problem", "s ahead of that of 127.0.0.1"),
        (-300, "problem", "s behind that of 127.0.0.1"),
    ],
    indirect=["dated"],
)
def test_a_clock_that_is_off_by_five_minutes_is_found(dated: Probe, verdict: str, said: str) -> None:
    found = check_clock([dated])

    assert (found.verdict, said in found.evidence) == (verdict, True), found
    if verdict == "problem":
        assert 297 < abs(dated.ahead or 0) < 303
        assert "this machine's clock" in found.remedy


def test_a_clock_that_one_of_two_disagrees_with_is_theirs() -> None:
    found = check_clock([Probe("http://a.example", ahead=0.2), Probe("http://b.example", ahead=-400.0)])

    assert (found.verdict, "the clock of b.example" in found.remedy) == ("problem", True)


def test_without_any_date_the_clock_cannot_be_told() -> None:
    assert check_clock([Probe("http://a.example", failure="NewConnectionError")]).verdict == "unknown"
