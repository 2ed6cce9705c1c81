"""Signs of what an application keeps: sessions, files of users, databases in a file, and logs."""

from __future__ import annotations

from typing import Final

from scenedock.assessment.claims import Fact
from scenedock.assessment.signs.builds import GRADLE, MAVEN, PACKAGE_JSON
from scenedock.assessment.signs.sign import sign

_SETTINGS_PY: Final = r"(?:.*/)?(?:settings|config|conf)(?:/\w+)?\.py|(?:.*/)?\w*settings\w*\.py"
_PROPERTIES: Final = r".*\.(?:properties|ya?ml|conf|xml)"


def _sessions(where: str, strength: int = 2) -> Fact:
    return Fact("sessions", where, strength)


SESSIONS: Final = (
    sign(
        "sessions-shared",
        r"(?:.*/)?config/(?:initializers/session_store|application|environments/production)\.rb",
        r"\bsession_store[ (=]+:cookie_store",
        "a cookie has the session",
        _sessions("cookie", 3),
        needs="session_store",
    ),
    sign(
        "sessions-shared",
        r"(?:.*/)?config/(?:initializers/session_store|application|environments/production)\.rb",
        r"\bsession_store[ (=]+:(?P<store>active_record_store)",
        "sessions are in the database",
        _sessions("database", 3),
        needs="session_store",
    ),
    sign(
        "sessions-shared",
        r"(?:.*/)?config/(?:initializers/session_store|application|environments/production)\.rb",
        r"\bsession_store[ (=]+:(?P<store>redis\w*|mem_cache_store|cache_store|dalli\w*)",
        "sessions are in {store}",
        _sessions("cache", 3),
        needs="session_store",
    ),
    sign(
        "sessions-in-files",
        r".*\.py",
        r"^[ \t]*SESSION_ENGINE[ \t]*=[ \t]*['\"]django\.contrib\.sessions\.backends\.file['\"]",
        "SESSION_ENGINE is file",
        _sessions("files", 3),
    ),
    sign(
        "sessions-shared",
        r".*\.py",
        r"^[ \t]*SESSION_ENGINE[ \t]*=[ \t]*['\"](?:django\.contrib\.sessions\.backends\.(?:cache|cached_db)|redis_sessions\.session)['\"]",
        "SESSION_ENGINE is a cache",
        _sessions("cache", 3),
    ),
    sign(
        "sessions-shared",
        r".*\.py",
        r"^[ \t]*SESSION_ENGINE[ \t]*=[ \t]*['\"]django\.contrib\.sessions\.backends\.signed_cookies['\"]",
        "SESSION_ENGINE is a signed cookie",
        _sessions("cookie", 3),
    ),
    sign(
        "sessions-shared",
        r".*\.py",
        r"^[ \t]*SESSION_ENGINE[ \t]*=[ \t]*['\"]django\.contrib\.sessions\.backends\.db['\"]",
        "SESSION_ENGINE is the database",
        _sessions("database", 3),
    ),
    sign(
        "sessions-shared",
        r".*\.py",
        r"^[ \t]*['\"]django\.contrib\.sessions['\"],",
        "Django's sessions: in the database, unless SESSION_ENGINE says otherwise",
        _sessions("database", 1),
    ),
    sign(
        "sessions-in-files",
        r"(?:.*/)?config/session\.php",
        r"^[ \t]*'driver'[ \t]*=>[ \t]*env\('SESSION_DRIVER',[ \t]*'file'\)",
        "Laravel's sessions are in files, unless SESSION_DRIVER says otherwise",
        _sessions("files"),
    ),
    sign(
        "sessions-shared",
        r"(?:.*/)?config/session\.php",
        r"^[ \t]*'driver'[ \t]*=>[ \t]*env\('SESSION_DRIVER',[ \t]*'(?P<store>database|redis|memcached|cookie)'\)",
        "Laravel's sessions are in {store}, unless SESSION_DRIVER says otherwise",
    ),
    sign(
        "sessions-in-files",
        r".*\.(?:php|inc)",
        r"(?<![\w>:$'\"])session_start\(",
        "PHP's own sessions: in files, unless php.ini or the code says otherwise",
        _sessions("files", 1),
        needs="session_start(",
    ),
    sign(
        "sessions-in-files",
        r".*\.ya?ml",
        r"^[ \t]*handler_id:[ \t]*['\"]?(?:session\.handler\.native_file)['\"]?|^[ \t]*save_path:[ \t]*['\"]?%kernel",
        "Symfony keeps sessions in files",
        _sessions("files", 3),
    ),
    sign(
        "sessions-in-process",
        r".*\.(?:java|kt|groovy)",
        r"^[ \t]*@(?P<name>SessionAttributes|SessionScoped?)\b",
        "@{name}: the session of the servlet container, in its memory unless a store is configured",
        _sessions("memory", 1),
        needs="@Session",
    ),
    sign(
        "sessions-in-process",
        r".*\.(?:java|kt|groovy|jsp)",
        r"\b(?:req|request|httpRequest|httpServletRequest|servletRequest)\.getSession\(",
        "getSession: the session of the servlet container, in its memory unless a store is configured",
        _sessions("memory", 1),
        needs=".getSession(",
    ),
    sign(
        "sessions-shared",
        rf"{MAVEN}|{GRADLE}",
        r"\b(?P<name>spring-session-(?:data-redis|hazelcast))\b",
        "{name}",
        _sessions("cache", 3),
    ),
    sign(
        "sessions-shared",
        rf"{MAVEN}|{GRADLE}",
        r"\b(?P<name>spring-session-jdbc)\b",
        "{name}",
        _sessions("database", 3),
    ),
    sign(
        "sessions-shared",
        PACKAGE_JSON,
        r"\"(?P<name>connect-redis|connect-memcached)\"\s*:\s*\"[~^<>=*0-9]",
        "{name}: sessions can be in a cache",
        _sessions("cache", 1),
    ),
    sign(
        "sessions-shared",
        PACKAGE_JSON,
        r"\"(?P<name>connect-mongo|connect-pg-simple|connect-session-knex|express-mysql-session)\"\s*:\s*\"[~^<>=*0-9]",
        "{name}: sessions can be in a database",
        _sessions("database", 1),
    ),
    sign(
        "sessions-shared",
        PACKAGE_JSON,
        r"\"(?P<name>cookie-session)\"\s*:\s*\"[~^<>=*0-9]",
        "{name}",
        _sessions("cookie"),
    ),
    sign(
        "sessions-in-process",
        r".*\.(?:c|m)?[jt]s",
        r"new (?:session\.|expressSession\.)?MemoryStore\(",
        "sessions in a MemoryStore",
        _sessions("memory"),
        needs="MemoryStore(",
    ),
    sign(
        "sessions-in-process",
        r"(?:.*/)?[Ww]eb\.config",
        r"<sessionState\b[^>]{0,200}\bmode=\"InProc\"",
        "sessionState is InProc",
        _sessions("memory", 3),
    ),
)

