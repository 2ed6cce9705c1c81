"""Signs of what an application keeps in files: uploads, paths of the machine, databases."""

from __future__ import annotations

from typing import Final

from scenedock.assessment.claims import Fact
from scenedock.assessment.signs.builds import GEMFILE
from scenedock.assessment.signs.sign import sign

_SETTINGS_PY: Final = r"(?:.*/)?(?:settings|config|conf)(?:/\w+)?\.py|(?:.*/)?\w*settings\w*\.py"
_PROPERTIES: Final = r".*\.(?:properties|ya?ml|conf|xml)"


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
        "files-on-disk",
        r".*\.rb",
        r"\bRails\.root(?:\.join\(|,[ ]*)['\"](?P<folder>files|uploads|public/(?:system|uploads))\b",
        "files below Rails.root, in {folder}",
        _LOCAL,
        needs="Rails.root",
    ),
    sign(
        "files-on-disk",
        r"(?:.*/)?config/initializers/\w+\.rb",
        r"^[ \t]*config\.storage[ \t]*=[ \t]*:file\b",
        "CarrierWave keeps uploads on the disk",
        _LOCAL,
    ),
    sign(
        "files-in-store",
        r"(?:.*/)?config/initializers/\w+\.rb",
        r"^[ \t]*config\.storage[ \t]*=[ \t]*:(?P<name>fog|aws)\b",
        "CarrierWave keeps uploads in {name}",
        _OBJECT,
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
        "files-on-disk",
        _SETTINGS_PY,
        r"(?:^[ \t]*DEFAULT_FILE_STORAGE[ \t]*=|['\"]default['\"][ \t]*:[ \t]*\{\s*['\"]BACKEND['\"][ \t]*:)[ \t]*"
        r"['\"](?P<name>django\.core\.files\.storage\.(?:filesystem\.)?FileSystemStorage)['\"]",
        "the storage {name} is configured",
        _LOCAL,
        needs="FileSystemStorage",
    ),
    sign(
        "files-in-store",
        _SETTINGS_PY,
        r"['\"](?P<name>storages\.backends\.(?:s3boto3|s3|gcloud|azure_storage)\.\w+)['\"]",
        "the storage {name} is configured",
        _OBJECT,
    ),
    sign(
        "files-in-store",
        _SETTINGS_PY,
        r"^[ \t]*DEFAULT_FILE_STORAGE[ \t]*=[ \t]*['\"](?!storages\.)"
        r"(?P<name>(?:\w{1,60}\.){1,9}\w{0,60}?(?:S3|Boto|GCloud|GoogleCloud|Azure)\w{0,60})['\"]",
        "the storage {name} is configured",
        _OBJECT,
        needs="DEFAULT_FILE_STORAGE",
    ),
    sign(
        "files-in-store",
        r".*\.py",
        r"^class[ \t]+(?P<name>\w{0,60}?Media\w{0,60})\([\w., \t]{0,99}?\b(?:S3(?:Boto3?)?|GoogleCloud|Azure)Storage\b",
        "{name} keeps uploads in an object store",
        _OBJECT,
        needs="Storage",
    ),
    sign(
        "files-in-store",
        r".*\.py",
        r"^[ \t]*from[ \t]+(?P<name>storages\.backends\.(?:s3boto3|s3|gcloud|azure_storage))[ \t]+import\b",
        "{name}: files can be in an object store",
        Fact("local_files", "object", 1),
        needs="storages.backends.",
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
        r"(?i)^[ \t]*(?P<key>[\w.-]*(?:uploads?|attachments?|media|storage)[\w.]*[._-]?(?:dir|directory|path|root|"
        r"folder|location))[ \t]*[:=][ \t]*['\"]?(?P<path>[/~$][\w./${}-]{2,80})['\"]?[ \t]*$",
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
        r".*\.(?:properties|ini|conf|cnf|cfg|env|toml)|(?:.*/)?\.env[\w.]*|(?:.*/)?(?:config|conf|"
        r"settings)/[\w/.-]+\.(?:ya?ml|rb|php|py|json|xml)",
        r"[=:,(\s'\"](?P<path>/(?:var/(?:lib|log|www|spool|opt|data|run)|srv|mnt|data|opt|home|export|nfs|media|"
        r"u\d\d|usr/local)/[\w.@${}/-]{1,100}[\w}])['\"\s;,)]?",
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
        r"(?:.*/)?\.env(?:\.prod\w*)?|.*\.(?:ya?ml|ini|toml)",
        r"[=:][ \t]*['\"]?sqlite3?:/{2,4}(?!/?:memory:)[\w.%$]",
        "the address of a database of SQLite",
        Fact("database", "sqlite", 1),
        needs="sqlite",
    ),
    sign(
        "embedded-database",
        r"(?:.*/)?config/database\.yml",
        r"^[ \t]+adapter:[ \t]*['\"]?sqlite3",
        "the database is SQLite",
        Fact("database", "sqlite", 3),
    ),
    sign(
        "embedded-database",
        GEMFILE,
        r"\A(?!(?:.*\n)*?[ \t]*gem[ (]+['\"](?:pg|mysql2|trilogy|mongoid|sequel|activerecord-\w+-adapter)['\"])"
        r"(?:.*\n)*?gem[ (]+['\"](?P<name>sqlite3)['\"]",
        "the gem {name} is the only client of a database",
        Fact("database", "sqlite", 1),
        needs="sqlite3",
    ),
    sign(
        "database",
        r".*\.py",
        r"['\"]ENGINE['\"][ \t]*:[ \t]*['\"](?:django\.db\.backends\.|django\.contrib\.gis\.db\.backends\.|"
        r"mysql\.connector\.)(?P<engine>postgresql|postgis|postgresql_psycopg2)['\"]",
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


SIGNS: Final = (*FILES, *DATABASES, *_DIALECTS)
