"""What the service has loaded when it answers for the first time: of actions their descriptions, not what they use."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.tools.service import READ, TOKENS

FIRST_ANSWERS = """
import json, sys
from pathlib import Path
from scenedock.doors.http.app import make_app
from scenedock.doors.http.handlers.folders import make_folders_app
from scenedock.doors.http.serving import Server
from scenedock.runtime.service_wiring import open_service
from scenedock.runtime.settings import Settings
folder, token = Path(sys.argv[1]), sys.argv[2]
service = open_service(Settings(data=folder, tokens_file=folder / "tokens.yaml"))
make_folders_app(service)
client = make_app(service).test_client()
alive = client.get("/healthz").status_code
of_health = sorted(sys.modules)
headers = {"Authorization": f"Bearer {token}"}
listed = client.get("/api/scenedock/.backstage/actions/v1/actions", headers=headers)
print(json.dumps([alive, of_health, len(listed.json["actions"]), sorted(sys.modules)]))
"""
ROOMS_OF_WORK = ("assessment.", "changes.", "gitops.", "linting.", "manifests.", "releases.")
WORDS = {"assessment.claims", "changes.secrets", "changes.secrets.naming", "releases.vocabulary"}
"""What descriptions of actions take from these rooms."""
LIBRARIES = {
    "cryptography",
    "dbos",
    "jsonschema",
    "jsonschema_rs",
    "jwt",
    "markdown_it",
    "pydantic",
    "sqlalchemy",
    "urllib3",
}


def test_the_first_answers_wait_for_no_use_case_and_no_heavy_library(tmp_path: Path) -> None:
    (tmp_path / "tokens.yaml").write_text(TOKENS)
    program = [sys.executable, "-c", FIRST_ANSWERS, str(tmp_path), READ]

    done = subprocess.run(program, capture_output=True, check=True, text=True)

    alive, of_health, listed, of_list = json.loads(done.stdout.splitlines()[-1])
    assert (alive, listed > 10) == (200, True)
    assert {*LIBRARIES, "scenedock.actions.table"} & set(of_health) == set()
    ours = [each.removeprefix("scenedock.") for each in of_list if each.startswith("scenedock.")]
    assert {each for each in ours if each.startswith(ROOMS_OF_WORK)} == WORDS