_LOCAL: Final = Fact("local_files", "local")
_OBJECT: Final = Fact("local_files", "object")

FILES: Final = (
    sign(
        "files-on-disk",
        r"(?:.*/)?config/environments/production\.rb",
        r"\bactive_storage\.service[ \t]*=[ \t]*:local\b",
        "Active Storage keeps files on the disk",
        Fact("local_files", "local", 3),
    ),
    sign(
        "files-in-store",
        r"(?:.*/)?config/environments/production\.rb",
        r"\bactive_storage\.service[ \t]*=[ \t]*:(?P<name>amazon|s3|google|azure|microsoft)\b",
        "Active Storage keeps files in {name}",
        Fact("local_files", "object", 3),
    ),
    sign(
        "files-on-disk",
        r".*\.rb",
        r"^[ \t]*storage[ (]+:(?:file|file_system)\b",
        "uploads are kept on the disk",
        _LOCAL,
        needs="storage",
    ),
    sign(
        "files-in-store",
        r".*\.rb",
        r"^[ \t]*storage[ (]+:(?P<name>fog|aws|s3)\b",
        "uploads are kept in {name}",
        _OBJECT,
        needs="storage",
    ),
    sign(
        "files-on-disk",
        _SETTINGS_PY,
        r"^[ \t]*MEDIA_ROOT[ \t]*(?::[ ]?str[ ]?)?=",
        "MEDIA_ROOT: Django keeps uploads on the disk, unless a storage says otherwise",
        Fact("local_files", "local", 1),
    ),
    sign(
        "files-in-store",
        _SETTINGS_PY,
        r"['\"](?P<name>storages\.backends\.(?:s3boto3|s3|gcloud|azure_storage)\.\w+)['\"]",
        "the storage {name} is configured",
        _OBJECT,
    ),
    sign(
        "files-on-disk",
        r".*\.(?:php|inc)",
        r"(?<![\w>:$'\"])move_uploaded_file\(",
        "move_uploaded_file keeps an upload on the disk",
        _LOCAL,
        needs="move_uploaded_file(",
    ),
    sign(
        "files-on-disk",
        r"(?:.*/)?config/filesystems\.php",
        r"^[ \t]*'default'[ \t]*=>[ \t]*env\('FILESYSTEM_\w+',[ \t]*'(?P<disk>local|public)'\)",
        "Laravel's default disk is {disk}, unless the environment says otherwise",
        _LOCAL,
    ),
    sign(
        "files-on-disk",
        r".*\.(?:java|kt|groovy)",
        r"\.transferTo\(\s*(?:new File\(|\w*[pP]ath|\w*[fF]ile)",
        "transferTo keeps an upload on the disk",
        _LOCAL,
        needs=".transferTo(",
    ),
    sign(
        "files-on-disk",
        r".*\.(?:c|m)?[jt]s",
        r"\bmulter(?:\.diskStorage\(|\(\{\s*dest:)",
        "multer keeps uploads on the disk",
        _LOCAL,
        needs="multer",
    ),
    sign(
        "files-on-disk",
        _PROPERTIES,
        r"(?i)^[ \t]*(?P<key>[\w.-]*(?:uploads?|attachments?|media|storage)[\w.]*[._-]?(?:dir|directory|path|root|folder|location))[ \t]*[:=][ \t]*['\"]?(?P<path>[/~$][\w./${}-]{2,80})['\"]?[ \t]*$",
        "{key} is {path}",
        _LOCAL,
    ),
    sign(
        "mount",
        r"(?:.*/)?fstab[\w.-]*",
        r"^(?P<device>[\w./:=-]+)[ \t]+(?P<at>/\S*)[ \t]+(?P<type>nfs4?|cifs|efs|glusterfs|ceph|ext4|xfs)\b",
        "{device} at {at}, {type}",
    ),
    sign(
        "machine-path",
        r".*\.(?:properties|ini|conf|cnf|cfg|env|toml)|(?:.*/)?\.env[\w.]*|(?:.*/)?(?:config|conf|settings)/[\w/.-]+\.(?:ya?ml|rb|php|py|json|xml)",
        r"[=:,(\s'\"](?P<path>/(?:var/(?:lib|log|www|spool|opt|data|run)|srv|mnt|data|opt|home|export|nfs|media|u\d\d|usr/local)/[\w.@${}/-]{1,100}[\w}])['\"\s;,)]?",
        "the path {path}",
    ),
)

