"""Which lines prove something, and which look as if they did."""

from __future__ import annotations

import re

import pytest

from scenedock.assessment.rules import RULES
from tests.assessment.looking import assessment, said

PROVEN = {
    "Gemfile": ('gem "rails"\n', "runtime", "Ruby: the gem rails"),
    "requirements.txt": ("Django==2.2.1\n", "runtime", "Python: the framework Django"),
    "requirements/base.txt": ("psycopg2-binary>=2.8\n", "client-library", "psycopg2-binary: a client of PostgreSQL"),
    "pyproject.toml": ('dependencies = [\n  "fastapi>=1",\n]\n', "runtime", "Python: the framework fastapi"),
    "go.mod": (
        "require (\n\tgithub.com/lib/pq v1.10.0\n)\n",
        "client-library",
        "github.com/lib/pq: a client of PostgreSQL",
    ),
    "build.gradle": ("implementation 'redis.clients:jedis:5.0'\n", "client-library", "jedis: a client of Redis"),
    "app.csproj": (
        "<TargetFrameworkVersion>v4.7.2</TargetFrameworkVersion>\n",
        "windows-only",
        ".NET Framework v4.7.2",
    ),
    ".python-version": ("3.8.10\n", "runtime-ended", "python 3.8.10: the last security fix was on 2024-10-07"),
    "composer.json": (
        '{"require": {\n"php": "7.4.3"}}',
        "runtime-ended",
        "php 7.4.3: the last security fix was on 2022-11-28",
    ),
    "Procfile": ("worker: bin/jobs\n", "process", "worker is a worker"),
    "etc/shop.service": ("[Service]\nExecStart=/opt/shop/run\n", "daemon", "systemd starts /opt/shop/run"),
    "etc/init.d/shop": ("#!/bin/sh\n### BEGIN INIT INFO\n", "daemon", "an init script"),
    "conf/app.ini": ("[program:web]\n", "daemon", "supervisor starts web"),
    "etc/crontab": ("* * * * * root /srv/run\n", "cron", "it runs at * * * * *"),
    "fstab": ("nfs1:/shop /srv/shop nfs defaults 0 0\n", "mount", "nfs1:/shop at /srv/shop, nfs"),
    "shop/settings.py": (
        "MEDIA_ROOT = '/srv/media'\n",
        "files-on-disk",
        "MEDIA_ROOT: Django keeps uploads on the disk, unless a storage says otherwise",
    ),
    "config/session.php": (
        "'driver' => env('SESSION_DRIVER', 'file'),\n",
        "sessions-in-files",
        "Laravel's sessions are in files, unless SESSION_DRIVER says otherwise",
    ),
    "log4j2.xml": ('<RollingFile name="a" fileName="/var/log/a.log"/>\n', "log-file", "RollingFile of Log4j"),
    "lib/erp.rb": ('ERP = "10.0.3.17"\n', "host-in-code", "the host 10.0.3.17"),
    "src/A.java": (
        'String a = "jdbc:oracle:thin:@//ora1.acme.internal:1521/X";\n',
        "service-address",
        "Oracle Database at ora1.acme.internal:1521",
    ),
    "Capfile": ("require 'capistrano/setup'\n", "deploy-by-ssh", "Capistrano: require"),
    "site.yml": ("- hosts: web\n  roles: [shop]\n", "configuration-management", "an Ansible play for web"),
    "app/models/file.rb": ('File.join(Rails.root, "files")\n', "files-on-disk", "files below Rails.root, in files"),
    "config/application.rb": (
        "config.session_store(\n  :cookie_store)\n",
        "sessions-shared",
        "a cookie has the session",
    ),
    "manifests/shop.pp": ("class shop {\n", "configuration-management", "Puppet: the class shop"),
    "sites-enabled/shop": (
        "server_name shop.acme.example;\n",
        "web-server-rules",
        "nginx: the server shop.acme.example",
    ),
    "hazelcast.xml": ('<multicast enabled="true"/>\n', "multicast", "members are found by multicast"),
    "persistence.xml": ("<jdbc:embedded-database/>\n", "embedded-database", "an embedded database of Spring"),
    "app.py": ("x = {'class': 'logging.handlers.SysLogHandler'}\n", "log-syslog", "it logs to syslog"),
    "config/recurring.yml": (
        "production:\n  mail:\n    schedule: every day at 3am\n",
        "schedule-in-process",
        "Solid Queue runs it every day at 3am",
    ),
    "routes/console.php": (
        "Schedule::command('model:prune')->daily();\n",
        "schedule-in-process",
        "Laravel's scheduler, which cron calls each minute",
    ),
    "shop/celery.py": (
        'app.conf.beat_schedule["mail"] = {\n',
        "schedule-in-process",
        "beat_schedule: Celery's beat sends tasks",
    ),
    "src/Clock.java": (
        "executor.scheduleAtFixedRate(this, 1, 1, TimeUnit.HOURS);\n",
        "schedule-in-process",
        "scheduleAtFixedRate: a task of an executor or a timer",
    ),
    "src/Cluster.java": ("new MulticastSocket(port)\n", "multicast", "a socket for multicast"),
    "docker-compose.yml": (
        "services:\n  queue:\n    command: php artisan queue:work --tries=3\n",
        "queue-workers",
        "artisan queue:work runs beside the requests",
    ),
    "script/mail.rb": ('IO.popen(["/usr/sbin/sendmail", "-i"])\n', "local-mail", "mail is sent by /usr/sbin/sendmail"),
    "config/database.php": (
        "'host' => env('DB_HOST', '127.0.0.1'),\n",
        "service-on-same-machine",
        "DB_HOST is 127.0.0.1, unless the environment says otherwise",
    ),
    ".env": (
        "DATABASE_URL=sqlite:///%kernel.project_dir%/data/shop.sqlite\n",
        "embedded-database",
        "the address of a database of SQLite",
    ),
    "config/packages/monolog.yaml": (
        'path: "%kernel.logs_dir%/%kernel.environment%.log"\n',
        "log-file",
        "Monolog writes to a file",
    ),
    "small/Gemfile": (
        'gem "rails"\ngem "sqlite3"\n',
        "embedded-database",
        "the gem sqlite3 is the only client of a database",
    ),
    "deploy.sh": ("rsync -a build/ web1:/srv/shop\n", "deploy-by-ssh", "rsync to another machine"),
}

