"""Signs in Chef cookbooks: what they do to a machine, which no container has."""

from __future__ import annotations

from typing import Final

from scenedock.assessment.claims import Fact
from scenedock.assessment.signs.sign import Sign, sign

_CODE: Final = r"(?:.*/)?(?:recipes|resources|providers|libraries)/[\w/.-]+\.rb"
_RECIPES: Final = r"(?:.*/)?(?:recipes|resources|providers)/[\w/.-]+\.rb"
_NAME: Final = (
    r"[ (]+(?P<name>'[^'\n]{1,120}'|\"[^\"\n]{1,120}\"|%[wW][(\[{][^)\]}\n]{1,120}[)\]}]?|"
    r"\[[^\]\n]{1,120}\]?|[a-z_][\w.]*(?:\[[^\]\n]{1,60}\])*)"
)
_DO: Final = r"[^\n]*\bdo\b[ \t]*(?:\|[^|\n]*\|)?[ \t]*$"


_PACKAGES: Final = (
    r"package|apt_package|yum_package|dnf_package|gem_package|python_package|windows_package|snap_package"
)


def _resource(rule: str, kinds: str, said: str, *facts: Fact) -> Sign:
    """A resource with a block: without one, it may be a property of another resource, such as `user`."""
    return sign(rule, _RECIPES, rf"^[ \t]*(?P<kind>{kinds}){_NAME}{_DO}", said, *facts)


SIGNS: Final = (
    sign(
        "configuration-management",
        r"(?:.*/)?metadata\.rb",
        r"^name[ \t]+['\"](?P<name>[\w-]+)['\"]",
        "the Chef cookbook {name}",
        Fact("configuration", "chef"),
    ),
    sign(
        "configuration-management",
        r"(?:.*/)?(?:Berksfile|Policyfile\.rb)",
        r"^[ \t]*(?P<what>cookbook|run_list|metadata)\b",
        "Chef: {what}",
        Fact("configuration", "chef"),
    ),
    _resource("managed-package", _PACKAGES, "Chef manages the package {name}"),
    sign("managed-package", _RECIPES, rf"^(?P<kind>{_PACKAGES}){_NAME}[ \t]*$", "Chef manages the package {name}"),
    _resource(
        "managed-service", r"service|systemd_service|runit_service|windows_service", "Chef manages the service {name}"
    ),
    _resource("daemon", r"systemd_unit", "Chef manages the unit {name}"),
    _resource(
        "managed-file",
        r"template|cookbook_file|remote_file|file",
        "Chef manages the file {name}",
        Fact("configuration", "chef"),
    ),
    _resource("cron", r"cron|cron_d", "Chef manages the cron job {name}", Fact("scheduled_work", "cron")),
    _resource("cron", r"systemd_timer", "Chef manages the timer {name}", Fact("scheduled_work", "cron")),
    _resource("mount", r"mount", "Chef manages the mount {name}"),
    _resource("system-user", r"user", "Chef manages the user {name}"),
    _resource("kernel", r"sysctl|sysctl_param|kernel_module", "Chef manages {kind} {name}"),
    _resource(
        "firewall",
        r"firewall_rule|firewall|iptables_rule|iptables_rule6|firewalld\w*|networking_firewall\w*|nftables\w*",
        "Chef manages {kind} {name}",
    ),
    _resource("deploy-by-ssh", r"deploy|deploy_revision|deploy_branch|application", "Chef deploys {name}"),
    sign(
        "managed-data",
        _CODE,
        r"\b(?P<call>(?:encrypted_)?data_bag(?:_item)?|chef_vault_item|"
        r"Chef::EncryptedDataBagItem\.load)[ (]+(?P<name>[:'\"][\w./-]+['\"]?(?:, ?['\"][\w./-]+['\"])?)",
        "{call} reads {name}",
    ),
    sign(
        "machine-search",
        _CODE,
        r"(?:^|[=(\s])(?:partial_)?search[ (]+(?P<index>:\w+|['\"]\w+['\"])",
        "a search in the index {index}",
        needs="search",
    ),
    sign(
        "machine-facts",
        rf"{_CODE}|(?:.*/)?attributes/[\w.-]+\.rb|(?:.*/)?templates/[\w/.-]+\.erb",
        r"\bnode(?:\[['\":]|\.)(?P<fact>ipaddress|ip6address|fqdn|hostname|machinename|memory|cpu|network|"
        r"filesystem|cloud|ec2|virtualization)\b['\"]?\]?",
        "the fact {fact} of the machine",
        needs="node",
    ),
)