DATABASES: Final = (
    sign(
        "embedded-database",
        r".*\.(?:properties|ya?ml|xml|java|kt|conf|env)|(?:.*/)?\.env[\w.]*",
        r"\bjdbc:(?P<kind>h2|hsqldb|derby|sqlite):(?P<where>(?:mem|file|~|res|\.|/)?)",
        "the JDBC address of a database of {kind} in a file or in the process",
        needs="jdbc:",
    ),
    sign(
        "embedded-database",
        r".*\.xml",
        r"<jdbc:embedded-database\b",
        "an embedded database of Spring",
        needs="<jdbc:embedded-database",
    ),
    sign(
        "embedded-database",
        r".*\.(?:java|kt|groovy)",
        r"\.setType\(EmbeddedDatabaseType\.(?P<kind>\w+)\)|new EmbeddedDatabaseBuilder\(",
        "an embedded database of Spring",
        needs="EmbeddedDatabase",
    ),
    sign(
        "embedded-database",
        r".*\.py",
        r"['\"]ENGINE['\"][ \t]*:[ \t]*['\"]django\.db\.backends\.sqlite3['\"]",
        "SQLite is among Django's databases",
        Fact("database", "sqlite", 1),
        needs="sqlite3",
    ),
    sign(
        "embedded-database",
        r".*\.py",
        r"['\"]sqlite:///",
        "the address of a database of SQLite",
        Fact("database", "sqlite", 1),
        needs="sqlite:///",
    ),
    sign(
        "embedded-database",
        r"(?:.*/)?config/database\.yml",
        r"^[ \t]+adapter:[ \t]*['\"]?sqlite3",
        "the database is SQLite",
        Fact("database", "sqlite", 3),
    ),
    sign(
        "database",
        r".*\.py",
        r"['\"]ENGINE['\"][ \t]*:[ \t]*['\"](?:django\.db\.backends\.|django\.contrib\.gis\.db\.backends\.|mysql\.connector\.)(?P<engine>postgresql|postgis|postgresql_psycopg2)['\"]",
        "PostgreSQL is among Django's databases",
        Fact("database", "postgresql"),
        needs="ENGINE",
    ),
    sign(
        "database",
        r".*\.py",
        r"['\"]ENGINE['\"][ \t]*:[ \t]*['\"](?:django\.db\.backends\.|mysql\.connector\.)(?:mysql|django)['\"]",
        "MySQL or MariaDB is among Django's databases",
        Fact("database", "mysql"),
        needs="ENGINE",
    ),
    sign(
        "database",
        r"(?:.*/)?config/database\.yml",
        r"^[ \t]+adapter:[ \t]*['\"]?(?:postgresql|postgis)",
        "the database is PostgreSQL",
        Fact("database", "postgresql", 3),
    ),
    sign(
        "database",
        r"(?:.*/)?config/database\.yml",
        r"^[ \t]+adapter:[ \t]*['\"]?(?:mysql2?|trilogy)",
        "the database is MySQL or MariaDB",
        Fact("database", "mysql", 3),
    ),
)

