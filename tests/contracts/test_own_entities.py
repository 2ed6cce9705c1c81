"""What describes Scenedock itself is judged as strictly as what it emits."""

from pathlib import Path

from scenedock.documents.reading import BACKSTAGE, read_documents
from tests.tools.judge import judge

CATALOG_INFO = Path(__file__).parents[2] / "catalog-info"


def test_backstage_accepts_the_entities_that_describe_scenedock() -> None:
    files = sorted(CATALOG_INFO.rglob("*.yaml"))
    documents = [document.value for file in files for document in read_documents(file.read_bytes(), meaning=BACKSTAGE)]

    assert documents
    assert judge(documents) == [None] * len(documents)
