"""What a reviewer reads of two renderings."""

from __future__ import annotations

import json
from collections.abc import Sequence

from scenedock.manifests.comparing import compare
from scenedock.manifests.described import as_json
from scenedock.manifests.difference import ManifestDiff
from scenedock.manifests.markdown import as_markdown
from scenedock.manifests.rendered import Rendered
from scenedock.manifests.text import as_text
from scenedock.model.json import Json, JsonObject

_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def _deployment(name: str, tag: str = "1.4.0", memory: str = "1Gi", chart: str = "service-2.0.0") -> JsonObject:
    container: JsonObject = {
        "name": name,
        "image": f"registry.acme.test/{name}:{tag}",
        "resources": {"limits": {"memory": memory}},
    }
    labels: JsonObject = {"helm.sh/chart": chart, "app.kubernetes.io/version": tag}
    pod: JsonObject = {
        "metadata": {"annotations": {"checksum/config": f"{tag}{memory}"}, "labels": labels},
        "spec": {"containers": [container]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {"replicas": 1, "template": pod},
    }


def _object(kind: str, name: str, **rest: Json) -> JsonObject:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **rest}


def _compare(before: Sequence[JsonObject], after: Sequence[JsonObject], service: str = "billing") -> ManifestDiff:
    return compare(
        [Rendered("apps", service, "production", tuple(before))],
        [Rendered("apps", service, "production", tuple(after))],
    )


def _changes(before: Sequence[JsonObject], after: Sequence[JsonObject]) -> list[str]:
    """The lines about what changed, without the first and the summary."""
    text = as_text(_compare(before, after))
    return text.partition("\n\n")[0].splitlines()[1:] if "\n\n" in text else []


def test_a_new_tag_and_less_memory_are_three_lines() -> None:
    before, after = _deployment("billing"), _deployment("billing", "1.5.0", "512Mi", "service-2.1.0")
    assert as_text(_compare([before], [after])) == (
        "billing in production:\n"
        "  Deployment billing\n"
        "!   containers[billing].image: registry.acme.test/billing:1.4.0 → registry.acme.test/billing:1.5.0\n"
        "!   containers[billing].resources.limits.memory: 1Gi → 512Mi\n"
        "\n"
        "Not shown: 2 chart labels, 1 checksum, 2 version labels.\n"
        "1 of 1 deployment changes, manifests: 1 changed.\n"
    )


def test_equal_changes_of_many_services_are_one_block() -> None:
    names = [f"service-{number}" for number in range(38)]
    before = [Rendered("apps", name, "qa", (_deployment(name),)) for name in names]
    after = [Rendered("apps", name, "qa", (_deployment(name, memory="512Mi"),)) for name in names]
    (block,) = compare(before, after).blocks
    assert [pair.service for pair in block.pairs] == sorted(names)
    assert [str(each.id) for each in block.objects] == ["Deployment {service}"]


def test_what_only_one_of_them_changes_is_a_block_of_its_own() -> None:
    names = ["billing", "orders", "stock"]
    before = [Rendered("apps", name, "qa", (_deployment(name),)) for name in names]
    after = [
        Rendered("apps", name, "qa", (_deployment(name, "1.5.0" if name == "orders" else "1.4.0", "512Mi"),))
        for name in names
    ]
    blocks = compare(before, after).blocks
    assert [[pair.service for pair in block.pairs] for block in blocks] == [names, ["orders"]]


def test_a_config_map_whose_name_has_another_hash_is_the_same_one() -> None:
    old = _object("ConfigMap", "billing-config-7tg4k2m5b9", data={"app.yaml": "a: 1\nb: 2\nc: 3\n"})
    new = _object("ConfigMap", "billing-config-mk4gb7bt28", data={"app.yaml": "a: 1\nb: 4\nc: 3\n"})
    uses = [
        _object("Pod", "web", spec={"volumes": [{"name": "config", "configMap": {"name": name}}]})
        for name in ("billing-config-7tg4k2m5b9", "billing-config-mk4gb7bt28")
    ]
    assert _changes([old, uses[0]], [new, uses[1]]) == [
        "  ConfigMap billing-config-mk4gb7bt28 (was billing-config-7tg4k2m5b9)",
        "    data[app.yaml]:",
        "      … line 1",
        "      a: 1",
        "-     b: 2",
        "+     b: 4",
        "      c: 3",
    ]


def test_of_a_secret_only_the_keys_are_shown() -> None:
    old = _object("Secret", "billing", data={"old": "canary", "password": "canary"}, stringData={"same": "canary"})
    new = _object(
        "Secret", "billing", data={"new": "canary", "password": "other canary"}, stringData={"same": "canary"}
    )
    assert _changes([old], [new]) == [
        "  Secret billing",
        "+   data.new: added, not shown",
        "!   data.password: changed, not shown",
        "-   data.old: removed, not shown",
    ]


