"""Signs of how requests arrive: ports, health checks, and web servers in front."""

from __future__ import annotations

from typing import Final

from scenedock.assessment.claims import Fact
from scenedock.assessment.signs.sign import sign

_TEMPLATE: Final = r"(?:\.(?:erb|j2|in|epp))?"
WEB_SERVERS: Final = (
    sign(
        "web-server-rules",
        r"(?:.*/)?\.htaccess",
        r"^[ \t]*(?P<directive>RewriteRule|Redirect(?:Match)?|Require|Deny|Allow|Auth\w+|Header|php_value|php_flag)\b",
        "Apache: {directive} in .htaccess",
    ),
    sign(
        "web-server-rules",
        rf".*\.(?:conf|vhost|cfg){_TEMPLATE}|(?:.*/)?sites-(?:available|enabled)/[\w.-]+",
        r"^[ \t]*<VirtualHost[ \t]+(?P<address>[^\n]{1,60}?)>[ \t]*$",
        "Apache: the virtual host {address}",
    ),
    sign(
        "web-server-rules",
        rf".*nginx.*|(?:.*/)?sites-(?:available|enabled)/[\w.-]+|.*\.conf{_TEMPLATE}",
        r"^[ \t]*server_name[ \t]+(?P<name>[^;\n]{1,80});",
        "nginx: the server {name}",
    ),
)

_PORT: Final = r"(?P<port>[1-9]\d{1,4})"
_LISTENS: Final = Fact("port", "{port}")

PORTS: Final = (
    sign(
        "port",
        r".*\.properties",
        rf"^server\.port[ \t]*=[ \t]*(?:\$\{{\w+:)?{_PORT}\b",
        "server.port is {port}",
        _LISTENS,
    ),
    sign(
        "port",
        r"(?:.*/)?application\.ya?ml",
        rf"^server:[ \t]*\n(?:[ \t]+[^\n]*\n){{0,8}}?[ \t]+port:[ \t]*(?:\$\{{\w+:)?{_PORT}\b",
        "server.port is {port}",
        _LISTENS,
    ),
    sign(
        "port",
        r"(?:.*/)?(?:config/)?(?:puma|unicorn)\.rb",
        rf"^[ \t]*(?:port|listen)[ (]+(?:ENV\.fetch\(?[ ]?['\"]PORT['\"](?:,[ ]?|\)?[ ]?\{{[ ]?))?{_PORT}\b",
        "it listens on port {port}",
        _LISTENS,
    ),
    sign(
        "port",
        r"(?:[\w-]+/)?(?:app|server|index|main|www)\.(?:c|m)?[jt]s",
        rf"\.listen\((?:(?:process\.env\.\w+|\w+\.env\.\w+)[ ]?(?:\|\||\?\?)[ ]?)?{_PORT}\b",
        "it listens on port {port}",
        _LISTENS,
    ),
    sign(
        "port",
        r"(?:.*/)?Procfile",
        rf"^web:[^\n]{{0,300}}?(?:-p|--port|-b|--bind)[ =](?:[\d.]+:)?{_PORT}\b",
        "the process web listens on port {port}",
        _LISTENS,
    ),
    sign(
        "port",
        r"(?:.*/)?gunicorn(?:[._-]?conf(?:ig)?)?\.py",
        rf"^bind[ \t]*=[ \t]*['\"][\d.]*:{_PORT}['\"]",
        "gunicorn listens on port {port}",
        _LISTENS,
    ),
)

HEALTH: Final = (
    sign(
        "health",
        r"(?:.*/)?config/routes\.rb",
        r"^[ \t]*get[ (]+['\"]/?(?P<path>(?:up|health|healthz|health_check|health-check|ping|status|alive|readyz|"
        r"livez))['\"]",
        "a route /{path}",
        Fact("health_path", "/{path}", 1),
    ),
    sign(
        "health",
        r"(?:.*/)?pom\.xml|(?:.*/)?build\.gradle(?:\.kts)?",
        r"\b(?P<name>spring-boot-starter-actuator)\b",
        "Spring Boot's actuator: /actuator/health",
        Fact("health_path", "/actuator/health", 1),
    ),
    sign(
        "health",
        r".*\.(?:java|kt)",
        r"@(?:GetMapping|RequestMapping|Path)\((?:value[ ]?=[ ]?)?\"(?P<path>/(?:health|healthz|ping|livez|"
        r"readyz)\w*)\"",
        "a route {path}",
        Fact("health_path", "{path}"),
    ),
    sign(
        "health",
        r"(?:.*/)?\w*urls\w*\.py",
        r"\b(?:path|re_path|url)\(\s*r?['\"][\^/]?(?P<path>(?:health|healthz|ping|livez|readyz)[\w-]*/?)\$?['\"]",
        "a route /{path}",
        Fact("health_path", "/{path}"),
    ),
    sign(
        "health",
        r".*\.(?:c|m)?[jt]s",
        r"\b(?:app|router|server)\.(?:get|use)\(\s*['\"`](?P<path>/(?:health|healthz|ping|livez|readyz)[\w-]*)['\"`]",
        "a route {path}",
        Fact("health_path", "{path}"),
    ),
)

SIGNS: Final = (*WEB_SERVERS, *PORTS, *HEALTH)
