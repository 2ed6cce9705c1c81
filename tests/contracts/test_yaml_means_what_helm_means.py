"""Helm itself, both majors, against our reading: scalars, keys, merges, anchors, tags, encodings, aliases.

Helm 3 and 4 agree on all of it. They differ in how many documents of a values file they read, see the last tests.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenedock.documents.reading import HELM, DocumentError, read_document
from scenedock.documents.writing import write_documents
from scenedock.model.json import Json, JsonObject, as_object
from tests.tools.helm import Version, helm, read_with_helm, template, write_chart
from tests.tools.strategies import json_objects

VERSIONS: tuple[Version, ...] = ("3", "4")
REFUSED = "refused"

SCALARS = [
    *"y Y n N yes Yes YES no on On OFF off true True TRUE tRue false null Null NULL nULL ~ = << NaN".split(),
    *"12:30 22:22:22 190:20:30 1e3 1E3 1e-3 12e03 1.e3 1.e+3 -1e3 01e1 0e0 1e 1e+ 1e400 1e-400".split(),
    *"0 00 -0 -0.0 +1 -1 007 010 0777 -0777 08 089 09_ 0o14 0O14 -0o14 0o 0o9 0_7 0_o14".split(),
    *"0x1F 0X1f -0x1f 0x 0xg 0x_1F 0b11 0B11 -0b11 0b 0b2 1_000 1__0_ _1 -_1 1,000 1_000.5".split(),
    *".5 -.5 +.5 . 1. .5_0 .5__0 ._5 .5e1 1.5 1.10 1.2.3 5e-324 0.1 - + .inf -.inf +.Inf .nan .NAN -.nan".split(),
    *"9007199254740993 9223372036854775807 9223372036854775808 18446744073709551616 -9223372036854775809".split(),
    *"0xFFFFFFFFFFFFFFFF 0x10000000000000000 +0x8000000000000000 12345678901234567890 1e21 123456789012".split(),
    *"2020-01-01 2020-1-1 2001-12-14t21:59:43.10-05:00 20:03:20 1.0.0 v1.2 192.168.0.1 1/2 @a `a %a !a".split(),
    *(
        "2001-12-14 21:59:43.10 -5",
        "1 000",
        "a#b",
        "a #b",
        "'1'",
        '"y"',
        "'it''s'",
        r'"\x41"',
        r'"\u0000"',
        r'"\ud83d"',
    ),
    *(
        "!!str 123",
        "!!str y",
        "!!str",
        "!!int '5'",
        "!!int 1.5",
        "!!int y",
        "!!int",
        "!!int 089",
        "!!float 1",
        "!!float 089",
    ),
    *(
        "!!float .5",
        "!!float 18446744073709551615",
        "!!bool yes",
        "!!bool a",
        "!!bool ~",
        "!!null ''",
        "!!null a",
        "!!null",
    ),
    *(
        "!!binary aGk=",
        "!!binary /w==",
        "!!binary a b",
        "!!binary aGk",
        "!!binary",
        "!!timestamp 2020-01-01",
        "!!value =",
    ),
    *("!a 1", "!a", "!a true", "! 1", "! '1'", "!a [1, y]", "!a {b: y}", "!!set {a, b}", "!!omap [a: 1]", "!!str [1]"),
    *("!<tag:yaml.org,2002:str> 1", "!<!a> 1", "!!python/object:os.system a", "!!map a", "!e!b 1", "!!merge <<"),
]
KEYS = [
    *"1 -1 +1 010 0x10 0b11 1_000 1.5 1.0 -0.0 1e3 1000000.0 123456.0 1234567.5 16777217.0 3.14159265358979".split(),
    *"0.0001 0.00001 1e20 1e39 -1e39 1e-50 y No true ~ null 2020-01-01 12:30 '1' = '<<'".split(),
    *"9223372036854775807 9223372036854775808 18446744073709551616 -9223372036854775808".split(),
    *("!!str 1", "!a 1", "!!binary aGk=", "? a", "? [a]", "? {a: 1}", "? |\n  a\n", "''", '"a\n b"', "[a]", "{a: 1}"),
]
STRUCTURES: dict[str, str | bytes] = {
    "a merge, then a key": "b: &b {x: 1, z: 2}\nv:\n  <<: *b\n  x: 9\n",
    "a key, then a merge: the merge wins": "b: &b {x: 1, z: 2}\nv:\n  x: 9\n  <<: *b\n",
    "a list of merges: the first wins": "a: &a {x: 1, w: 1}\nb: &b {x: 2, z: 2}\nv:\n  <<: [*a, *b]\n",
    "two merges: the last wins": "a: &a {x: 1, w: 1}\nb: &b {x: 2, z: 2}\nv:\n  <<: *a\n  <<: *b\n",
    "a merge of a merge": "a: &a {x: 1}\nb: &b\n  <<: *a\n  z: 2\nv:\n  <<: *b\n",
    "a tagged merge": "b: &b {x: 1}\nv:\n  !!merge <<: *b\n",
    "a tagged and quoted merge": "b: &b {x: 1}\nv:\n  !!merge '<<': *b\n",
    "a quoted merge is a key": "b: &b {x: 1}\nv:\n  '<<': *b\n",
    "a merge with another tag is a key": "b: &b {x: 1}\nv:\n  !a <<: *b\n",
    "a merge of mappings written in place": "v:\n  <<: [{a: 1}, {a: 2, b: 3}]\n",
    "a merge of nothing": "v:\n  <<: []\n",
    "a merge of null": "v:\n  <<:\n",
    "a merge of a scalar": "v:\n  <<: 5\n",
    "a merge of an alias of a list": "a: &a {x: 1}\nl: &l [*a]\nv:\n  <<: *l\n",
    "a merge of a list in a list": "a: &a {x: 1}\nv:\n  <<: [[*a]]\n",
    "a merge at the root": "a: &a {x: 1}\n<<: *a\n",
    "a key twice": "v: 1\nv: 2\n",
    "a key twice, deeper": "v: {a: {b: 1}, a: {c: 2}}\n",
    "an anchor twice": "a: &x 1\nb: *x\nc: &x 2\nd: *x\n",
    "an anchor again within itself": "a: &x {b: &x 1, c: *x}\nd: *x\n",
    "an anchor in itself": "a: &a [*a]\n",
    "an anchor redefined by what holds its alias": "a: &x 1\nb: &x [*x]\n",
    "an alias of nothing": "a: *x\n",
    "an alias as a key": "a: &a 1000000.0\n*a : b\n",
    "an anchored key": "&a a: 1\nb: *a\n",
    "an anchor without a value": "a: &x\nb: *x\n",
    "an anchor of another document": "--- \na: &x 1\n---\nb: *x\n",
    "an anchor and a tag": "a: &a !!str 1\nb: !!str &b 1\nc: [*a, *b]\n",
    "a second document": "a: 1\n---\nb: 2\n",
    "a second document that is broken": "a: 1\n---\n{\n",
    "a second document after an empty one": "---\n---\nb: 2\n",
    "an end of a document": "a: 1\n...\nb: 2\n",
    "nothing": "",
    "only a comment": "# a\n",
    "only null": "null\n",
    "a byte order mark": "\ufeffa: 1\n",
    "windows line ends": "a: 1\r\nb: |\r\n  x\r\n  z\r\n",
    "old mac line ends": "a: 1\rb: 2\r",
    "utf-16": "a: ü\n".encode("utf-16"),
    "utf-16, big end first": b"\xfe\xff" + "a: ü\n".encode("utf-16-be"),
    "latin-1": "a: ü\n".encode("latin-1"),
    "a nul": b"a: b\0c\n",
    "a bell": b"a: b\x07c\n",
    "an emoji": "a: 😀\n",
    "half a surrogate pair": b"a: \xed\xa0\x80\n",
    "a line separator": "a: 'b\u2028c'\n",
    "a tab before a value": "a:\tb\n",
    "a tab before a key": "a:\n\tb: 1\n",
    "a template": "a: {{ .Values.b }}\n",
    "a template in a scalar": "a: {{ .Values.b }}-c\n",
    "a template as a line": "{{- if .Values.b }}\na: 1\n{{- end }}\n",
    "a template in quotes": "a: '{{ .Values.b }}'\n",
    "literal and folded blocks": "a: |\n  x\n   y\n\n  z\nb: >-\n  x\n  y\n\n  z\nc: |+\n  x\n\nd: |2\n   x\n",
    "a plain scalar of several lines": "a: x\n  y\n\n  z\n",
    "quoted scalars of several lines": "a: 'x\n  y'\nb: \"x\\\n  y\"\n",
    "flow in flow": "v: {a: [b, {c: d}], e, f: , 'g':h, i:j}\n",
    "a list that is not indented": "a:\n- b\n- c\nd: 1\n",
    "an unfinished quote": "a: 'b\n",
    "an unfinished list": "a: [b\n",
    "a value of a value": "a: b: c\n",
    "a key of 1024 characters": "a" * 1024 + ": 1\n",
    "a key of 1025 characters": "a" * 1025 + ": 1\n",
    "aliases that are just not too many": f"a: &a [{'x,' * 98}]\nb: [{'*a,' * 98}]\n",
    "aliases that are just too many": f"a: &a [{'x,' * 98}]\nb: [{'*a,' * 110}]\n",
    "an alias bomb": "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1},' * 10}]\n" for n in range(1, 9)),
    "a chain of merges": "a0: &a0 {x: 1}\n"
    + "".join(f"a{n}: &a{n} {{<<: *a{n - 1}, k{n}: 1}}\n" for n in range(1, 150)),
}
CASES: dict[str, bytes] = {
    **{f"scalar {scalar}": f"v: {scalar}\n".encode() for scalar in SCALARS},
    **{f"item {scalar}": f"v:\n  - {scalar}\n".encode() for scalar in SCALARS if scalar != "-"},
    **{f"key {key}": f"{key}\n: a\n".encode() if key[0] == "?" else f"{key}: a\n".encode() for key in KEYS},
    **{name: text if isinstance(text, bytes) else text.encode() for name, text in STRUCTURES.items()},
}
# What we read otherwise than Helm does, what we make of it, and why.
DIFFERENCES: dict[str, tuple[str, Json, str]] = {
    "a signed binary number": ("v: 0b-11\n", {"v": "0b-11"}, "an accident of goyaml, which nobody means"),
    "an infinite key": (".inf: a\n", REFUSED, "JSON has no such number, and Helm refuses it as a value"),
    "a timestamp that is none": ("v: !!timestamp a\n", {"v": "a"}, "the text stays as it is in any case"),
    "an escaped slash": (r'v: "a\/b"', {"v": "a/b"}, "JSON has it, and YAML 1.2"),
    "a %YAML 1.2 directive": ("%YAML 1.2\n---\na: 1\n", {"a": 1}, "libyaml knows that version"),
    "a question mark in flow": ("v: [http://a/?b]\n", {"v": ["http://a/?b"]}, "libyaml follows YAML 1.2"),
    "a colon before the end of flow": ("v: [a:]\n", REFUSED, "libyaml takes it for a key without a value"),
    "a deep nest": ("v: " + "[" * 200 + "]" * 200, REFUSED, "our own bound"),
}


@pytest.fixture(scope="module", params=VERSIONS)
def helm_reads(request: pytest.FixtureRequest) -> dict[str, Json]:
    """What Helm makes of every case, asked all at once."""
    differences = {name: text.encode() for name, (text, _, _) in DIFFERENCES.items()}
    asked = CASES | differences
    return dict(zip(asked, map(_or_refused, read_with_helm(request.param, list(asked.values()))), strict=True))


def _or_refused(answer: Json) -> Json:
    return REFUSED if isinstance(answer, dict) and list(answer) == ["Error"] else answer


def we_read(data: bytes) -> Json:
    """Our value, in a place where Helm wants a mapping: nothing is an empty one."""
    try:
        value = read_document(data).value
    except DocumentError:
        return REFUSED
    return as_object(value) if value is None or isinstance(value, dict) else REFUSED


def in_doubles(value: Json) -> str:
    """Canonical JSON in which every number is a double, as in Helm's templates; true is not 1, -0 is 0."""
    return json.dumps(json.loads(json.dumps(value), parse_int=_double, parse_float=_double), sort_keys=True)


