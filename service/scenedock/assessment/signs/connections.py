"""Signs of databases and sessions where code connects, and in sections of INI files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scenedock.assessment.claims import Fact, Service
from scenedock.assessment.signs.builds import PROJECT
from scenedock.assessment.signs.sign import Sign, sign

_INI: Final = r".*\.(?:ini|conf|cfg)"
_PHP: Final = r".*\.(?:php|inc)"
_HOST: Final = r"(?P<host>[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)"
_LOCAL: Final = r"(?P<host>localhost|127\.0\.0\.1)"
_NET: Final = (
    ("sqlserver", r"Microsoft\.EntityFrameworkCore\.SqlServer|(?:Microsoft|System)\.Data\.SqlClient"),
    ("postgresql", r"Npgsql[\w.]*"),
    ("mysql", r"Pomelo\.EntityFrameworkCore\.MySql|MySql\.(?:Data|EntityFrameworkCore)[\w.]*|MySqlConnector"),
    ("oracle", r"Oracle\.(?:ManagedDataAccess|EntityFrameworkCore)[\w.]*"),
    ("mongodb", r"MongoDB\.Driver"),
)


def _in_section(names: str, line: str) -> str:
    """A pattern for a line of a section of an INI file."""
    return rf"^\[(?i:{names})\][^\n]*\n(?:(?!\[)[^\n]*\n){{0,60}}?[ \t]*{line}"


def _net() -> Iterator[Sign]:
    for kind, names in _NET:
        yield sign(
            "client-library",
            PROJECT,
            rf"Include=\"(?P<name>{names})\"",
            f"{{name}}: a client of {kind}",
            Fact("database", kind, 1),
            service=Service(kind),
        )


def _kinds() -> Iterator[Sign]:
    """Where a line names the kind of database."""
    for kind, names in (
        ("postgresql", "postgres(?:ql)?|pgsql|pgx"),
        ("mysql", "mysql|mariadb"),
        ("sqlserver", "mssql|sqlserver"),
    ):
        yield sign(
            "database",
            r".*\.go",
            rf"\bsql(?:x)?\.(?:Open|Connect|MustConnect)\(\s*\"(?P<name>{names})\"",
            "the code connects to {name}",
            Fact("database", kind),
        )
        yield sign(
            "database",
            _INI,
            _in_section("database", rf"(?i:(?:DB_)?TYPE|DRIVER|ADAPTER|ENGINE)[ \t]*=[ \t]*(?P<name>{names})[ \t]*$"),
            "the database is {name}",
            Fact("database", kind),
        )
        yield sign(
            "database",
            _PHP,
            rf"\bnew \\?PDO\(\s*['\"](?P<name>{names}):",
            "PDO connects to {name}",
            Fact("database", kind),
        )


SIGNS: Final = (
    *_net(),
    *_kinds(),
    sign(
        "database",
        _PHP,
        r"(?<![\w>:$'\"])(?<!function )(?P<call>mysqli_(?:real_)?connect|mysql_p?connect|new mysqli)\(",
        "{call} connects to MySQL or MariaDB",
        Fact("database", "mysql"),
        needs="mysql",
    ),
    sign(
        "service-on-same-machine",
        _PHP,
        rf"\b(?:mysqli?_(?:real_)?connect|new mysqli)\(\s*['\"]{_LOCAL}['\"]",
        "MySQL or MariaDB at {host}",
        Fact("database_place", "local"),
        service=Service("mysql", "{host}"),
        needs="mysql",
    ),
    sign(
        "service-address",
        _PHP,
        rf"\b(?:mysqli?_(?:real_)?connect|new mysqli)\(\s*['\"](?!localhost|127\.)(?=[\w.-]*\.){_HOST}['\"]",
        "MySQL or MariaDB at {host}",
        service=Service("mysql", "{host}"),
        needs="mysql",
    ),
    sign(
        "database",
        r"(?:.*/)?wp-config\.php",
        r"^[ \t]*define\([ \t]*['\"]DB_(?P<what>HOST|NAME)['\"]",
        "WordPress keeps its data in MySQL or MariaDB",
        Fact("database", "mysql", 3),
    ),
    sign(
        "service-on-same-machine",
        r"(?:.*/)?config/(?:cache|database|queue|scout)\.php",
        r"\benv\('(?P<name>(?!DB_TEST)\w+_HOST)',[ \t]*'(?P<host>localhost|127\.0\.0\.1)'\)",
        "{name} is {host}, unless the environment says otherwise",
    ),
    sign(
        "service-on-same-machine",
        _INI,
        _in_section("database", rf"(?i:HOST)[ \t]*=[ \t]*(?P<address>{_LOCAL}(?::\d{{2,5}})?)[ \t]*$"),
        "the database is at {address}",
        Fact("database_place", "local"),
        service=Service("database", "{address}"),
    ),
    sign(
        "sessions-in-process",
        _INI,
        _in_section("session", r"(?P<key>(?i:PROVIDER|STORE|BACKEND|DRIVER|TYPE))[ \t]*=[ \t]*memory[ \t]*$"),
        "{key} of sessions is memory",
        Fact("sessions", "memory"),
    ),
    sign(
        "sessions-in-files",
        _INI,
        _in_section("session", r"(?P<key>(?i:PROVIDER|STORE|BACKEND|DRIVER|TYPE))[ \t]*=[ \t]*file(?:system)?[ \t]*$"),
        "{key} of sessions is file",
        Fact("sessions", "files"),
    ),
    sign(
        "sessions-shared",
        _INI,
        _in_section(
            "session",
            r"(?P<key>(?i:PROVIDER|STORE|BACKEND|DRIVER|TYPE))[ \t]*=[ \t]*(?P<store>redis|memcached?)[ \t]*$",
        ),
        "{key} of sessions is {store}",
        Fact("sessions", "cache"),
    ),
    sign(
        "files-on-disk",
        _INI,
        _in_section(
            "attachments?|uploads?|avatars?|media", r"(?P<key>PATH|path)[ \t]*=[ \t]*(?P<path>[\w./-]*/[\w./-]+)[ \t]*$"
        ),
        "{key} of what users upload is {path}",
        Fact("local_files", "local"),
    ),
    sign(
        "files-on-disk",
        _INI,
        r"^[ \t]*(?P<key>(?i:\w*(?:UPLOAD|ATTACHMENT|AVATAR)\w*_(?:PATH|DIR|ROOT)))[ \t]*=[ \t]*"
        r"(?P<path>[\w./-]*/[\w./-]+)[ \t]*$",
        "{key} is {path}",
        Fact("local_files", "local"),
    ),
    sign(
        "sessions-in-process",
        r".*\.cs",
        r"\bAddDistributedMemoryCache\(",
        "AddDistributedMemoryCache: what is cached, sessions too, is in the memory of the process",
        Fact("sessions", "memory", 1),
        needs="AddSession(",
    ),
    sign(
        "machine-path",
        r".*\.(?:go|cs|py|rb|php|inc|(?:c|m)?[jt]s|java|kt)",
        r"\b(?:os\.(?:WriteFile|Create|OpenFile|MkdirAll)|fs\.(?:writeFile|appendFile|createWriteStream|mkdir)(?:Sync)?|"
        r"File\.(?:WriteAll\w+|AppendAll\w+|open|write)|file_put_contents|fopen|open|new File(?:OutputStream|Writer)?)"
        r"\(\s*@?['\"](?P<path>/(?:var|srv|opt|data|mnt|home)/[\w./-]{1,100}|[A-Z]:\\[\w.\\ -]{1,100})['\"]",
        "the code opens {path}",
    ),
)