_DIALECTS: Final = tuple(
    sign(
        "database",
        r".*\.(?:properties|ya?ml|xml)",
        rf"dialect\b[^\n]{{0,40}}[=:>\"' \t](?P<name>org\.[\w.]*?(?:{names})\w*Dialect)\b",
        "Hibernate's dialect is {name}",
        *facts,
        needs="ialect",
    )
    for names, facts in (
        ("MySQL|MariaDB", (Fact("database", "mysql"),)),
        ("PostgreSQL|PostgresPlus", (Fact("database", "postgresql"),)),
        ("Oracle", (Fact("database", "oracle"),)),
        ("SQLServer", (Fact("database", "sqlserver"),)),
        ("HSQL|H2|Derby", ()),
    )
)

LOGS: Final = (
    sign(
        "log-file",
        r".*\.(?:xml|properties|ya?ml|groovy)",
        r"\b(?P<name>(?:ch\.qos\.logback\.core\.(?:rolling\.Rolling)?|org\.apache\.log4j\.(?:Daily)?(?:Rolling)?|org\.apache\.log4j\.rolling\.)(?:Rolling)?FileAppender)\b",
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
        needs="config.logger",
    ),
    sign(
        "log-stdout",
        r"(?:.*/)?config/environments/production\.rb",
        r"(?:Logger\.new\(|logger\([ ]?)(?:\$stdout|STDOUT)|TaggedLogging\.logger\(STDOUT\)|RAILS_LOG_TO_STDOUT",
        "Rails logs to standard output",
        Fact("logs", "stdout"),
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
        r"['\"]class['\"][ \t]*:[ \t]*['\"]logging\.handlers\.SysLogHandler['\"]|org\.apache\.log4j\.net\.SyslogAppender|\bSyslog::Logger\.new",
        "it logs to syslog",
        Fact("logs", "syslog"),
        needs="ysl",
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
        r"\b(?:ENV(?:\.fetch\(|\[)[ ]?|os\.(?:environ(?:\.get\(|\[)|getenv\()|process\.env\.|env\()['\"]?(?P<name>[A-Z][A-Z0-9_]{2,60})",
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
        "multicast",
        r".*\.(?:xml|properties|ya?ml)",
        r"<multicast\b[^>]{0,100}\benabled=\"true\"|\bmulticastGroupAddress\b|<UDP\b[^>]{0,200}\bmcast_(?:addr|port)=",
        "members are found by multicast",
    ),
)

SIGNS: Final = (*SESSIONS, *FILES, *DATABASES, *_DIALECTS, *LOGS, *OTHERS)