UNPROVEN = {
    "spec/erp_spec.rb": 'ERP = "10.0.3.17"\n',
    "lib/comment.rb": '# ERP = "10.0.3.17"\n',
    "lib/version.rb": 'VERSION = "10.0.3.17"\n',
    "lib/network.rb": 'NETWORK = "10.0.0.0/8"\n',
    "docs/setup.md": "redis://cache.acme.internal\n",
    "config/database.yml.example": "password: tr0ub4dor7x\n",
    "config/settings.yml": "test:\n  password: tr0ub4dor7x\n",
    "config/environments/development.rb": "config.active_storage.service = :local\n",
    "application-dev.yml": "url: jdbc:h2:mem:shop\n",
    "package.json": '{"devDependencies": {"express": "^4.0.0", "pg": "^8.0.0"}}',
    "Gemfile": "group :test do\n  gem 'rails'\n  gem 'pg'\nend\n",
    "requirements.txt": "# This file is autogenerated by pip-compile\ncelery==5.0\n    # via something\n",
    "config/app.php": "'password' => config('shop.password1'),\n",
    "config/app.rb": "config.secret_key = Settings.production.secret_key1\n",
    "config/a.yml": "host: db.example.com\nurl: postgres://user:password@host:5432/db\n",
    "lib/user.rb": 'digest = "x"\nhashed_password = "5f4dcc3b5aa765d61d8327deb882cf99"\n',
    "elasticsearch.yml": "network.host: 127.0.0.1\n",
    "recipes/default.rb": 'execute "a" do\n  user "deploy"\n  package "x"\nend\n',
    "settings.py": "CELERY_BEAT_SCHEDULE = {}\n",
    "tests/Clock.java": "executor.scheduleAtFixedRate(this, 1, 1, TimeUnit.HOURS);\n",
    "roles/shop/tasks/gone.yml": "- name: gone\n  apt:\n    name: nginx\n    state: absent\n",
    "app/config/config.yml": "a:\n  handlers:\n  hosts:\n    - a\nb:\n  template:\n  service: doctrine\n",
    "k8s/ingress.yaml": "spec:\n  tls:\n    - hosts: [a]\n  template:\n    user: x\n",
    "api/urls.py": 'request.GET.get("status")\n',
    ".mise.toml": 'path = "/opt/workstation/bin"\n',
    "src/A.java": "/*\n request.getSession();\n*/\nclass A {}\n",
    "web/web.xml": "<!--\n<res-ref-name>jdbc/old</res-ref-name>\n-->\n",
}


@pytest.mark.parametrize("path", PROVEN)
def test_a_line_that_proves_something_is_a_claim(path: str) -> None:
    text, rule, words = PROVEN[path]

    found = [(claim_rule, claim_said) for claim_rule, _, claim_said in said({path: text})]

    assert (rule, words) in found


@pytest.mark.parametrize("path", UNPROVEN)
def test_a_line_that_only_looks_like_it_is_none(path: str) -> None:
    assert said({path: UNPROVEN[path]}) == []


def test_a_program_for_mail_that_the_environment_replaces_is_none() -> None:
    path = "'path' => env('MAIL_SENDMAIL_PATH', '/usr/sbin/sendmail -bs -i'),\n"
    assert [rule for rule, _, _ in said({"config/mail.php": path})] == ["environment-settings"]


def test_nothing_of_a_password_is_told_that_breaks_its_address() -> None:
    for address in ("postgres://shop:12345/x@db1.acme.internal/shop", "redis://:p@ss@cache.acme.internal:6379"):
        words = str(said({"config/a.yml": f"url: {address}\n"}))
        assert [part for part in ("12345", "ss@", "p@") if part in words] == []


