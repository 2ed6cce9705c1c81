"""Signs of what a machine does for an application: processes, schedules, workers, deployments."""

from __future__ import annotations

from typing import Final

from scenedock.assessment.claims import Fact
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
from scenedock.assessment.signs.sign import sign

_TEMPLATE: Final = r"(?:\.(?:erb|j2|in|epp))?"
_CRON_TIME: Final = r"(?:@(?:hourly|daily|weekly|monthly|yearly|reboot|midnight)|(?:[\d*/,-]+[ \t]+){4}[\w*/,-]+)"
_CRONTAB: Final = rf"(?:.*/)?(?:cron\.d/[\w.-]+|crontab[\w.-]*|[\w.-]+\.cron(?:tab)?){_TEMPLATE}"
# Work by the clock, whether cron begins it or the process itself: both run twice where two places run it.
_CRON: Final = Fact("scheduled_work", "cron")
_WORKERS: Final = Fact("scheduled_work", "workers")

PROCESSES: Final = (
    sign(
        "process",
        r"(?:.*/)?Procfile",
        r"^(?P<name>[\w-]+):[ \t]*\S",
        "the process {name}",
    ),
    sign(
        "process",
        r"(?:.*/)?Procfile",
        r"^(?P<name>(?:\w+[-_])?(?:worker|sidekiq|celery|queue)s?):",
        "{name} is a worker",
        _WORKERS,
    ),
    sign(
        "daemon",
        rf"(?:.*/)?[\w@.-]+\.service{_TEMPLATE}",
        r"^ExecStart=-?(?P<command>\S+)",
        "systemd starts {command}",
    ),
    sign("daemon", r".*", r"^### BEGIN INIT INFO", "an init script", needs="### BEGIN INIT INFO", in_comments=True),
    sign(
        "daemon",
        rf"(?:.*/)?(?:upstart|init)/[\w./-]+\.conf{_TEMPLATE}",
        r"^start on (?P<event>[^\n]{1,80}?)[ \t]*$",
        "Upstart starts it on {event}",
    ),
    sign(
        "daemon",
        rf"(?:.*/)?[\w.-]*\.(?:conf|ini){_TEMPLATE}",
        r"^\[program:(?P<name>[^\]\n]{1,60})\]",
        "supervisor starts {name}",
        needs="[program:",
    ),
    sign(
        "daemon",
        rf"(?:.*/)?(?:sv|runit|service)/[\w-]+/run{_TEMPLATE}",
        r"\A#!.*",
        "a script of runit",
        in_comments=True,
    ),
)

SCHEDULES: Final = (
    sign("cron", _CRONTAB, rf"^(?P<time>{_CRON_TIME})[ \t]+\S", "it runs at {time}", _CRON),
    sign(
        "cron",
        r"(?:.*/)?config/schedule\.rb",
        r"^[ \t]*every[ (]+(?P<time>[^\n]{1,40}?)\)?[ \t]+do\b",
        "the gem whenever runs it every {time}",
        _CRON,
    ),
    sign("cron", r"(?:.*/)?[\w.-]*cron[\w.-]*\.xml", r"<cron[^>]*>", "a cron job of App Engine or Magento", _CRON),
    sign(
        "schedule-in-process",
        r".*\.(?:java|kt|groovy)",
        r"^[ \t]*@Scheduled\b",
        "@Scheduled of Spring",
        _CRON,
        needs="@Scheduled",
    ),
    sign(
        "schedule-in-process",
        r".*\.xml",
        r"<task:scheduled(?:-tasks)?\b",
        "scheduled tasks of Spring",
        _CRON,
        needs="<task:scheduled",
    ),
    sign(
        "schedule-in-process",
        r".*\.(?:c|m)?[jt]s",
        r"\b(?:(?:cron|nodeCron|schedule)\.schedule(?:Job)?|new (?:cron\.)?CronJob)\(",
        "a schedule of cron for Node.js",
        _CRON,
    ),
    sign(
        "schedule-in-process",
        PACKAGE_JSON,
        r"\"(?P<name>node-cron|node-schedule|cron|croner|@nestjs/schedule)\"\s*:\s*\"[~^<>=*0-9]",
        "the package {name}",
        _CRON,
    ),
    sign(
        "schedule-in-process",
        GO_MOD,
        r"^(?:require)?[ \t]*(?P<name>github\.com/(?:robfig/cron|go-co-op/gocron|gogs/cron|jasonlvhit/gocron))"
        r"(?:/v\d+)? v(?![^\n]*// indirect)",
        "{name}",
        _CRON,
    ),
    sign(
        "schedule-in-process",
        GEMFILE,
        r"^[ \t]*gem[ (]+['\"](?P<name>sidekiq-cron|sidekiq-scheduler|rufus-scheduler|clockwork|resque-scheduler|"
        r"mini_scheduler)['\"]",
        "the gem {name}",
        _CRON,
    ),
    sign(
        "schedule-in-process",
        PYTHON_LISTS,
        python_name(r"(?P<name>(?i:apscheduler|django-celery-beat|django-crontab|django-cron|schedule))"),
        "the library {name}",
        _CRON,
    ),
    sign(
        "schedule-in-process",
        r".*\.py",
        r"^[ \t]*(?:\w+\.)*(?P<name>CELERY_?BEAT_SCHEDULE|CELERYBEAT_SCHEDULE|beat_schedule)"
        r"(?:\[[^\]\n]{1,80}\])?[ \t]*[:=](?![ \t]*\{\})",
        "{name}: Celery's beat sends tasks",
        _CRON,
    ),
    sign(
        "schedule-in-process",
        r".*\.php",
        r"(?:\$schedule->|\bSchedule::)(?:command|job|call|exec)\(",
        "Laravel's scheduler, which cron calls each minute",
        _CRON,
    ),
)

