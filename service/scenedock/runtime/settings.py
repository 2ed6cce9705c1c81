"""The settings of the service: one flat, frozen table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from scenedock.catalog.emitting.service_links import ServiceLinks
from scenedock.model.json import Json
from scenedock.runtime.setting_values import (
    Listen,
    address,
    domains,
    flag,
    header,
    issuer,
    limits,
    log_format,
    networks,
    number,
    optional_address,
    optional_path,
    owner,
    path,
    plugins,
    repositories,
    text,
    texts,
    url,
)
from scenedock.structs import dataclass

BOARD = "scenedock/board"
"""The owner and the name of the repository as which the board is served to TechDocs."""
BOARD_BRANCH = "main"
PREFIX = "SCENEDOCK_"


@dataclass(frozen=True, slots=True)
class Setting:
    """The definition of one setting: how its value is read, its description, and whether it is secret."""

    read: Callable[[Json], Any]
    about: str
    secret: bool = False


_LOOPBACK = Listen("127.0.0.1", 8000)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of the service. Each field is `SCENEDOCK_<NAME>` in the environment and `<name>` in the file."""

    data: Annotated[
        Path, Setting(path, "Folder for all stored data: tasks, results, the last catalog, the signing key.")
    ] = Path("scenedock-data")
    listen: Annotated[Listen, Setting(address, "Address to listen on, HOST:PORT.")] = _LOOPBACK
    public_url: Annotated[
        str,
        Setting(
            url,
            "Address at which others reach the service; by default http:// and `listen`. Where people sign in, it has "
            "no path.",
        ),
    ] = ""
    backstage_url: Annotated[
        str, Setting(url, "Base address of the Backstage backend; without it, no token of Backstage is accepted.")
    ] = ""
    backstage_plugins: Annotated[
        tuple[str, ...], Setting(plugins, "Plugins of Backstage that may call the service.")
    ] = (
        "scaffolder",
        "mcp-actions",
    )
    repositories: Annotated[
        tuple[str, ...],
        Setting(
            repositories,
            "GitOps repositories whose catalog is served: folders, or addresses `https://HOST/OWNER/NAME#BRANCH` "
            "(by default, the default branch); if they differ about an entity, the repository listed first wins.",
        ),
    ] = ()
    skeletons: Annotated[
        Path | None,
        Setting(optional_path, "File that lists skeletons to bake, in addition to those that ship with Scenedock."),
    ] = None
    cookiecutters: Annotated[
        Path | None,
        Setting(optional_path, "Folder of the skeletons that ship with Scenedock; only needed if it isn't found."),
    ] = None
    ca_file: Annotated[
        Path | None,
        Setting(
            optional_path,
            "File with your company's certificate authorities (PEM), which are trusted in addition to the machine's: "
            "for Backstage, code hosts, git, charts and sign-in. Commands without settings read the variable, too.",
        ),
    ] = None
    code_hosts: Annotated[
        Path | None,
        Setting(
            optional_path,
            "File that lists the code hosts whose repositories may be written to, with their credentials.",
        ),
    ] = None
    certificates: Annotated[
        Path | None,
        Setting(
            optional_path,
            "File that lists the public certificates of Sealed Secrets, by environment or cluster, with which "
            "`seal-secret` encrypts.",
        ),
    ] = None
    argocd_url: Annotated[
        str, Setting(url, "Address of Argo CD for people: the pages link to its Applications. Without it, they don't.")
    ] = ""
    backstage_app_url: Annotated[
        str, Setting(url, "Address of Backstage for people: the pages link to its entities. Without it, they don't.")
    ] = ""
    pages_url: Annotated[
        str,
        Setting(
            url,
            "Address of our pages for people, such as https://scenedock.acme.example: Components in the feed link to "
            "theirs. Without it, they don't.",
        ),
    ] = ""
    board_owner: Annotated[
        str,
        Setting(
            owner,
            "Owner (group:default/platform) of `resource:default/deployments` in the feed, whose TechDocs are the "
            "board; whoever reaches `folders_listen` can read it. Without an owner, it isn't there.",
        ),
    ] = ""
    public_feed: Annotated[
        bool,
        Setting(
            flag, "Whether anybody may read the catalog feed. Backstage needs it: it reads a Location without a token."
        ),
    ] = False
    refresh_seconds: Annotated[int, Setting(number(1, 86_400), "Seconds between two checks of the repositories.")] = 60
    history_commits: Annotated[
        int,
        Setting(
            number(0, 1_000_000),
            "Commits of history that are fetched of each repository at an address, for since when a version is where; "
            "0: none. 1,000 take seconds once, and 10 to 30 MB.",
        ),
    ] = 0
    build_memory_mib: Annotated[
        int,
        Setting(
            number(256, 1_048_576),
            "MiB of memory that a build of the catalog may take, in a process of its own; if it needs more, the last "
            "catalog stays. A build of 10,000 folders takes about 300.",
        ),
    ] = 2_048
    helm: Annotated[
        str,
        Setting(
            text,
            "Helm 3.17 or newer, or 4: a path, or a name on PATH. Where values name several images that may be a "
            "service's own, it shows which is; without it, such a version is unknown.",
        ),
    ] = "helm"
    helm_charts: Annotated[
        Path | None,
        Setting(
            optional_path,
            "Folder with charts from elsewhere, by default `charts` in the data folder. The service fetches none: "
            "`scenedock manifests render --fetch-charts --charts FOLDER` does.",
        ),
    ] = None
    kustomize: Annotated[
        str,
        Setting(
            text,
            "Kustomize or kubectl, with which kustomizations are built to show what a change does: a path, or a name "
            "on PATH. By default, the one of these that is on PATH.",
        ),
    ] = ""
    tokens_file: Annotated[
        Path | None, Setting(optional_path, "File with static tokens, for callers other than Backstage.")
    ] = None
    rules: Annotated[
        Path | None,
        Setting(
            optional_path,
            "File with rules about who may run which actions, and what needs whose approval; workers need it, too. "
            "Without one, MCP may run only what is read-only.",
        ),
    ] = None
    approvals_webhook: Annotated[
        str,
        Setting(
            url,
            "Address that is told of each approval that is needed, with a signed POST (Standard Webhooks), where "
            "Backstage's notifications aren't installed.",
        ),
    ] = ""
    approvals_webhook_secret: Annotated[
        str, Setting(text, "Secret that signs what `approvals_webhook` receives.", secret=True)
    ] = ""
    backstage_permissions: Annotated[
        bool,
        Setting(
            flag,
            "Whether Backstage's permission policy is asked before a user's call of an action: `true` if "
            "`permission.enabled` is set there.",
        ),
    ] = False
    oidc_issuer: Annotated[
        str,
        Setting(
            issuer,
            "OpenID provider with which people sign in to the pages: its issuer, exactly as "
            "ISSUER/.well-known/openid-configuration has it.",
        ),
    ] = ""
    oidc_client_id: Annotated[str, Setting(text, "Client id at the OpenID provider.")] = ""
    oidc_client_secret: Annotated[str, Setting(text, "Client secret at the OpenID provider.", secret=True)] = ""
    oidc_scopes: Annotated[
        tuple[str, ...], Setting(texts, "Scopes that the OpenID provider is asked for; `openid` must be among them.")
    ] = ("openid", "profile", "email")
    oidc_user_claim: Annotated[
        str,
        Setting(
            text,
            "Claim with the name of the user in Backstage, `user:default/NAME`; of an e-mail address, the part before "
            "the `@`.",
        ),
    ] = "preferred_username"
    oidc_groups_claim: Annotated[
        str,
        Setting(
            text, "Claim with the groups of the user, `group:default/NAME`; without it, Backstage's catalog has them."
        ),
    ] = ""
    email_domains: Annotated[
        tuple[str, ...],
        Setting(
            domains,
            "Domains of the e-mail addresses that may sign in; needed where a user's name is an e-mail address. The "
            "same name in two domains must be the same person.",
        ),
    ] = ()
    trusted_proxy: Annotated[
        tuple[str, ...],
        Setting(
            networks,
            "Addresses of the proxy that signs people in and names them in a header; the header of anybody else is "
            "ignored.",
        ),
    ] = ()
    proxy_user_header: Annotated[
        str, Setting(header, "Header in which the trusted proxy names the user, as `oidc_user_claim` does.")
    ] = "X-Forwarded-User"
    proxy_groups_header: Annotated[
        str,
        Setting(
            header,
            "Header in which the trusted proxy lists the user's groups, separated by commas: only if the proxy always "
            "sets or removes it; without it, Backstage's catalog has them.",
        ),
    ] = ""
    session_minutes: Annotated[
        int, Setting(number(5, 10_080), "Minutes after which whoever has signed in must do so again.")
    ] = 480
    session_idle_minutes: Annotated[
        int, Setting(number(5, 10_080), "Minutes without a request after which a session ends.")
    ] = 60
    signing_key: Annotated[
        str,
        Setting(
            text,
            "Private key that signs our calls (PEM, EC P-256); by default a generated file in `data`.",
            secret=True,
        ),
    ] = ""
    folders_listen: Annotated[
        Listen | None,
        Setting(optional_address, "Address to listen on for Backstage, which fetches result folders; off by default."),
    ] = None
    folders_url: Annotated[
        str,
        Setting(url, "Address at which Backstage reaches `folders_listen`; by default http:// and `folders_listen`."),
    ] = ""
    folders_seconds: Annotated[
        int, Setting(number(60, 604_800), "Seconds for which the address of a result folder is valid.")
    ] = 3600
    folders_bytes: Annotated[
        int,
        Setting(
            number(1_000, 500_000_000),
            "Maximum size of a result folder in the database of tasks, compressed, in bytes.",
        ),
    ] = 20_000_000
    database_url: Annotated[
        str,
        Setting(text, "PostgreSQL for tasks, postgresql://…; by default SQLite, a file in `data`.", secret=True),
    ] = ""
    seal_key: Annotated[
        str,
        Setting(
            text,
            "Key that encrypts the secrets of tasks (32 bytes, URL-safe base64; after a comma, older keys that can "
            "still decrypt); by default a generated file in `data`.",
            secret=True,
        ),
    ] = ""
    task_threads: Annotated[int, Setting(number(1, 256), "Number of tasks that one process runs at once.")] = 8
    task_limits: Annotated[
        tuple[str, ...],
        Setting(
            limits,
            "How many steps of an action may run at once, in all processes together: `scenedock:bake-skeleton=4`.",
        ),
    ] = ()
    step_seconds: Annotated[
        int, Setting(number(1, 604_800), "Seconds that a step may take, including its retries.")
    ] = 3_600
    task_days: Annotated[
        int, Setting(number(1, 3_650), "Days for which tasks and their logs are kept after their end.")
    ] = 30
    worker_listen: Annotated[
        Listen | None,
        Setting(
            optional_address, "Address at which `scenedock worker` answers probes and has metrics; off by default."
        ),
    ] = None
    event_readers: Annotated[
        int,
        Setting(
            number(1, 256),
            "Number of clients that may follow the events of tasks at once; a quarter of them may be one user's.",
        ),
    ] = 16
    threads: Annotated[
        int,
        Setting(
            number(2, 2_048),
            "Number of requests that are handled at once. Three quarters of them may be calls of actions that run or "
            "wait, and half of these may be one user's.",
        ),
    ] = 256
    queue_seconds: Annotated[
        int,
        Setting(number(1, 86_400), "Seconds for which a call of an action waits for its place; then it is refused."),
    ] = 600
    quiet_seconds: Annotated[
        int,
        Setting(
            number(1, 240),
            "Seconds after which a long call sends a sign of life: less than the timeouts of Backstage (300) and of "
            "any proxy in between (often 60).",
        ),
    ] = 25
    max_body_bytes: Annotated[
        int, Setting(number(1_024, 104_857_600), "Maximum size of a request's body, in bytes.")
    ] = 4_194_304
    requests_per_minute: Annotated[
        int,
        Setting(number(1, 1_000_000), "Requests that one caller (without a token: one address) may send in a minute."),
    ] = 6_000
    grace_seconds: Annotated[
        int, Setting(number(1, 3_600), "Seconds that running calls have to finish when the service stops.")
    ] = 60
    log_format: Annotated[
        str, Setting(log_format, "`json`, `text`, or `auto`: text on a terminal, else JSON lines.")
    ] = "auto"

    @property
    def folders_address(self) -> str:
        """The address at which Backstage fetches result folders; empty if it can't."""
        return self.folders_url or (f"http://{self.folders_listen}" if self.folders_listen else "")

    @property
    def links(self) -> ServiceLinks:
        """The links of the feed to our own pages."""
        board = f"{self.folders_address}/{BOARD}/src/branch/{BOARD_BRANCH}/" if self.board_owner else ""
        return ServiceLinks(self.pages_url, board, self.board_owner)

    @property
    def url(self) -> str:
        """The address at which others reach the service."""
        return self.public_url or f"http://{self.listen}"


def describe_settings() -> dict[str, Setting]:
    """The definition of each setting, by the name of its field, in order."""
    hints = get_type_hints(Settings, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items()}


def variable(name: str) -> str:
    """The name of a setting in the environment."""
    return f"{PREFIX}{name.upper()}"


def shown_value(value: object) -> str:
    """A value as it may be written in the environment."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, tuple) else str(value)
