"""Signs of where sessions of users are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scenedock.assessment.claims import Fact
from scenedock.assessment.signs.builds import GRADLE, MAVEN, PACKAGE_JSON
from scenedock.assessment.signs.services import DOCKERFILES
from scenedock.assessment.signs.sign import sign

STORE_OF_EXPRESS: Final = "express-session has a store"
MEMORY_OF_EXPRESS: Final = "express-session: in the memory of the process, unless a store is configured"
HANDLER_OF_PHP: Final = "session_set_save_handler: a handler of the application keeps PHP's sessions"
FILES_OF_PHP: Final = "PHP's own sessions: in files, unless php.ini or the code says otherwise"
GET_SESSION: Final = "getSession: the session of the servlet container, in its memory unless a store is configured"
OVERRULED: Final[Mapping[str, str]] = {STORE_OF_EXPRESS: MEMORY_OF_EXPRESS, HANDLER_OF_PHP: FILES_OF_PHP}
"""What isn't so any more where something else is said, though that doesn't say where the sessions are."""

_OF_SYMFONY: Final = r"^[ \t]*handler_id:[ \t]*['\"]?(?:[\w\\]*\\)?"
_PHP: Final = r"^(?:[^'\"#/\n]|/(?![/*])|'[^'\n]*'|\"[^\"\n]*\")*?"
"""What may stand before a call in its line of PHP: neither the beginning of a comment nor that of a text."""
_CLASS_OF_YII: Final = _PHP + r"['\"]class['\"][ \t]*=>[ \t]*['\"]?\\{0,2}"
_SETTING_OF_PHP: Final = (
    r"^[ \t]*(?:(?:php_(?:admin_)?value|fastcgi_param[ \t]+PHP_(?:ADMIN_)?VALUE)[ \t]*\[?[ \t]*)?['\"]?"
)
_STORE_OF_PHP: Final = r"['\"]?(?P<store>redis(?:cluster)?|memcached?)\b"
_STORES_OF_PHP: Final = (("redis|rediscluster|memcached?", "cache"), ("database|db", "database"))


def _sessions(where: str, strength: int = 2) -> Fact:
    return Fact("sessions", where, strength)


SIGNS: Final = (
    sign(
        "sessions-shared",
        r"(?:.*/)?config/(?:initializers/session_store|application|environments/production)\.rb",
        r"\bsession_store[\s(=]+:cookie_store",
        "a cookie has the session",
        _sessions("cookie", 3),
        needs="session_store",
    ),
    sign(
        "sessions-shared",
        r"(?:.*/)?config/(?:initializers/session_store|application|environments/production)\.rb",
        r"\bsession_store[\s(=]+:(?P<store>active_record_store)",
        "sessions are in the database",
        _sessions("database", 3),
        needs="session_store",
    ),
    sign(
        "sessions-shared",
        r"(?:.*/)?config/(?:initializers/session_store|application|environments/production)\.rb",
        r"\bsession_store[\s(=]+:(?P<store>redis\w*|mem_cache_store|cache_store|dalli\w*)",
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
        r"^[ \t]*SESSION_ENGINE[ \t]*=[ \t]*['\"](?:django\.contrib\.sessions\.backends\.(?:cache|cached_db)|"
        r"redis_sessions\.session)['\"]",
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
    *(
        sign(
            "sessions-shared",
            r"(?:.*/)?config/session\.php",
            rf"^[ \t]*'driver'[ \t]*=>[ \t]*env\('SESSION_DRIVER',[ \t]*'(?P<store>{stores})'\)",
            "Laravel's sessions are in {store}, unless SESSION_DRIVER says otherwise",
            _sessions(where),
        )
        for stores, where in (("database", "database"), ("redis|memcached", "cache"), ("cookie", "cookie"))
    ),
    sign(
        "sessions-in-files",
        r".*\.(?:php|inc)",
        r"(?<![\w>:$'\"])(?<!function )session_start\(",
        FILES_OF_PHP,
        _sessions("files", 1),
        needs="session_start(",
    ),
    *(
        sign(
            "sessions-shared",
            files,
            f"{line}{_STORE_OF_PHP}",
            "session.save_handler is {store}",
            _sessions("cache", 3),
            needs="session.save_handler",
        )
        for files, line in (
            (r".*\.(?:php|inc)", rf"{_PHP}\b(?<![>:$])ini_set\([ \t]*['\"]session\.save_handler['\"][ \t]*,[ \t]*"),
            (
                r".*\.(?:ini|conf)|(?:.*/)?\.htaccess",
                rf"{_SETTING_OF_PHP}session\.save_handler['\"\]]*(?:[ \t]*=[ \t]*|[ \t]+)",
            ),
            (
                rf".*\.(?:ya?ml|sh)|{DOCKERFILES.pattern}",
                r"^(?:[^#\n]|(?<=\S)#)*?\bsession\.save_handler['\"\]]*(?:[ \t]*[=,:][ \t]*|[ \t]+)",
            ),
        )
    ),
    sign(
        "sessions-shared",
        r".*\.(?:php|inc)",
        rf"{_PHP}(?<![\w>:$])session_module_name\([ \t]*['\"](?P<store>redis(?:cluster)?|memcached?)['\"]",
        "session_module_name is {store}",
        _sessions("cache", 3),
        needs="session_module_name(",
    ),
    sign(
        "sessions-by-handler",
        r".*\.(?:php|inc)",
        rf"{_PHP}(?<![\w>:$])(?<!function )session_set_save_handler\(",
        HANDLER_OF_PHP,
        needs="session_set_save_handler(",
    ),
    *(
        sign("sessions-shared", files, line.format(stores=stores), said, _sessions(where, 3))
        for stores, where in _STORES_OF_PHP
        for files, line, said in (
            (
                r"(?:.*/)?config/config\.php",
                r"^[ \t]*\$config\['sess_driver'\][ \t]*=[ \t]*'(?P<store>{stores})'",
                "CodeIgniter's sessions are in {store}",
            ),
            (
                r"(?:.*/)?env\.php",
                r"'session'[ \t]*=>[ \t]*(?:\[|array\()\s*'save'[ \t]*=>[ \t]*'(?P<store>{stores})'",
                "Magento's sessions are in {store}",
            ),
            (
                r"(?:.*/)?configuration\.php",
                r"^[ \t]*public[ \t]+\$session_handler[ \t]*=[ \t]*'(?P<store>{stores})'",
                "Joomla's sessions are in {store}",
            ),
        )
    ),
    sign(
        "sessions-shared",
        r".*\.php",
        _CLASS_OF_YII + r"(?P<name>(?:yii\\{1,2})?(?:redis\\{1,2}Session|(?:web\\{1,2})?CacheSession))\b",
        "Yii's sessions are those of {name}",
        _sessions("cache", 3),
        needs="yii\\",
    ),
    sign(
        "sessions-shared",
        r".*\.php",
        _CLASS_OF_YII + r"(?P<name>(?:yii\\{1,2})?(?:web\\{1,2})?DbSession)\b",
        "Yii's sessions are those of {name}",
        _sessions("database", 3),
        needs="yii\\",
    ),
    sign(
        "sessions-shared",
        r".*\.ya?ml",
        rf"{_OF_SYMFONY}(?P<name>(?:Redis|Memcached)SessionHandler|%env\((?:\w+:)*\w*REDIS\w*\)%|rediss?:)",
        "Symfony's sessions are in a cache",
        _sessions("cache", 3),
        needs="handler_id",
    ),
    sign(
        "sessions-shared",
        r".*\.ya?ml",
        rf"{_OF_SYMFONY}(?P<name>(?:Pdo|MongoDb)SessionHandler|%env\((?:\w+:)*\w*DATABASE_URL\)%)",
        "Symfony's sessions are in a database",
        _sessions("database", 3),
        needs="handler_id",
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
        r"\b(?:req|request|httpRequest|httpServletRequest|servletRequest)\.getSession\("
        r"(?!false\)|(?:true)?\)\.(?:invalidate|getServletContext)\()|"
        r"\.getSession\([^)\n]{0,20}\)\.[sg]etAttribute\(",
        GET_SESSION,
        _sessions("memory", 1),
        needs=".getSession(",
    ),
    sign(
        "sessions-in-process",
        r".*\.(?:java|kt|groovy|jsp)",
        r"\b(?P<variable>\w+)[ \t]*=[ \t]*"
        r"(?:req|request|httpRequest|httpServletRequest|servletRequest)\.getSession\(false\)"
        r"(?=[^\0]{0,1000}?\b(?P=variable)\.setAttribute\()",
        GET_SESSION,
        _sessions("memory", 1),
        needs=".getSession(false)",
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
        _sessions("cache"),
    ),
    sign(
        "sessions-shared",
        PACKAGE_JSON,
        r"\"(?P<name>connect-mongo|connect-pg-simple|connect-session-knex|express-mysql-session|"
        r"connect-session-sequelize|connect-mongodb-session|@quixo3/prisma-session-store|connect-typeorm)\"\s*:\s*\"[~^<>=*0-9]",
        "{name}: sessions can be in a database",
        _sessions("database"),
    ),
    sign(
        "sessions-shared",
        PACKAGE_JSON,
        r"\"(?P<name>cookie-session)\"\s*:\s*\"[~^<>=*0-9]",
        "{name}",
        _sessions("cookie"),
    ),
    sign(
        "sessions-shared",
        r".*\.(?:c|m)?[jt]s",
        r"\b(?:s|expressS|\w+\.s)ession\(\{(?:(?!\}\))[^\0]){0,600}?\bstore[ \t]*(?=[:,}])",
        STORE_OF_EXPRESS,
        needs="store",
    ),
    sign(
        "sessions-in-process",
        PACKAGE_JSON,
        r"\"(?P<name>express-session)\"\s*:\s*\"[~^<>=*0-9]",
        MEMORY_OF_EXPRESS,
        _sessions("memory", 1),
    ),
    sign(
        "sessions-in-files",
        PACKAGE_JSON,
        r"\"(?P<name>session-file-store|connect-sqlite3)\"\s*:\s*\"[~^<>=*0-9]",
        "{name}: sessions can be in files",
        _sessions("files"),
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
