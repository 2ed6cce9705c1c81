"""Signs of the services that an application uses: clients among its libraries, and addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from scenedock.assessment.claims import Claim, Fact, Service, Source
from scenedock.assessment.signs.builds import (
    COMPOSER,
    GEMFILE,
    GO_MOD,
    GRADLE,
    MAVEN,
    PACKAGE_JSON,
    PYTHON_LISTS,
    python_name,
)
from scenedock.assessment.signs.sign import Sign, is_comment, printed, sign

TITLES: Final[Mapping[str, str]] = {
    "postgresql": "PostgreSQL",
    "mysql": "MySQL or MariaDB",
    "mongodb": "MongoDB",
    "sqlserver": "SQL Server",
    "oracle": "Oracle Database",
    "redis": "Redis",
    "memcached": "Memcached",
    "elasticsearch": "Elasticsearch",
    "opensearch": "OpenSearch",
    "solr": "Solr",
    "rabbitmq": "RabbitMQ",
    "kafka": "Kafka",
    "object-store": "an object store",
    "ldap": "LDAP",
    "smtp": "a mail server (SMTP)",
}
DATABASES: Final = frozenset({"postgresql", "mysql", "mongodb", "sqlserver", "oracle"})

# By service: gems, packages of Python, npm, Maven artifacts, Composer and Go; each an alternation of names.
_CLIENTS: Final[Mapping[str, tuple[str, str, str, str, str, str]]] = {
    "postgresql": (
        "pg",
        "psycopg2|psycopg2-binary|psycopg|psycopg-binary|asyncpg|pg8000",
        "pg|postgres",
        "postgresql|r2dbc-postgresql",
        "ext-pdo_pgsql|ext-pgsql",
        r"github\.com/lib/pq|github\.com/jackc/pgx|gorm\.io/driver/postgres",
    ),
    "mysql": (
        "mysql2|mysql|trilogy",
        "mysqlclient|pymysql|mysql-connector-python|aiomysql|mysql-python",
        "mysql|mysql2|mariadb",
        "mysql-connector-java|mysql-connector-j|mariadb-java-client",
        "ext-pdo_mysql|ext-mysqli|ext-mysql",
        r"github\.com/go-sql-driver/mysql|gorm\.io/driver/mysql",
    ),
    "mongodb": (
        "mongoid|mongo",
        "pymongo|mongoengine|motor|djongo",
        "mongodb|mongoose|connect-mongo",
        r"mongodb-driver[\w-]*|mongo-java-driver|spring-boot-starter-data-mongodb",
        "mongodb/mongodb|ext-mongodb",
        r"go\.mongodb\.org/mongo-driver",
    ),
    "sqlserver": (
        "tiny_tds|activerecord-sqlserver-adapter",
        "pymssql|mssql-django|django-mssql",
        "mssql|tedious",
        "mssql-jdbc|jtds",
        "ext-sqlsrv|ext-pdo_sqlsrv",
        r"github\.com/(?:microsoft|denisenkom)/go-mssqldb|gorm\.io/driver/sqlserver",
    ),
    "oracle": (
        "ruby-oci8",
        "cx-oracle|cx_oracle|oracledb",
        "oracledb",
        r"ojdbc\d+",
        "ext-oci8",
        r"github\.com/godror/godror",
    ),
    "redis": (
        "redis|redis-rails|redis-client|hiredis|hiredis-client|redis-namespace|redis-store",
        "redis|django-redis|channels-redis|hiredis",
        "redis|ioredis|connect-redis|@socket.io/redis-adapter",
        "jedis|lettuce-core|redisson|spring-boot-starter-data-redis|spring-session-data-redis",
        "predis/predis|ext-redis",
        r"github\.com/(?:redis|go-redis)/(?:go-)?redis|gopkg\.in/redis",
    ),
    "memcached": (
        "dalli|memcached",
        "pymemcache|pylibmc|python-memcached|python-binary-memcached",
        "memcached|memjs",
        "spymemcached|xmemcached",
        "ext-memcached|ext-memcache",
        r"github\.com/bradfitz/gomemcache",
    ),
    "elasticsearch": (
        "elasticsearch|elasticsearch-rails|elasticsearch-model|searchkick|chewy",
        "elasticsearch|elasticsearch-dsl|django-elasticsearch-dsl",
        "@elastic/elasticsearch|elasticsearch",
        "elasticsearch-rest-high-level-client|elasticsearch-java|spring-boot-starter-data-elasticsearch",
        "elasticsearch/elasticsearch",
        r"github\.com/elastic/go-elasticsearch|github\.com/olivere/elastic",
    ),
    "opensearch": ("opensearch-ruby", "opensearch-py", "@opensearch-project/opensearch", "opensearch-java", "-", "-"),
    "solr": ("rsolr|sunspot|sunspot_rails", "pysolr", "solr-client", "solr-solrj", "solarium/solarium", "-"),
    "rabbitmq": (
        "bunny|sneakers|hutch",
        "pika|aio-pika|amqp",
        "amqplib|amqp",
        "amqp-client|spring-boot-starter-amqp|spring-rabbit",
        "php-amqplib/php-amqplib|ext-amqp",
        r"github\.com/(?:streadway|rabbitmq)/amqp\S*",
    ),
    "kafka": (
        "ruby-kafka|rdkafka|karafka",
        "kafka-python|confluent-kafka|aiokafka",
        "kafkajs|node-rdkafka",
        "kafka-clients|spring-kafka",
        "ext-rdkafka",
        r"github\.com/(?:segmentio/kafka-go|Shopify/sarama|IBM/sarama)",
    ),
    "object-store": (
        "aws-sdk-s3|fog-aws|google-cloud-storage|azure-storage-blob",
        "django-storages|google-cloud-storage|azure-storage-blob|minio",
        "@aws-sdk/client-s3|multer-s3|@google-cloud/storage|@azure/storage-blob",
        "aws-java-sdk-s3|s3|google-cloud-storage|minio",
        "league/flysystem-aws-s3-v3|league/flysystem-aws-s3",
        r"github\.com/minio/minio-go\S*|github\.com/aws/aws-sdk-go-v2/service/s3",
    ),
    "ldap": (
        "net-ldap|ruby-ldap",
        "python-ldap|django-auth-ldap|ldap3",
        "ldapjs|ldapts",
        "spring-ldap-core|spring-security-ldap",
        "ext-ldap|symfony/ldap",
        r"github\.com/go-ldap/ldap",
    ),
}  # fmt: skip


def _clients() -> Iterator[Sign]:
    for kind, (gems, python, npm, maven, composer, go) in _CLIENTS.items():
        facts = (Fact("database", kind, 1),) if kind in DATABASES else ()
        said = f"{{name}}: a client of {TITLES[kind]}"
        for files, line in (
            (GEMFILE, rf"^[ \t]*gem[ (]+['\"](?P<name>{gems})['\"]"),
            (PYTHON_LISTS, python_name(rf"(?P<name>(?i:{python}))")),
            (PACKAGE_JSON, rf"\"(?P<name>{npm})\"\s*:\s*\"[~^<>=*vx0-9]"),
            (MAVEN, rf"<artifactId>\s*(?P<name>{maven})\s*</artifactId>"),
            (
                GRADLE,
                rf"^[ \t]*(?:implementation|runtimeOnly|api|compile|runtime)\b[^\n]*[:'\"](?P<name>{maven})[:'\"]",
            ),
            (COMPOSER, rf"\"(?P<name>{composer})\"\s*:"),
            (GO_MOD, rf"^(?:require)?[ \t]*(?P<name>{go})(?:/v\d+)? v(?![^\n]*// indirect)"),
        ):
            yield sign("client-library", files, line, said, *facts, service=Service(kind))


CLIENTS: Final = tuple(_clients())

CONFIGURATION: Final = re.compile(
    r".*\.(?:ya?ml|properties|ini|conf|cnf|cfg|toml|config|env|erb|j2|tfvars|service)|(?:.*/)?\.env[\w.]*|"
    r"(?:.*/)?(?:config|configs|configuration|settings|conf|attributes|environments|initializers|roles|"
    r"data_bags)/[\w/.-]+\."
    r"(?:rb|php|js|cjs|ts|py|json|xml)|"
    r"(?:.*/)?(?:settings|config|configuration|wp-config|applicationContext[\w-]*|persistence|context|"
    r"appsettings[\w.]*|"
    r"hibernate\.cfg|log4j2?|logback[\w-]*|server|standalone)\.(?:py|php|js|json|xml|rb)"
)
"""Files whose lines are settings."""
CODE: Final = re.compile(r".*\.(?:rb|py|js|cjs|mjs|ts|php|inc|java|kt|cs|go|pl|pm|sh|groovy|scala)")

DOCKERFILES: Final = re.compile(r"(?:.*/)?(?:Dockerfile(?:[.-][\w.-]+)?|[\w.-]+\.[Dd]ockerfile|Containerfile)")
_COMPOSE: Final = re.compile(r"(?:.*/)?(?:docker-)?compose(?:[.-][\w-]+)*\.ya?ml")


def is_compose(path: str) -> bool:
    """Whether a file is one of Docker Compose, whose hosts are its own services."""
    return bool(_COMPOSE.fullmatch(path))


_SCHEMES: Final[Mapping[str, str]] = {
    "postgres": "postgresql", "postgresql": "postgresql", "pgsql": "postgresql", "postgis": "postgresql",
    "mysql": "mysql", "mysql2": "mysql", "mariadb": "mysql", "mongodb": "mongodb", "mongodb+srv": "mongodb",
    "sqlserver": "sqlserver", "mssql": "sqlserver", "redis": "redis", "rediss": "redis", "amqp": "rabbitmq",
    "amqps": "rabbitmq", "memcached": "memcached", "ldap": "ldap", "ldaps": "ldap", "smtp": "smtp", "smtps": "smtp",
    "kafka": "kafka", "oracle": "oracle",
}  # fmt: skip
_ADDRESS: Final = re.compile(
    r"(?<![\w+-])(?:jdbc:)?(?P<scheme>"
    + "|".join(sorted(map(re.escape, _SCHEMES), key=len, reverse=True))
    + r"):(?:thin:@)?//(?:[^\s/@'\"<>]{1,200}@)?(?P<host>[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)"
    r"(?::(?P<port>\d{2,5}))?(?=[/'\"\s;?,)]|$)(?![^\s'\"]*@)",
    re.MULTILINE,
)
_ENVIRONMENT: Final = re.compile(r"\bENV(?:\.fetch|\[)|environ|getenv|\$\{[\w.]+:|\benv\(|process\.env|default=")
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "localhost.localdomain"})
_EXAMPLE: Final = re.compile(
    r"(?i)(?:.*\.)?example(?:\.(?:com|org|net|edu|invalid))?|(?:.*\.)?(?:test|invalid|example)|host(?:name)?|server|"
    r"(?:your|my|some)[\w.-]*|user|username|.*\.(?:yourdomain|domain|mydomain)\.\w+|domain\.\w+|x+(?:\.x+)*|"
    r".*\.svc(?:\.cluster\.local)?"
)
_MANAGED: Final = re.compile(
    r"(?i).*\.(?:rds|cache|docdb\w*|es|redshift)\.amazonaws\.com|.*\.(?:postgres|mysql|mariadb|mongo|database|"
    r"redis\.cache)\."
    r"(?:database\.)?(?:azure\.com|windows\.net)|.*\.mongodb\.net|.*\.aivencloud\.com"
)


def is_example(host: str) -> bool:
    """Whether a host stands for another one: `db.example.com`, `your-host`."""
    return bool(_EXAMPLE.fullmatch(host))


def is_local(host: str) -> bool:
    """Whether a host is the machine itself."""
    return host.lower() in _LOCAL


def place_of(host: str) -> tuple[Fact, ...]:
    """Where a database is, by its host; a name without a dot may be anything."""
    if is_local(host):
        return (Fact("database_place", "local"),)
    if _MANAGED.fullmatch(host):
        return (Fact("database_place", "managed"),)
    return (
        (Fact("database_place", "vm"),) if re.fullmatch(r"[\d.]+|.*\.(?:internal|local|lan|corp|intra)", host) else ()
    )


def address_claims(source: Source) -> Iterator[Claim]:
    """The addresses of services in a file: `jdbc:mysql://db1.internal:3306/shop`, never with their credentials."""
    if (
        "//" not in source.text
        or is_compose(source.path)
        or not (CONFIGURATION.fullmatch(source.path) or CODE.fullmatch(source.path))
    ):
        return
    for match in _ADDRESS.finditer(source.text):
        line = source.line_text(match.start())
        host = match["host"]
        if is_example(host) or is_comment(source.path, line) or "{" in match[0] or host.startswith("$"):
            continue
        kind = _SCHEMES[match["scheme"]]
        address = printed(f"{host}:{match['port']}" if match["port"] else host)
        is_default = bool(_ENVIRONMENT.search(line))
        where = place_of(host) if CONFIGURATION.fullmatch(source.path) and not is_default else ()
        facts = (Fact("database", kind, 2), *where) if kind in DATABASES else ()
        rule = "service-on-same-machine" if is_local(host) else "service-address"
        said = f"{TITLES[kind]} at {address}{', unless the environment says otherwise' if is_default else ''}"
        yield Claim(rule, source.path, source.line_at(match.start()), said, facts, Service(kind, address))
