"""What counts as evidence: the files of an application that run in production, and the parts of them.

Tests, documentation, examples, translations, what others wrote, and what is for one's own machine prove nothing.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from typing import Final

_FOLDERS: Final = re.compile(
    r"(?:^|/)(?:tests?|testing|specs?|__tests__|__mocks__|mocks?|fixtures?|features/(?:step_definitions|support)|molecule|test[-_]\w+|(?:db|api|http|io|unit|func|smoke|load)tests?|testutils?|cypress|"
    r"e2e|integration[-_]?tests?|"
    r"test[-_]?data|testdata|kitchen|docs?|documentation|examples?|samples?|sample[-_]?data|vendors?|third[-_]?party|"
    r"bower_components|node_modules|site-packages|dist|target|coverage|tmp|locales?|i18n|l10n|translations?|languages?|"
    r"\.github|\.gitlab|\.circleci|\.ci|ci|\.devcontainer|\.devcontainers|\.vscode|\.idea|\.git|\.husky|\.yarn|"
    r"dev(?:elop(?:ment)?)?|(?<!usr/)local|migrate|migrations?|seeds|seeders?|benchmarks?|storybook|\.storybook|"
    r"stubs|generators?|demos?|playground|contrib|src/(?:test|site)|androidTest)/",
    re.IGNORECASE,
)
_NAMES: Final = re.compile(
    r".*(?:[._-](?:test|tests|spec|stories|min|bundle)\.\w+|Tests?\.(?:java|kt|cs|php|groovy)|IT\.java|\.map|\.lock|"
    r"-lock\.(?:json|yaml)|\.(?:example|sample|dist|template|orig|bak|po|pot|svg|css|scss|less|patch|diff)"
    r"(?:\.\w+)?)|"
    r"(?:test|spec)_.*|.*\.feature|conftest\.py|(?:gulpfile|gruntfile|webpack.*|rollup.*|vite.*|jest.*|babel.*|karma.*|"
    r"cypress.*|playwright.*|rakefile|kitchen\..*|\.kitchen.*|vagrantfile|changelog.*|readme.*|phpunit.*|rspec.*|"
    r"seeds?\.\w+|\.(?!env|htaccess|(?:ruby|python|node)-version|nvmrc|tool-versions).*|\.travis\.yml|"
    r"\.gitlab-ci\.yml|appveyor\.yml|azure-pipelines.*|cloudbuild.*|jenkinsfile|composer\.lock|"
    r"license.*|copying.*|mkdocs\.yml)",
    re.IGNORECASE,
)
_DOCUMENTS: Final = re.compile(r".*\.(?:md|markdown|rst|adoc|textile|rdoc|txt|tex|html?)", re.IGNORECASE)
_TEXTS_THAT_COUNT: Final = re.compile(
    r"(?:.*/)?(?:[^/]*requirements[^/]*|requirements/[^/]*|runtime)\.txt", re.IGNORECASE
)
_BROWSER: Final = re.compile(
    r"(?:^|/)(?:public|static|assets|javascripts?|wwwroot|webroot|htdocs|frontend|client|webapp/(?:js|resources|"
    r"static))/"
    r".*\.(?:js|jsx|ts|tsx|mjs|vue|json)",
    re.IGNORECASE,
)
_OWN_MACHINE: Final = frozenset(
    "dev development local test tests testing ci example examples sample samples template e2e override vagrant".split()
)
_WITH_VARIANTS: Final = frozenset(
    "application appsettings bootstrap compose config database docker log4j log4j2 logback settings".split()
)
_OF_VARIANTS: Final = frozenset("it unittest unittests integrationtest qa demo playground debug".split())
"""What else is for tests, of files that have variants: `application-it.yml`, not `jenkins_it.yml`."""
_PARTS: Final = re.compile(r"[._-]+")


def is_evidence(path: str) -> bool:
    """Whether a file may prove something, by its path.

    >>> is_evidence("config/database.yml"), is_evidence("spec/models/user_spec.rb"), is_evidence("settings/dev.py")
    (True, False, False)
    """
    name = posixpath.basename(path)
    if (
        _FOLDERS.search(path.partition("src/main/")[0] if "src/main/" in path else path)
        or _NAMES.fullmatch(name)
        or _BROWSER.search(path)
    ):
        return False
    if _DOCUMENTS.fullmatch(name) and not _TEXTS_THAT_COUNT.fullmatch(path):
        return False
    return not is_for_own_machine(path)


def is_for_own_machine(path: str) -> bool:
    """Whether a file is for development or tests, by the parts of its name: `application-dev.yml`."""
    parts = _PARTS.split(posixpath.basename(path).lower())
    is_variant = parts[0] in _WITH_VARIANTS and bool(_OF_VARIANTS.intersection(parts[1:]))
    return is_variant or bool(_OWN_MACHINE.intersection(parts))


def counting(path: str, text: str) -> str:
    """The text of a file without what doesn't count, which is replaced by spaces: lines keep their numbers."""
    for files, blank in _BLANKS:
        if files.fullmatch(path):
            text = blank(text)
    return text


