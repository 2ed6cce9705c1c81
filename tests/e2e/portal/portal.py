"""A Backstage that reads our feed, for what happens to a catalog; its repositories are folders on disk."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.company import pasted_config
from tests.tools.backstage import backend_server
from tests.tools.feed import FeedService
from tests.tools.frontend import Frontend
from tests.tools.server import Server, free_port


@dataclass(frozen=True, slots=True)
class Portal:
    """All of it: `code` has the files that a code host serves, `repositories` are those that our service serves."""

    folder: Path
    code: Server
    service: FeedService
    backstage: Server
    frontend: Frontend
    repositories: list[Path] = field(default_factory=list)

    def start(self) -> None:
        """Start everything, and sign in."""
        self.code.start()
        self.backstage.start()
        self.frontend.sign_in()

    def stop(self) -> None:
        """Stop what runs."""
        self.backstage.stop()
        self.service.server.stop()
        self.code.stop()

    def serve(self, repositories: Iterable[Path]) -> None:
        """Start our service, again if it runs, with these repositories."""
        self.service.server.stop()
        self.repositories[:] = repositories
        listed = ",".join(map(str, self.repositories))
        self.service.server.environment = {**self.service.environment, "SCENEDOCK_REPOSITORIES": listed}
        self.service.server.start()

    def has(self, names: Iterable[str]) -> bool:
        """Whether Backstage has all these Components."""
        return self.frontend.has(f"component:default/{name}" for name in names)

    def put_on_code_host(self, path: str, text: str) -> str:
        """Put a file there; its address."""
        file = self.folder / "code" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return f"{self.code.ready}{path}"

    def read_everything_again(self) -> None:
        """Have Backstage read our index, and all files that it names, now."""
        for location in self.frontend.entities("kind=location"):
            self.frontend.refresh(f"location:default/{location['metadata']['name']}")


def portal_in(folder: Path) -> Portal:
    """One that keeps everything in a folder; nothing runs yet."""
    code, backstage = (f"127.0.0.1:{free_port()}" for _ in range(2))
    (folder / "code").mkdir()
    host, _, port = code.partition(":")
    serve_files = [sys.executable, "-m", "http.server", port, "--bind", host, "--directory", str(folder / "code")]
    service = FeedService.of(folder, (), SCENEDOCK_BACKSTAGE_URL=f"http://{backstage}")
    config = pasted_config(service.url.removeprefix("http://"), f"127.0.0.1:{free_port()}")
    config["backend"]["reading"]["allow"].append({"host": code})
    return Portal(
        folder=folder,
        code=Server(serve_files, {}, folder, f"http://{code}/", folder / "code-host.log"),
        service=service,
        backstage=backend_server(folder, backstage, config, {"SCENEDOCK_TOKEN": "unused"}),
        frontend=Frontend(f"http://{backstage}"),
    )
