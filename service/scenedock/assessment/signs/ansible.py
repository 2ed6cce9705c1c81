"""Signs in Ansible's tasks: what they do to a machine, which no container has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from scenedock.assessment.claims import Claim, Fact, Source
from scenedock.assessment.signs.sign import is_comment, printed, sign

_CRON: Final = (Fact("scheduled_work", "cron"),)
_MANAGED: Final = (Fact("configuration", "chef"),)
_MODULES: Final[tuple[tuple[str, str, str, tuple[Fact, ...]], ...]] = (
    ("managed-package", "apt apk dnf dnf5 gem npm package pip snap yum zypper", "the package", ()),
    ("managed-service", "runit service supervisorctl systemd systemd_service sysvinit win_service", "the service", ()),
    ("managed-file", "blockinfile copy get_url lineinfile template unarchive", "the file", _MANAGED),
    ("cron", "cron", "the cron job", _CRON),
    ("mount", "mount", "the mount", ()),
    ("system-user", "user", "the user", ()),
    ("kernel", "modprobe sysctl", "the kernel's", ()),
    ("firewall", "firewalld iptables nftables ufw", "the firewall's", ()),
    ("deploy-by-ssh", "git synchronize", "the deployment", ()),
)
_BY_MODULE: Final = {
    module: (rule, what, facts) for rule, modules, what, facts in _MODULES for module in modules.split()
}
_TASK: Final = re.compile(
    r"^(?P<indent>[ ]+(?:-[ ]+)?|-[ ]+)(?:(?:ansible\.(?:builtin|posix|windows)|community\.general)\.)?"
    rf"(?P<module>{'|'.join(_BY_MODULE)})[ ]*:(?P<rest>[^\n]*)$",
    re.MULTILINE,
)
_OF_TASKS: Final = re.compile(r"(?:.*/)?(?:tasks|handlers)/[\w/.-]+\.ya?ml")
_PLAY: Final = re.compile(r"^(?:-[ ]+|[ ]{2})hosts:", re.MULTILINE)
_TASKS: Final = re.compile(r"^(?:-[ ]+|[ ]{2})(?:(?:pre|post)_)?(?:tasks|handlers):[ ]*$", re.MULTILINE)
_ITEM: Final = re.compile(r"^-[ ]", re.MULTILINE)
_NAMED: Final = re.compile(
    r"(?:^|[ {,])(?:name|pkg|dest|path|repo|chain)[ ]*[:=]\s*(?:-[ ]+)?"
    r"(?P<name>\"[^\"\n]{1,120}\"|'[^'\n]{1,120}'|\{\{[^}\n]{1,80}\}\}|[^\s,{}\n][^\s,}\n]{0,119})",
    re.MULTILINE,
)
_GONE: Final = re.compile(r"(?:^|[ {,])state[ ]*[:=][ ]*['\"]?(?:absent|stopped|unmounted)\b", re.MULTILINE)

SIGNS: Final = (
    sign(
        "managed-data",
        r".*\.ya?ml|(?:.*/)?(?:group|host)_vars/[\w/.-]+",
        r"^(?:[\w.-]+:[ \t]*!vault[ \t]*\|?[ \t]*$|\$ANSIBLE_VAULT;)",
        "a vault of Ansible",
    ),
    sign(
        "machine-facts",
        r"(?:.*/)?(?:tasks|handlers|vars|defaults|templates|group_vars|host_vars)/[\w/.-]+",
        r"\bansible_(?:facts\[['\"]|facts\.)?(?P<fact>default_ipv4|all_ipv4_addresses|eth\d|hostname|fqdn|nodename|memtotal_mb|"
        r"memory_mb|processor_(?:vcpus|cores|count)|mounts)\b",
        "the fact {fact} of the machine",
        needs="ansible_",
    ),
)


def task_claims(source: Source) -> Iterator[Claim]:
    """What the tasks of a role or a playbook do to a machine; what they take away, no container has either."""
    if not _OF_TASKS.fullmatch(source.path) and not (
        source.path.endswith((".yml", ".yaml")) and all(each.search(source.text) for each in (_ITEM, _PLAY, _TASKS))
    ):
        return
    for match in _TASK.finditer(source.text):
        rule, what, facts = _BY_MODULE[match["module"]]
        said = match["rest"] + "\n" + _block(source.text, match.end() + 1, len(match["indent"]))
        named = _NAMED.search(said)
        if is_comment(source.path, source.line_text(match.start("module"))) or _GONE.search(said):
            continue
        name = printed(named["name"].strip("'\"")) if named else match["module"]
        line = source.line_at(match.start("module"))
        yield Claim(rule, source.path, line, f"Ansible manages {what} {name}", facts)


def _block(text: str, at: int, indent: int) -> str:
    """The lines from a place on that are indented deeper."""
    end = at
    while end < len(text):
        stop = text.find("\n", end)
        stop = len(text) if stop < 0 else stop
        line = text[end:stop]
        if line.strip() and len(line) - len(line.lstrip(" ")) <= indent:
            break
        end = stop + 1
    return text[at:end]