def test_the_line_is_that_of_what_was_found_also_if_it_begins_above() -> None:
    text = '{\n"engines": {\n  "npm": "11",\n  "node": ">=22"\n}}\n'

    assert said({"package.json": text}) == [("runtime-version", "package.json:4", "node >=22")]


@pytest.mark.parametrize(
    ("files", "answer"),
    [
        ({"Gemfile": "gem 'sidekiq'\n"}, None),
        ({"Gemfile": "gem 'sidekiq'\ngem 'rufus-scheduler'\n"}, "both"),
        ({"Gemfile": "gem 'sidekiq'\n", "etc/crontab": "*/5 * * * * root /srv/run\n"}, "both"),
        ({"src/A.java": "  @Scheduled(cron = x)\n"}, "cron"),
        ({"package.json": '{"dependencies": {"node-cron": "^3"}}'}, "cron"),
        ({"go.mod": "require github.com/robfig/cron/v3 v3.0.1\n"}, "cron"),
        ({"src/A.java": "/**\n * @Scheduled\n"}, None),
    ],
)
def test_workers_do_not_prove_that_nothing_runs_by_the_clock(files: dict[str, str], answer: str | None) -> None:
    found = assessment(files).answers.get("scheduled_work")

    assert (found and found.value) == answer


def test_a_default_goes_where_something_stronger_says_otherwise() -> None:
    files = {
        "shop/settings.py": "INSTALLED_APPS = [\n    'django.contrib.sessions',\n]\n",
        "shop/production.py": "SESSION_ENGINE = 'django.contrib.sessions.backends.cache'\n",
    }

    assert [claim.path for claim in assessment(files).claims if claim.rule == "sessions-shared"] == [
        "shop/production.py"
    ]


def test_uploads_of_django_are_on_the_disk_unless_a_storage_is_configured() -> None:
    files = {"shop/settings.py": "MEDIA_ROOT = path('media')\n"}
    storage = "STORAGES = {'default': {'BACKEND': 'storages.backends.gcloud.GoogleCloudStorage'}}\n"

    assert assessment(files).answers["local_files"].value == "local"
    assert assessment({**files, "shop/settings_live.py": storage}).answers["local_files"].value == "object"


@pytest.mark.parametrize(
    "more",
    [
        {"shop/storage.py": "class MediaStorage(S3Boto3Storage):\n    location = 'media'\n"},
        {"shop/storage.py": "class PublicMedia(Overwriting, GoogleCloudStorage):\n    pass\n"},
        {"shop/settings_live.py": "DEFAULT_FILE_STORAGE = 'shop.storage.PrivateS3Storage'\n"},
    ],
)
def test_a_storage_for_uploads_is_known_by_its_name(more: dict[str, str]) -> None:
    found = assessment({"shop/settings.py": "MEDIA_ROOT = path('media')\n", **more})

    assert found.answers["local_files"].value == "object"
    assert found.of_rule("files-on-disk") == []


def test_a_storage_that_is_only_imported_leaves_open_where_uploads_are() -> None:
    storage = {"shop/storage.py": "from storages.backends.s3boto3 import S3Boto3Storage\n"}
    disk = "DEFAULT_FILE_STORAGE = 'django.core.files.storage.FileSystemStorage'\n"
    found = assessment({"shop/settings.py": "MEDIA_ROOT = path('media')\n", **storage})

    assert [len(found.of_rule(rule)) for rule in ("files-on-disk", "files-in-store")] == [1, 1]
    assert "local_files" not in found.answers
    assert assessment({"shop/settings.py": disk, **storage}).answers["local_files"].value == "local"


def test_several_answers_of_the_same_strength_are_none() -> None:
    found = assessment({"Gemfile": 'gem "pg"\ngem "mysql2"\n'})

    assert "database" not in found.answers
    assert found.contradictions == {"database": ("mysql", "postgresql")}


def test_no_dockerfile_is_said_only_where_there_is_not_one_at_all() -> None:
    assert assessment({"Gemfile": ""}).answers["dockerfile"].value == "no"
    assert "dockerfile" not in assessment({"Gemfile": "", "docker/Dockerfile.dev": "FROM ruby"}).answers


def test_every_rule_says_why_and_what_to_do_and_every_claim_has_a_rule() -> None:
    for rule in RULES.values():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.id)
        assert rule.why.endswith(".")
        assert rule.remedy.endswith(".")
    assert {rule for _, rule, _ in PROVEN.values()} <= set(RULES)


@pytest.mark.parametrize(
    ("files", "readiness"),
    [
        ({"README": "x"}, "unknown"),
        ({"Gemfile": 'gem "rails"\n'}, "work"),
        ({"Gemfile": 'gem "rails"\n', "Dockerfile": "FROM ruby:3.4\nUSER 1000\n"}, "ready"),
        ({"Gemfile": 'gem "rails"\n', "Dockerfile": "FROM ruby:3.4\n"}, "work"),
        ({"Gemfile": 'gem "rails"\n', "lib/a.rb": 'A = "10.0.3.17"\n'}, "blocked"),
    ],
)
def test_the_readiness_is_that_of_the_heaviest_rule(files: dict[str, str], readiness: str) -> None:
    assert assessment(files).readiness == readiness
