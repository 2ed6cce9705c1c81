"""The service's settings come from the environment and one file, and a wrong one is named with its source."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenedock.errors import InputError, NotFoundError
from scenedock.runtime.known_settings import MASK, read_settings
from scenedock.runtime.setting_values import Listen
from scenedock.runtime.settings import Settings, describe_settings, shown_value, variable

FILE = Path("service.yaml")


def nothing(path: Path) -> bytes:
    raise NotFoundError(f"{path}: there is no such file")


def test_without_anything_the_defaults_are_in_force() -> None:
    known = read_settings({"PATH": "/bin"}, nothing)

    assert known.settings == Settings()
    assert set(known.sources.values()) == {"default"}


def test_the_environment_wins_over_the_file_and_each_source_is_known() -> None:
    file = b"listen: 0.0.0.0:80\nthreads: 4\nrepositories: [a, b]\npublic_feed: true\n"
    environment = {"SCENEDOCK_SETTINGS": str(FILE), "SCENEDOCK_THREADS": "8", "SCENEDOCK_BACKSTAGE_URL": "http://b/"}

    known = read_settings(environment, lambda _path: file)

    settings = known.settings
    assert (settings.listen, settings.threads, settings.repositories) == (Listen("0.0.0.0", 80), 8, ("a", "b"))  # noqa: S104
    assert (settings.public_feed, settings.backstage_url) == (True, "http://b")
    assert known.sources["threads"] == "SCENEDOCK_THREADS"
    assert known.sources["listen"] == "service.yaml:1"
    assert known.sources["data"] == "default"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LISTEN", "8000"),
        ("LISTEN", "host:99999"),
        ("BACKSTAGE_URL", "backstage:7007"),
        ("BACKSTAGE_URL", "http://user:password@backstage"),
        ("BACKSTAGE_URL", "http://backstage?x=1"),
        ("BACKSTAGE_PLUGINS", "scaffolder,../auth"),
        ("PUBLIC_FEED", "maybe"),
        ("THREADS", "1"),
        ("THREADS", "many"),
        ("REFRESH_SECONDS", "-5"),
        ("DATA", ""),
        ("LOG_FORMAT", "xml"),
        ("FOLDERS_LISTEN", "x"),
        ("TASK_LIMITS", "scenedock:bake-skeleton"),
        ("TASK_LIMITS", "scenedock:bake-skeleton=0"),
        ("BACKSTAGE_PLUGINS", "scaffolder,pages"),
        ("OIDC_ISSUER", "id.acme.example"),
        ("OIDC_ISSUER", "http://id.acme.example"),
        ("OIDC_ISSUER", "http://127.0.0.1.acme.example"),
        ("OIDC_ISSUER", "https://user:password@id.acme.example"),
        ("OIDC_ISSUER", "https://id.acme.example?x=1"),
        ("EMAIL_DOMAINS", "acme"),
        ("EMAIL_DOMAINS", "jane@acme.example"),
        ("TRUSTED_PROXY", "proxy.acme.example"),
        ("TRUSTED_PROXY", "10.0.0.1/8"),
        ("TRUSTED_PROXY", "0.0.0.0/0"),
        ("TRUSTED_PROXY", "10.0.0.1,::/0"),
        ("PROXY_USER_HEADER", "X-Forwarded User"),
        ("PROXY_USER_HEADER", "X_Forwarded_User"),
        ("SESSION_MINUTES", "0"),
    ],
)
def test_a_wrong_setting_is_named_with_its_source(name: str, value: str) -> None:
    with pytest.raises(InputError) as refused:
        read_settings({f"SCENEDOCK_{name}": value}, nothing)

    assert str(refused.value).startswith(f"SCENEDOCK_{name}: ")


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InputError) as refused:
        read_settings({"SCENEDOCK_LISTEN": "x", "SCENEDOCK_TREADS": "5"}, lambda _path: b"thread: 5\nthreads: no", FILE)

    assert [line.rpartition(": ")[0] or line for line in str(refused.value).splitlines()] == [
        "SCENEDOCK_TREADS",
        "SCENEDOCK_LISTEN",
        "service.yaml:1:1: thread",
        "service.yaml:2:1: threads",
    ]


def test_what_the_environment_overrides_need_not_be_right_in_the_file() -> None:
    known = read_settings({"SCENEDOCK_THREADS": "8"}, lambda _path: b"threads: no\n", FILE)

    assert (known.settings.threads, known.sources["threads"]) == (8, "SCENEDOCK_THREADS")


@pytest.mark.parametrize("file", [b"{", b"- a", b"text"])
def test_a_file_that_holds_no_settings_is_refused(file: bytes) -> None:
    with pytest.raises(InputError, match=r"^service\.yaml:[12]:1: "):
        read_settings({}, lambda _path: file, FILE)


def test_an_empty_file_says_nothing() -> None:
    assert read_settings({}, lambda _path: b"", FILE).settings == Settings()


def test_what_kubernetes_sets_for_a_service_called_scenedock_is_no_setting() -> None:
    environment = {
        "SCENEDOCK_SERVICE_HOST": "10.0.0.1",
        "SCENEDOCK_SERVICE_PORT": "80",
        "SCENEDOCK_SERVICE_PORT_HTTP": "80",
        "SCENEDOCK_PORT": "tcp://10.0.0.1:80",
        "SCENEDOCK_PORT_80_TCP_ADDR": "10.0.0.1",
    }

    assert read_settings(environment, nothing).settings == Settings()


def test_a_port_that_kubernetes_would_not_write_so_is_no_setting() -> None:
    with pytest.raises(InputError, match="SCENEDOCK_PORT: there is no such setting"):
        read_settings({"SCENEDOCK_PORT": "8080"}, nothing)


def test_a_secret_is_read_from_a_file_and_masked() -> None:
    known = read_settings({"SCENEDOCK_SIGNING_KEY_FILE": "/run/key"}, lambda path: f"pem of {path}".encode())

    assert known.settings.signing_key == "pem of /run/key"
    assert ("SCENEDOCK_SIGNING_KEY", MASK, "SCENEDOCK_SIGNING_KEY_FILE=/run/key") in list(known.lines())
    assert "pem" not in str(list(known.lines()))


def test_every_setting_says_what_it_is() -> None:
    assert [name for name, setting in describe_settings().items() if not setting.about.endswith(".")] == []


@pytest.mark.parametrize("name", describe_settings())
def test_a_default_may_be_written_out(name: str) -> None:
    written = shown_value(getattr(Settings(), name))

    assert not written or getattr(read_settings({variable(name): written}, nothing).settings, name) == getattr(
        Settings(), name
    )


def test_the_last_line_end_of_a_secrets_file_is_none_of_the_secret() -> None:
    given = {"SCENEDOCK_DATABASE_URL_FILE": "/run/url"}

    assert read_settings(given, lambda _: b"postgresql://h/tasks\n").settings.database_url == "postgresql://h/tasks"


@pytest.mark.parametrize("name", ["SCENEDOCK_TOKEN", "SCENEDOCK_BACKSTAGE_TOKEN"])
def test_variables_of_backstages_configuration_and_of_commands_are_no_settings(name: str) -> None:
    assert read_settings({name: "a token"}, nothing).settings == Settings()


def test_a_setting_that_does_not_exist_is_told_with_the_one_that_was_probably_meant() -> None:
    with pytest.raises(InputError) as refused:
        read_settings({"SCENEDOCK_THREAD": "4", "SCENEDOCK_COLOUR": "red"}, nothing)

    assert str(refused.value).splitlines() == [
        "SCENEDOCK_COLOUR: there is no such setting; `scenedock settings` lists all",
        "SCENEDOCK_THREAD: there is no such setting (did you mean SCENEDOCK_THREADS?); `scenedock settings` lists all",
    ]