def test_what_could_not_be_rendered_is_said_with_its_reason() -> None:
    before = [Rendered("apps", "billing", "qa", (_deployment("billing"),)), Rendered("apps", "orders", None, ())]
    after = [
        Rendered("apps", "billing", "qa", (), "chart `service` isn't in the repository"),
        Rendered("apps", "orders", None, ()),
    ]
    diff = compare(before, after)
    assert not diff.blocks
    assert as_text(diff) == (
        "billing in qa: couldn't be rendered: chart `service` isn't in the repository\n"
        "No manifest changes in 1 deployment; 1 couldn't be rendered.\n"
    )
    after[1] = Rendered("apps", "orders", None, (_deployment("orders"),))
    assert as_text(compare(before, after)).endswith(
        "\n1 of 2 deployments change, manifests: 1 added; 1 couldn't be rendered.\n"
    )


def test_a_pull_request_gets_blocks_that_nothing_leaves() -> None:
    before = [Rendered("apps", name, "qa", (_deployment(name),)) for name in ("billing", "orders")]
    hostile = _object("ConfigMap", "a`b", data={"text": "```\n@team <b>\x1b[31m"})
    after = [
        Rendered("apps", "billing", "qa", (_deployment("billing", memory="512Mi"), hostile)),
        Rendered("apps", "orders", "qa", (_deployment("orders", memory="512Mi"),)),
    ]
    assert as_markdown(compare(before, after)) == (
        "2 of 2 deployments change, manifests: 2 changed, 1 added.\n\n"
        "2 services: `billing`, `orders` in `qa`\n\n"
        "```diff\n"
        "  Deployment {service}\n"
        "!   containers[{service}].resources.limits.memory: 1Gi → 512Mi\n"
        "```\n\n"
        "`billing` in `qa`\n\n"
        "````diff\n"
        "+ ConfigMap a`b\n"
        "+     data:\n"
        '+       text: "```\\n@team <b>\\u001b[31m"\n'
        "````\n\n"
        "Not shown: 2 checksums.\n"
    )


def _secrets(word: str) -> list[JsonObject]:
    """Objects with a secret in plain text at each place where charts put one."""
    applied = f'{{"data": {{"a": "{word}1"}}}}'
    secret: JsonObject = {"name": "s", "annotations": {"note": f"{word}1", _APPLIED: applied}}
    text = (
        f"a: 1\ndb.password={word}1 {word}2\nurl: jdbc?password={word}3\ntoken: |\n  {word}4\n  {word}5\n"
        f'{{"apiKey":"{word}6#x"}}\n"{{\\"client_secret\\":\\"{word}7#x\\"}}"\n<password>{word}8</password>\n'
    )
    container: JsonObject = {
        "name": "web",
        "args": [f"--password={word}1", "--db-password", f"{word}2", "--level=info", f"--token={word}.3#"],
        "env": [{"name": "DB_PASSWORD", "value": f"{word}1"}, {"name": "COLOR", "value": "blue"}],
        "command": ["sh", "-c", f"export PGPASSWORD={word}1; DB_PASSWORD='{word} 2' run"],
    }
    return [
        {"apiVersion": "v1", "kind": "Secret", "metadata": secret},
        _object("ConfigMap", "c", data={"app.properties": text, "db.password": f"{word}1", "pin.password": 123456}),
        _object("Pod", "p", spec={"containers": [container], "auth": {"password": f"{word}1", "pass": [f"{word}2"]}}),
    ]


def test_secrets_in_plain_text_are_not_shown_wherever_they_stand() -> None:
    old, new = _secrets("canary"), _secrets("kestrel")
    for before, after in [(old, new), ([], new), (old, [])]:
        diff = compare([Rendered("apps", "a", "b", tuple(before))], [Rendered("apps", "a", "b", tuple(after))])
        text = "".join([as_text(diff), as_markdown(diff), json.dumps(as_json(diff))])
        assert "canary" not in text
        assert "kestrel" not in text
    lines = _changes(old[1:2], new[1:2])
    assert "-     db.password=[redacted]" in lines
    assert "+     db.password=[changed, not shown]" in lines
    lines = _changes(old[2:], new[2:])
    assert "!   spec.containers[web].env[DB_PASSWORD].value: changed, not shown" in lines
    assert "!   spec.containers[web].args[1]: changed, not shown" not in lines
    assert "!   spec.containers[web].args[2]: changed, not shown" in lines


def test_names_and_references_under_such_names_are_shown() -> None:
    def pod(number: int) -> JsonObject:
        variable: JsonObject = {"secretKeyRef": {"name": f"db-{number}", "key": f"password{number}"}}
        env: list[Json] = [
            {"name": "DB_PASSWORD", "valueFrom": variable},
            {"name": "API_TOKEN", "value": f"$(TOKEN_{number})"},
            {"name": "PASSWORD_FILE", "value": f"/run/{number}"},
        ]
        secret = f"s3-backup-bucket-{'rw' * number}"
        return _object("Pod", "p", spec={"env": env, "existingSecret": secret, "secretName": f"tls-{number}"})

    assert [line.partition(": ")[2] for line in _changes([pod(1)], [pod(2)])[1:]] == [
        "db-1 → db-2",
        "password1 → password2",
        "$(TOKEN_1) → $(TOKEN_2)",
        "/run/1 → /run/2",
        "s3-backup-bucket-rw → s3-backup-bucket-rwrw",
        "tls-1 → tls-2",
    ]