def _double(digits: str) -> float:
    return float(digits) + 0.0


@pytest.mark.parametrize("name", CASES)
def test_we_read_what_helm_reads(helm_reads: dict[str, Json], name: str) -> None:
    assert in_doubles(we_read(CASES[name])) == in_doubles(helm_reads[name])


@pytest.mark.parametrize("name", DIFFERENCES)
def test_where_we_differ_from_helm_we_know_it(helm_reads: dict[str, Json], name: str) -> None:
    text, ours, _ = DIFFERENCES[name]

    assert we_read(text.encode()) == ours
    assert helm_reads[name] != ours


@pytest.mark.parametrize("version", VERSIONS)
def test_the_values_of_a_chart_are_read_as_these_files_are(version: Version, tmp_path: Path) -> None:
    readable = [scalar for scalar in SCALARS if we_read(f"v: {scalar}\n".encode()) != REFUSED]
    values = "v:\n" + "".join(f"- {scalar}\n" for scalar in readable)
    chart = write_chart(tmp_path, values=values.encode(), manifest="v: {{ .Values.v | toJson | quote }}\n")

    printed = as_object(read_document(template(version, chart).encode()).value)

    assert len(readable) > 100
    assert in_doubles(json.loads(str(printed["v"]))) == in_doubles(as_object(we_read(values.encode()))["v"])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_text_field_of_chart_yaml_gets_the_text_that_a_key_gets(version: Version, tmp_path: Path) -> None:
    scalars = [
        "0644",
        "1.10",
        "1000000.0",
        "1.23456789",
        "yes",
        "1e3",
        "12345678901",
        "2020-01-01",
        "true",
        "0x1f",
        "1.0",
    ]
    chart_yaml = f"apiVersion: v2\nname: a\nversion: 0.1.0\nkeywords: [{', '.join(scalars)}]\n"
    chart = write_chart(tmp_path, chart_yaml=chart_yaml.encode(), manifest="v: {{ .Chart.Keywords | toJson }}\n")

    printed = as_object(read_document(template(version, chart).encode()).value)

    assert printed["v"] == [HELM.key(read_document(scalar.encode()).value) for scalar in scalars]


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=10)
@given(documents=st.lists(json_objects, min_size=1))
def test_helm_reads_back_what_we_write(version: Version, documents: list[JsonObject]) -> None:
    read = read_with_helm(version, [write_documents([document]).encode() for document in documents])

    assert [in_doubles(document) for document in read] == [in_doubles(document) for document in documents]


@pytest.mark.parametrize(
    ("version", "values"), [("3", {"a": 1, "m": {"x": 1}}), ("4", {"a": 1, "b": 2, "m": {"x": 1, "z": 2}})]
)
def test_helm_3_reads_one_document_of_a_values_file_and_helm_4_merges_all(
    version: Version, values: Json, tmp_path: Path
) -> None:
    text = b"a: 1\nm: {x: 1}\n---\nb: 2\nm: {z: 2}\n"
    chart = write_chart(tmp_path, values=text, manifest="{{ .Values | toJson }}\n")

    assert read_document(template(version, chart).encode()).value == values
    assert read_document(text).value == {"a": 1, "m": {"x": 1}}


@pytest.mark.parametrize(("version", "release"), [("3", "v3.17.3+"), ("4", "v4.3.1+")])
def test_these_are_the_versions_that_we_name(version: Version, release: str) -> None:
    said = subprocess.run([helm(version), "version", "--short"], capture_output=True, text=True, check=True).stdout

    assert said.startswith(release)
