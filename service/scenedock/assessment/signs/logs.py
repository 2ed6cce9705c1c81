"""Signs of where an application logs to, how it sends mail, and where its settings come from."""

from __future__ import annotations

from typing import Final

from scenedock.assessment.claims import Fact
from scenedock.assessment.signs.sign import sign

_SETTINGS_PY: Final = r"(?:.*/)?(?:settings|config|conf)(?:/\w+)?\.py|(?:.*/)?\w*settings\w*\.py"
LOGS: Final = (
    sign(
        "log-file",
        r".*\.(?:xml|properties|ya?ml|groovy)",
        r"\b(?P<name>(?:ch\.qos\.logback\.core\.(?:rolling\.Rolling)?|org\.apache\.log4j\.(?:Daily)?(?:Rolling)?|"
        r"org\.apache\.log4j\.rolling\.)(?:Rolling)?FileAppender)\b",
        "{name}",
        Fact("logs", "files"),
        needs="FileAppender",
    ),
    sign(
        "log-file",
        r".*\.xml",
        r"<(?P<name>RollingFile|File|RollingRandomAccessFile)\b[^>]{0,200}\bfileName=",
        "{name} of Log4j",
        Fact("logs", "files"),
    ),
    sign(
        "log-file",
        r".*\.py",
        r"['\"]class['\"][ \t]*:[ \t]*['\"]logging\.(?P<name>(?:handlers\.)?\w*FileHandler)['\"]",
        "logging.{name}",
        Fact("logs", "files"),
        needs="FileHandler",
    ),
    sign(
        "log-file",
        r"(?:.*/)?(?:application|bootstrap)[\w-]*\.properties",
        r"^logging\.file(?:\.name|\.path)?[ \t]*=",
        "Spring Boot logs to a file",
        Fact("logs", "files"),
    ),
    sign(
        "log-file",
        r"(?:.*/)?config/logging\.php",
        r"'path'[ \t]*=>[ \t]*storage_path\(",
        "Laravel has a channel that writes to a file",
    ),
    sign(
        "log-file",
        r".*\.rb",
        r"\bconfig\.logger[ \t]*=[ \t]*(?:ActiveSupport::)?Logger\.new\((?!(?:\$stdout|STDOUT|\$stderr))",
        "Rails has a logger of its own that isn't standard output",
        Fact("logs", "files", 1),
        needs="config.logger",
    ),
    sign(
        "log-stdout",
        r"(?:.*/)?config/environments/production\.rb",
        r"(?:Logger\.new\(|logger\([ ]?)(?:\$stdout|STDOUT)",
        "a logger to standard output",
    ),
    sign(
        "log-stdout",
        r"(?:.*/)?config/environments/production\.rb",
        r"^[ ]{2}config\.logger[ \t]*=[^\n]*(?:\$stdout|STDOUT)",
        "Rails logs to standard output",
        Fact("logs", "stdout"),
    ),
    sign(
        "log-file",
        r"(?:.*/)?config/environments/production\.rb",
        r"Logger\.new\((?:Rails\.root|['\"])",
        "a logger to a file",
        Fact("logs", "files"),
    ),
    sign(
        "log-stdout",
        r".*\.(?:xml|properties|ya?ml)",
        r"\b(?P<name>ch\.qos\.logback\.core\.ConsoleAppender|org\.apache\.log4j\.ConsoleAppender)\b",
        "{name}",
        Fact("logs", "stdout", 1),
        needs="ConsoleAppender",
    ),
    sign(
        "log-stdout",
        r".*\.py",
        r"['\"]class['\"][ \t]*:[ \t]*['\"]logging\.StreamHandler['\"]",
        "logging.StreamHandler",
        Fact("logs", "stdout", 1),
        needs="logging.StreamHandler",
    ),
    sign(
        "log-syslog",
        r".*\.(?:py|xml|properties|rb|ya?ml)",
        r"['\"]class['\"][ \t]*:[ \t]*['\"]logging\.handlers\.SysLogHandler['\"]|"
        r"org\.apache\.log4j\.net\.SyslogAppender|\bSyslog::Logger\.new",
        "it logs to syslog",
        Fact("logs", "syslog"),
    ),
    sign(
        "log-syslog",
        r".*\.(?:php|inc)",
        r"(?<![\w>:$'\"])openlog\(",
        "PHP's openlog",
        Fact("logs", "syslog"),
        needs="openlog(",
    ),
)

OTHERS: Final = (
    sign(
        "environment-settings",
        rf"{_SETTINGS_PY}|(?:.*/)?config/(?:environments/production|application|database|puma|\w+)\.(?:rb|php|js|yml)",
        r"\b(?:ENV(?:\.fetch\(|\[)[ ]?|os\.(?:environ(?:\.get\(|\[)|getenv\()|process\.env\.|env\()"
        r"['\"]?(?P<name>(?!RAILS_ENV|RACK_ENV|NODE_ENV|BUNDLE_GEMFILE|CUCUMBER)[A-Z][A-Z0-9_]{2,60})",
        "the variable {name}",
        Fact("configuration", "environment", 1),
    ),
    sign(
        "environment-settings",
        r"(?:.*/)?(?:application|bootstrap)[\w-]*\.(?:properties|ya?ml)",
        r"\$\{(?P<name>[A-Z][A-Z0-9_]{2,60})[:}]",
        "the variable {name}",
        Fact("configuration", "environment", 1),
    ),
    sign(
        "local-mail",
        r"(?:.*/)?config/(?:application|environments/production)\.rb|(?:.*/)?config/configuration\.yml",
        r"\bdelivery_method:?[ \t]*=?[ \t]*:(?P<program>sendmail)\b",
        "mail is sent by {program}",
    ),
    sign(
        "local-mail",
        r".*\.(?:php|inc)",
        r"(?<![\w>:$'\"\\])(?<!function )(?<!new )mail\(\s*\$",
        "PHP's mail() calls the sendmail of the machine",
        needs="mail(",
    ),
    sign(
        "log-file",
        r".*\.ya?ml",
        r"^[ \t]*path:[ \t]*['\"]?%kernel\.logs_dir%",
        "Monolog writes to a file",
        needs="%kernel.logs_dir%",
    ),
    sign(
        "local-mail",
        r".*\.(?:rb|py|pl|pm|php|inc|sh|bash|java|properties|[cm]?[jt]s|conf|ini|ya?ml)",
        r"^(?![^\n]*(?:\benv\(|=>))[^\n]*['\"\s=|`](?P<program>/usr/(?:s?bin|lib)/sendmail)\b",
        "mail is sent by {program}",
        needs="/sendmail",
    ),
    sign(
        "multicast",
        r".*\.(?:java|kt|groovy)",
        r"\bnew MulticastSocket\(",
        "a socket for multicast",
        needs="MulticastSocket",
    ),
    sign(
        "multicast",
        r".*\.(?:xml|properties|ya?ml)",
        r"<multicast\b[^>]{0,100}\benabled=\"true\"|\bmulticastGroupAddress\b|<UDP\b[^>]{0,200}\bmcast_(?:addr|port)=",
        "members are found by multicast",
    ),
)

SIGNS: Final = (*LOGS, *OTHERS)
