"""Signs of languages, frameworks and their versions, in the files that builds read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from scenedock.assessment.claims import Claim, Fact
from scenedock.assessment.signs.sign import Sign, sign

GEMFILE: Final = r"(?:.*/)?Gemfile"
PYTHON_LISTS: Final = (
    r"(?:.*/)?(?:(?:[\w-]*[-_])?requirements[\w-]*\.txt|requirements/\w+\.txt|"
    r"pyproject\.toml|Pipfile|setup\.(?:py|cfg))"
)
PACKAGE_JSON: Final = r"(?:.*/)?package\.json"
MAVEN: Final = r"(?:.*/)?pom\.xml"
GRADLE: Final = r"(?:.*/)?build\.gradle(?:\.kts)?"
COMPOSER: Final = r"(?:.*/)?composer\.json"
GO_MOD: Final = r"(?:.*/)?go\.mod"
PROJECT: Final = r".*\.(?:cs|vb|fs)proj"

_VERSION: Final = r"(?P<version>[0-9][\w.+*-]*)"
_RANGE: Final = r"(?P<version>[~^<>=!]{0,2} ?[0-9][\w .,|<>=^~*+-]{0,40}?)"


def python_name(names: str) -> str:
    """A pattern for a library in any of the lists of Python, by an expression for its name."""
    return rf"^[ \t]*(?:\"|'|)(?:{names})(?:\[[\w,-]*\])?(?:\"|'|)[ \t]*(?:[=<>~!;,^#]|\"|'|$)"


def _runtime(files: str, line: str, language: str, said: str, strength: int = 2) -> Sign:
    return sign("runtime", files, line, said, Fact("runtime", language, strength))


def _version(files: str, line: str, language: str) -> Sign:
    return sign("runtime-version", files, line, f"{language} {{version}}", Fact(f"version of {language}", "{version}"))


_JAVA_FRAMEWORKS: Final = (
    r"spring-boot-starter-(?:web|parent|webflux|jersey)|spring-webmvc|struts2?-core|stripes|quarkus-\w+|"
    r"dropwizard-core|"
    r"micronaut-http-server-netty|(?:javax|jakarta)\.servlet-api|servlet-api|jakarta\.jakartaee-api|javaee-api|"
    r"wicket-core"
)

RUNTIMES: Final = (
    _runtime(
        GEMFILE, r"^[ \t]*gem[ (]+['\"](?P<gem>rails|sinatra|hanami|roda|grape)['\"]", "ruby", "Ruby: the gem {gem}"
    ),
    _runtime(
        PYTHON_LISTS,
        python_name(
            r"(?i:(?P<name>django|wagtail|flask|fastapi|tornado|pyramid|pylons|bottle|cherrypy|aiohttp|sanic|"
            r"starlette))"
        ),
        "python",
        "Python: the framework {name}",
    ),
    _runtime(
        r"(?:.*/)?manage\.py", r"^[ \t]*from django\.core\.management import", "python", "Python: manage.py of Django"
    ),
    _runtime(
        PACKAGE_JSON,
        r"\"(?P<name>express|fastify|koa|@hapi/hapi|@nestjs/core|next|nuxt|restify|sails|@feathersjs/feathers|"
        r"@keystone-6/core)\"\s*:",
        "node",
        "Node.js: the package {name}",
        1,
    ),
    _runtime(
        PACKAGE_JSON,
        r"\"(?P<name>start|serve|prod)\"\s*:\s*\"(?:[A-Z_]+=\S+ )*(?:cross-env (?:\S+=\S+ )*)?node [^\"\n]*\"",
        "node",
        "Node.js: the script {name} runs node",
        1,
    ),
    _runtime(MAVEN, rf"<artifactId>\s*(?P<name>{_JAVA_FRAMEWORKS})\s*</artifactId>", "java", "Java: {name}"),
    _runtime(
        GRADLE,
        rf"(?P<name>org\.springframework\.boot|io\.quarkus|io\.micronaut|{_JAVA_FRAMEWORKS})['\":]",
        "java",
        "Java: {name}",
    ),
    _runtime(
        COMPOSER,
        r"\"(?P<name>laravel/framework|laravel/lumen-framework|symfony/(?:framework-bundle|symfony)|slim/slim|"
        r"cakephp/cakephp|"
        r"yiisoft/yii2|laminas/laminas-mvc|codeigniter4?/framework|drupal/core(?:-recommended)?)\"\s*:",
        "php",
        "PHP: the framework {name}",
    ),
    _runtime(r"(?:[\w-]+/)?index\.php", r"\A<\?php", "php", "PHP: an index.php"),
    _runtime(
        GO_MOD,
        r"^(?:require)?[ \t]*(?P<name>github\.com/(?:gin-gonic/gin|labstack/echo|gofiber/fiber|go-chi/chi|"
        r"gorilla/mux|flamego/flamego))\b",
        "go",
        "Go: {name}",
    ),
    _runtime(PROJECT, r"Sdk=\"Microsoft\.NET\.Sdk\.Web\"", "dotnet", ".NET: a project of ASP.NET Core"),
)

VERSIONS: Final = (
    _version(GEMFILE, rf"^ruby[ (]+['\"]{_RANGE}['\"]", "ruby"),
    _version(r"\.ruby-version", rf"\A(?:ruby-)?{_VERSION}", "ruby"),
    _version(r"\.tool-versions", rf"^ruby[ \t]+{_VERSION}", "ruby"),
    _version(r"\.python-version", rf"\A{_VERSION}", "python"),
    _version(r"runtime\.txt", rf"\Apython-{_VERSION}", "python"),
    _version(r"\.tool-versions", rf"^python[ \t]+{_VERSION}", "python"),
    _version(r"pyproject\.toml", rf"^requires-python[ \t]*=[ \t]*['\"]{_RANGE}['\"]", "python"),
    _version(r"pyproject\.toml", rf"^python[ \t]*=[ \t]*['\"]{_RANGE}['\"]", "python"),
    _version(r"Pipfile", rf"^python_(?:full_)?version[ \t]*=[ \t]*['\"]{_VERSION}['\"]", "python"),
    _version(r"setup\.(?:py|cfg)", rf"^[ \t]*python_requires[ \t]*=[ \t]*['\"]?{_RANGE}['\"]?,?[ \t]*$", "python"),
    _version(r"\.n(?:vmrc|ode-version)", rf"\Av?{_VERSION}", "node"),
    _version(r"\.tool-versions", rf"^nodejs[ \t]+{_VERSION}", "node"),
    _version(r"package\.json", rf"\"engines\"\s*:\s*\{{[^}}]{{0,200}}?\"node\"\s*:\s*\"{_RANGE}\"", "node"),
    _version(MAVEN, rf"<(?:java\.version|maven\.compiler\.(?:release|source))>\s*{_VERSION}\s*<", "java"),
    _version(GRADLE, rf"JavaLanguageVersion\.of\(['\"]?{_VERSION}", "java"),
    _version(GRADLE, rf"^[ \t]*sourceCompatibility[ \t]*=[ \t]*(?:JavaVersion\.VERSION_)?['\"]?{_VERSION}", "java"),
    _version(r"composer\.json", rf"\"require\"\s*:\s*\{{[^}}]{{0,10000}}?\"php\"\s*:\s*\"{_RANGE}\"", "php"),
    _version(r"go\.mod", rf"^go {_VERSION}", "go"),
    _version(PROJECT, r"<TargetFramework>(?P<version>net[\w.]+)</TargetFramework>", "dotnet"),
    sign(
        "windows-only",
        PROJECT,
        r"<TargetFrameworkVersion>(?P<version>v[1-4][\d.]*)</TargetFrameworkVersion>|"
        r"<TargetFramework>(?P<short>net4\d+)</TargetFramework>",
        ".NET Framework {version}{short}",
        Fact("runtime", "dotnet"),
    ),
)

SERVERS: Final = (
    sign(
        "application-server",
        MAVEN,
        r"<packaging>\s*(?P<kind>war|ear)\s*</packaging>",
        "the archive is a {kind}",
        Fact("runtime", "java"),
    ),
    sign(
        "application-server",
        r"(?:.*/)?web\.xml",
        r"<res-ref-name>\s*(?P<name>[^<\s]{1,80})\s*</res-ref-name>",
        "the server must provide the resource {name}",
    ),
    sign(
        "application-server",
        r".*\.xml",
        r"\b(?:jndi-name|jndiName)\s*(?:=\s*\"|>)\s*(?P<name>java:[^\"<\s]{1,80})",
        "the server must provide the resource {name}",
        needs="jndi",
    ),
)

SIGNS: Final = (*RUNTIMES, *VERSIONS, *SERVERS)

# The day of the last security fix, of versions whose support had ended when this list was written (December 2026):
# ruby-lang.org, devguide.python.org/versions, nodejs.org/en/about/previous-releases, php.net/eol.php,
# dotnet.microsoft.com.
ENDED: Final[Mapping[str, Mapping[str, str]]] = {
    "ruby": {
        "1": "2015-02-23", "2.0": "2016-02-24", "2.1": "2017-03-31", "2.2": "2018-03-31", "2.3": "2019-03-31",
        "2.4": "2020-03-31", "2.5": "2021-03-31", "2.6": "2022-04-12", "2.7": "2023-03-31", "3.0": "2024-04-23",
        "3.1": "2025-03-26", "3.2": "2026-03-31",
    },
    "python": {
        "2": "2020-01-01", "3.4": "2019-03-18", "3.5": "2020-09-30", "3.6": "2021-12-23", "3.7": "2023-06-27",
        "3.8": "2024-10-07", "3.9": "2025-10-31", "3.10": "2026-10-31",
    },
    "node": {
        "0": "2016-12-31", "4": "2018-04-30", "6": "2019-04-30", "8": "2019-12-31", "10": "2021-04-30",
        "12": "2022-04-30", "14": "2023-04-30", "16": "2023-09-11", "18": "2025-04-30", "20": "2026-04-30",
    },
    "php": {
        "5": "2018-12-31", "7.0": "2019-01-10", "7.1": "2019-12-01", "7.2": "2020-11-30", "7.3": "2021-12-06",
        "7.4": "2022-11-28", "8.0": "2023-11-26", "8.1": "2025-12-31",
    },
    "dotnet": {
        "netcoreapp1": "2019-06-27", "netcoreapp2": "2021-08-21", "netcoreapp3": "2022-12-13", "net5.0": "2022-05-10",
        "net6.0": "2024-11-12", "net7.0": "2024-05-14", "net8.0": "2026-11-10",
    },
}  # fmt: skip


def ended(claim: Claim) -> Iterator[Claim]:
    """The claim that the version in a claim gets no fixes any more; none for a range, which may allow others."""
    for fact in claim.facts:
        language = fact.question.removeprefix("version of ")
        version = fact.value.strip()
        for prefix, day in ENDED.get(language, {}).items():
            if version == prefix or version.startswith((f"{prefix}.", f"{prefix}-")):
                said = f"{language} {version}: the last security fix was on {day}"
                yield Claim("runtime-ended", claim.path, claim.line, said)