SCHEDULES_OF_LIBRARIES: Final = (
    sign(
        "schedule-in-process",
        r"(?:.*/)?config/recurring\.ya?ml",
        r"^[ \t]+schedule:[ \t]*['\"]?(?P<time>[^\n'\"#]{1,60}?)['\"]?[ \t]*$",
        "Solid Queue runs it {time}",
        _CRON,
    ),
    sign(
        "schedule-in-process",
        r".*\.(?:java|kt|groovy)",
        r"\.(?P<call>scheduleAtFixedRate|scheduleWithFixedDelay)\(",
        "{call}: a task of an executor or a timer",
        _CRON,
        needs=".schedule",
    ),
    sign(
        "schedule-in-process",
        rf"{MAVEN}|{GRADLE}",
        r"\b(?P<name>spring-boot-starter-quartz|org\.quartz-scheduler)\b",
        "the library {name}",
        _CRON,
    ),
)

WORKERS: Final = (
    sign(
        "queue-workers",
        r"(?:.*/)?(?:docker-)?compose[\w.-]*\.ya?ml|(?:.*/)?(?:Procfile|Dockerfile[\w.-]*)|.*\.(?:sh|service|conf|ini)",
        r"\b(?P<command>artisan (?:queue:(?:work|listen)|horizon)|celery [^\n]{0,80}?\bworker\b|"
        r"(?:rake|rails) jobs:work|bin/(?:jobs|delayed_job)|bundle exec (?:sidekiq|shoryuken)|rq worker|"
        r"messenger:consume)",
        "{command} runs beside the requests",
        _WORKERS,
    ),
    sign(
        "queue-workers",
        GEMFILE,
        r"^[ \t]*gem[ (]+['\"](?P<name>sidekiq|sidekiq-pro|resque|delayed_job|delayed_job_active_record|good_job|"
        r"solid_queue|sneakers|shoryuken|que)['\"]",
        "the gem {name}",
        _WORKERS,
    ),
    sign(
        "queue-workers",
        PYTHON_LISTS,
        python_name(r"(?P<name>(?i:celery|django-rq|rq|dramatiq|huey|django-q2?|django-tasks))"),
        "the library {name}",
        _WORKERS,
    ),
    sign(
        "queue-workers",
        PACKAGE_JSON,
        r"\"(?P<name>bull|bullmq|agenda|bee-queue|kue|graphile-worker)\"\s*:\s*\"[~^<>=*0-9]",
        "the package {name}",
        _WORKERS,
    ),
    sign(
        "queue-workers",
        COMPOSER,
        r"\"(?P<name>laravel/horizon|php-amqplib/rabbitmq-bundle)\"\s*:",
        "the package {name}",
        _WORKERS,
    ),
)

DEPLOYMENTS: Final = (
    sign(
        "deploy-by-ssh",
        r"(?:.*/)?Capfile|(?:.*/)?config/deploy(?:/[\w.-]+)?\.rb",
        r"^[ \t]*(?P<what>server|role|require)[ (]+(?:['\"]capistrano|['\"]|:)",
        "Capistrano: {what}",
    ),
    sign(
        "deploy-by-ssh",
        GEMFILE,
        r"^[ \t]*gem[ (]+['\"](?P<name>capistrano|mina|capistrano-rails)['\"]",
        "the gem {name}",
    ),
    sign(
        "deploy-by-ssh",
        r"(?:.*/)?fabfile\.py|(?:.*/)?fabfile/\w+\.py",
        r"^(?:from|import) fabric\b",
        "Fabric",
    ),
    sign("deploy-by-ssh", r"(?:.*/)?deploy\.php", r"^[ \t]*(?:->)?host(?:name)?\(['\"]", "Deployer: a host"),
    sign(
        "deploy-by-ssh",
        r".*\.(?:sh|bash)|(?:.*/)?(?:Makefile|deploy)",
        r"^[ \t]*(?P<command>rsync|scp)[ \t]+(?:[^\s:]+[ \t]+){1,20}[^\s:]+:",
        "{command} to another machine",
    ),
    sign(
        "configuration-management",
        r".*\.ya?ml",
        r"^(?:-[ \t]+|[ ]{2})hosts:[ \t]*(?P<hosts>[\w:&!*.,'\"{} -]{1,60})$",
        "an Ansible play for {hosts}",
        Fact("configuration", "chef"),
        needs="hosts:",
    ),
    sign(
        "configuration-management",
        r"(?:.*/)?manifests/[\w/.-]+\.pp",
        r"^(?P<kind>class|node)[ \t]+(?P<name>[\w:'\".-]+)",
        "Puppet: the {kind} {name}",
        Fact("configuration", "chef"),
    ),
)

SIGNS: Final = (*PROCESSES, *SCHEDULES, *SCHEDULES_OF_LIBRARIES, *WORKERS, *DEPLOYMENTS)
