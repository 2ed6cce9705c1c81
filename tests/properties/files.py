"""Documents as the bytes of files, once in a while damaged."""

from __future__ import annotations

import json
from collections.abc import Sequence

import yaml
from hypothesis import strategies as st

from scenedock.catalog.reading.handwritten import MARKER_LINE
from scenedock.model.json import Json


def _dumped(document: Json) -> str:
    return json.dumps(document, ensure_ascii=False)


def _block(document: Json) -> str:
    return str(yaml.safe_dump(document, allow_unicode=True))


def _stream(documents: Sequence[Json]) -> str:
    return "\n---\n".join(map(_dumped, documents))


def written(documents: st.SearchStrategy[Json]) -> st.SearchStrategy[bytes]:
    """A document as the bytes of a file, once in a while damaged."""
    text = documents.map(_dumped) | documents.map(_block) | st.lists(documents, max_size=3).map(_stream)
    return text.map(lambda each: each.encode("utf-8", "replace")).flatmap(maybe_damaged)


DAMAGES = (
    b"",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\0",
    b"\xc3",
    b"\t",
    b"{{ if }}\n",
    b"&a [*a]",
    b"%YAML 9.9\n---\n",
    b"---\n",
    b"...\n",
    b"!!python/object:x y",
    b"? ",
    b"a: b: c",
    b"- ",
    b"'",
    b'"',
    b"|\n",
    b"\r",
    b"\x85",
    b"\0GITCRYPT\0",
    b"sops: {}\nENC[AES256_GCM,",
    b"<<: 1\n",
    b"[" * 200,
    b"\n" * 300,
    b"a: &a [x,x]\nb: &b [*a,*a,*a]\nc: [*b,*b,*b]\n",
    MARKER_LINE.encode(),
)


def maybe_damaged(data: bytes) -> st.SearchStrategy[bytes]:
    """The bytes three times of four, else cut off, overwritten, in another encoding, or something else entirely."""
    places = st.integers(0, len(data))
    damaged = st.one_of(
        places.map(lambda at: data[:at]),
        st.tuples(places, st.sampled_from(DAMAGES)).map(lambda drawn: data[: drawn[0]] + drawn[1] + data[drawn[0] :]),
        st.tuples(places, st.binary(min_size=1, max_size=3)).map(
            lambda drawn: data[: drawn[0]] + drawn[1] + data[drawn[0] + len(drawn[1]) :]
        ),
        st.just(data.replace(b"\n", b"\r\n")),
        st.just(data.decode().encode("utf-16")),
        st.just(data * 3),
        st.binary(max_size=20),
        st.sampled_from(DAMAGES),
    )
    return st.sampled_from((True, True, True, False)).flatmap(lambda whole: st.just(data) if whole else damaged)