def _blanked(pattern: re.Pattern[str]) -> Callable[[str], str]:
    return lambda text: pattern.sub(lambda match: _spaces(match[0]), text)


def _spaces(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _between(begin: str, end: str, *, having: str = "") -> Callable[[str], str]:
    """Blank from each `begin` to the next `end` (the group of `begin` where that is empty), if `having` is in between.

    Each place is looked at once, so that a file full of beginnings takes no longer than others.
    """
    begins, has = re.compile(begin, re.MULTILINE), re.compile(having)

    def blank(text: str) -> str:
        parts, at = [], 0
        while start := begins.search(text, at):
            last = end or start["end"]
            stop = text.find(last, start.end())
            if stop < 0:
                break
            stop += len(last)
            inside = text[start.start() : stop]
            parts += [text[at : start.start()], _spaces(inside) if has.search(inside) else inside]
            at = stop
        return "".join([*parts, text[at:]])

    return blank


def _without_objects(text: str) -> str:
    """JSON without the objects of what only developers need."""
    for match in list(_FOR_DEVELOPERS.finditer(text))[:_MOST_OBJECTS]:
        depth, at = 0, match.end() - 1
        for sign in _BRACES.finditer(text, at):
            depth += {"{": 1, "}": -1}.get(sign[0], 0)
            if not depth:
                text = text[: match.start()] + _spaces(text[match.start() : sign.end()]) + text[sign.end() :]
                break
    return text


_MOST_OBJECTS: Final = 10


def _asked_for(text: str) -> str:
    """A list that pip-compile has written, without the libraries that only other libraries need."""
    if "autogenerated by pip-compile" not in text[:1_000]:
        return text
    return _ENTRY.sub(lambda entry: entry[0] if _ASKED.search(entry[0]) else _spaces(entry[0]), text)


_ENTRY: Final = re.compile(r"^[A-Za-z0-9][^\n]*\n?(?:[ \t]+[^\n]*\n?)*", re.MULTILINE)
_ASKED: Final = re.compile(r"(?:#|via)[^\n]* (?:-r |-c |\S+\.in\b|\S+ \((?:pyproject\.toml|setup\.(?:py|cfg))\))")
_BRACES: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"|[{}]')
_FOR_DEVELOPERS: Final = re.compile(r'"(?:devDependencies|require-dev|autoload-dev|peerDependencies)"\s*:\s*\{')
_GROUPS_OF_TOML: Final = re.compile(
    r"^\[(?:tool\.poetry\.(?:group\.(?:dev|test|docs?|lint)|dev-dependencies)|dependency-groups|"
    r"project\.optional-dependencies|dev-packages|tool\.(?!poetry))[^\n]*\n(?:(?!\[[\w\"]).*\n?)*",
    re.MULTILINE,
)
_SECTIONS: Final = re.compile(
    r"^(?:development|dev|tests?|testing|ci|cucumber|e2e|unittest)\s*:[^\n]*\n(?:(?:[ \t]+[^\n]*|#[^\n]*)?\n)*",
    re.MULTILINE,
)
_PROFILES: Final = re.compile(
    r"(?:\A|^---)(?:(?!^---).)*?(?:on-profile|profiles)\s*:\s*(?:-[ \t]*)?[\"']?"
    r"(?:dev(?:elop(?:ment)?)?|(?:unit|integration)?-?tests?|"
    r"testing|local|ci|it|qa|e2e|demo)\b"
    r"(?:(?!^---).)*",
    re.MULTILINE | re.DOTALL,
)
# Of Python, what is done in tests or on one's own machine only.
_ONLY_IN_TESTS: Final = re.compile(
    r"^(?P<indent>[ \t]*)(?:el)?if\b(?![^\n]*(?:\bnot\b|!=|==[ \t]*False|is False))"
    r"[^\n]*(?:['\"]tests?['\"]|\bTEST(?:ING|S|_MODE)?\b|\bpytest\b|"
    r"['\"]CI['\"]|\bDEBUG\b)[^\n]*:[ \t]*(?:#[^\n]*)?\n(?:(?P=indent)[ \t]+[^\n]*\n?|[ \t]*\n)*",
    re.MULTILINE,
)
_SECTION: Final = re.compile(
    r"^(?P<name>[\w-]+)[ \t]*:[ \t]*(?P<anchor>&\w+)?[^\n]*\n(?:(?:[ \t]+[^\n]*|#[^\n]*)?(?:\n|\Z))*", re.MULTILINE
)
_ADAPTER: Final = re.compile(r"^[ \t]+adapter:[^\n]*", re.MULTILINE)


def _without_defaults(text: str) -> str:
    """A database.yml without the adapters of sections that only others take over, where each of these has its own."""
    sections = list(_SECTION.finditer(text))
    own = [each for each in sections if not each["anchor"] or each["name"] in {"production", "staging"}]
    own = [each for each in own if "adapter:" in each[0] or "<<:" in each[0]]
    if not own or not all(_ADAPTER.search(each[0]) for each in own):
        return text
    for each in sections:
        if each not in own:
            blank = _ADAPTER.sub(lambda adapter: _spaces(adapter[0]), each[0])
            text = text[: each.start()] + blank + text[each.end() :]
    return text


_OF_C: Final = r"(?:java|kt|groovy|gradle|cs|go|php|inc|js|cjs|mjs|ts|tsx|jsx|scala)"

_BLANKS: Final = tuple(
    (re.compile(files), blank)
    for files, blank in (
        (r"(?:.*/)?(?:package|composer)\.json", _without_objects),
        (r"(?:.*/)?Gemfile", _between(r"^group\b[^\n]*:(?:test|development)\b[^\n]*\bdo\b", "\nend")),
        (r"(?:.*/)?pom\.xml", _between("<dependency>", "</dependency>", having=r"<scope>\s*test\s*</scope>")),
        (r".*requirements.*\.txt", _asked_for),
        (r"(?:.*/)?(?:pyproject\.toml|Pipfile)", _blanked(_GROUPS_OF_TOML)),
        (r".*\.ya?ml", _blanked(_SECTIONS)),
        (r"(?:.*/)?config/database\.yml", _without_defaults),
        (r"(?:.*/)?(?:application|bootstrap)[\w-]*\.ya?ml", _blanked(_PROFILES)),
        (r".*\.(?:xml|xhtml|jsp|config|csproj)", _between("<!--", "-->")),
        (rf".*\.{_OF_C}", _between(r"^[ \t]*/\*", "*/")),
        (r".*\.rb", _between(r"^=begin\b", "\n=end")),
        (r".*\.py", _blanked(_ONLY_IN_TESTS)),
        (r".*\.py", _between(r"^[ \t]*[rRuU]?(?P<end>\"\"\"|''')", "")),
    )
)
"""Which files have what that doesn't count."""
