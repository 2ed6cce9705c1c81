"""The rules: what each finds, how much it weighs, why it matters on Kubernetes, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scenedock.assessment.claims import Weight
from scenedock.structs import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `title` says what a claim of it says, `why` what Kubernetes has to do with it."""

    id: str
    title: str
    weight: Weight
    why: str
    remedy: str


_RULES: Final = (
    Rule(
        "runtime",
        "A language or framework that serves requests",
        "note",
        "It decides which base image, probes and limits fit.",
        "Begin with the runtime's official image.",
    ),
    Rule(
        "runtime-version",
        "A version of the runtime is required",
        "note",
        "The image must have it; the version of the machine doesn't count any more.",
        "Take the image with this version.",
    ),
    Rule(
        "runtime-ended",
        "The version of the runtime gets no security fixes any more",
        "work",
        "Images of it are no longer rebuilt, so scanners will report, and admission may refuse them.",
        "Upgrade before the migration, or plan the upgrade with an end.",
    ),
    Rule(
        "windows-only",
        "It runs on Windows only",
        "blocker",
        "The .NET Framework needs Windows nodes and images.",
        "Move to .NET, or plan a pool of Windows nodes.",
    ),
    Rule(
        "application-server",
        "It is deployed into an application server",
        "work",
        "One container is one process: the server and its resources become part of the image.",
        "Build an image with the server and the archive, or make it start by itself.",
    ),
    Rule("dockerfile", "A Dockerfile", "note", "An image can be built already.", "Build it, and run it as in a Pod."),
    Rule(
        "image-moves",
        "The base image has no version",
        "work",
        "The same commit builds other images tomorrow, and a roll-back brings other software back.",
        "Name a version, best with a digest.",
    ),
    Rule(
        "image-as-root",
        "The image names no user, or root",
        "work",
        "Clusters that enforce the restricted Pod Security Standard don't start a process of root.",
        "Create a user, and name it by its number with USER.",
    ),
    Rule(
        "several-processes",
        "A supervisor runs several processes in one container",
        "work",
        "Kubernetes sees only the supervisor: no restart, no limit and no log for each process.",
        "Make a container, mostly a Deployment, of each process.",
    ),
    Rule(
        "image-volume",
        "The image declares a volume",
        "work",
        "What is written there is lost with the Pod unless a volume is mounted.",
        "Decide for each path: scratch (emptyDir), a PersistentVolumeClaim, or an object store.",
    ),
    Rule(
        "host-access",
        "A container has rights on its host",
        "blocker",
        "Privileged containers and the host's network or sockets are refused by the Pod Security Standards.",
        "Do without, or plan an exception with the platform team.",
    ),
    Rule(
        "compose",
        "A service of Docker Compose",
        "note",
        "It says which processes there are and how they are connected.",
        "Each becomes a Deployment, or is a service from elsewhere.",
    ),
    Rule(
        "process",
        "A process of the Procfile",
        "note",
        "Each process type scales by itself.",
        "Make a Deployment of each; what runs at a release becomes a Job.",
    ),
    Rule("port", "The port on which it listens", "note", "Service and probes need it.", "Set `containerPort` to it."),
    Rule(
        "health",
        "A health check",
        "note",
        "Without one, Pods get requests before they are ready, and hang unnoticed.",
        "Use it as readiness probe; a liveness probe must not ask the database.",
    ),
    Rule(
        "configuration-management",
        "Machines are configured by Chef, Puppet or Ansible",
        "note",
        "Nothing configures a running container: what is configured becomes image, ConfigMap or Secret.",
        "Go through the recipes, and give each resource its new place.",
    ),
    Rule(
        "environment-settings",
        "Settings come from the environment",
        "note",
        "That is how containers get them.",
        "List the variables, and give them by ConfigMap and Secret.",
    ),
    Rule(
        "managed-package",
        "A package of the machine is managed",
        "work",
        "A container has only what its image has.",
        "Install it in the Dockerfile if the application needs it, else leave it behind.",
    ),
    Rule(
        "managed-service",
        "A service of the machine is managed",
        "work",
        "There is no init system in a container.",
        "Decide: a container of its own, a service of the cluster, or not needed any more.",
    ),
    Rule(
        "managed-file",
        "A file of the machine is managed",
        "work",
        "Containers get files from their image, a ConfigMap or a Secret.",
        "Make the variable part an environment variable or a ConfigMap.",
    ),
    Rule(
        "managed-data",
        "Data comes from a data bag or a vault of the configuration management",
        "work",
        "No Chef server answers in the cluster.",
        "Move it into a Secret (Sealed Secrets, External Secrets) or a ConfigMap.",
    ),
    Rule(
        "machine-search",
        "Other machines are found by a search of the Chef server",
        "work",
        "Pods have changing addresses and are no nodes of Chef.",
        "Replace it by the DNS name of a Service.",
    ),
    Rule(
        "machine-facts",
        "Configuration is computed from facts of the machine",
        "work",
        "Name, address, memory and processors of a node say nothing about a container.",
        "Take limits and the downward API, or a fixed setting.",
    ),
    Rule(
        "kernel",
        "Settings or modules of the kernel are changed",
        "blocker",
        "Containers share the node's kernel; most settings are refused to Pods.",
        "Set it on the nodes, or find out whether it is needed still.",
    ),
    Rule(
        "mount",
        "A mount of the machine is managed",
        "work",
        "Nodes don't mount it; a shared one needs a volume with ReadWriteMany.",
        "Move the files into an object store, or claim a volume (EFS, NFS).",
    ),
    Rule(
        "firewall",
        "Rules of a firewall are set",
        "work",
        "Rules of machines don't know Pods.",
        "Write a NetworkPolicy, and security groups for what is outside.",
    ),
    Rule(
        "system-user",
        "A user of the machine is managed",
        "note",
        "Files and processes belong to it.",
        "Create it in the image with a fixed number, and set `runAsUser`.",
    ),
    Rule(
        "daemon",
        "The machine's init system starts a process",
        "work",
        "There is no init system in a container: the process is the container.",
        "Make its command the container's, in the foreground.",
    ),
    Rule(
        "cron",
        "A cron job",
        "work",
        "A container has no cron, and each replica would run it.",
        "Make a CronJob of it with `concurrencyPolicy: Forbid`.",
    ),
    Rule(
        "schedule-in-process",
        "The application schedules work in its own process",
        "work",
        "Each replica runs it.",
        "Make CronJobs, or one Deployment with a single replica, or take a lock.",
    ),
    Rule(
        "queue-workers",
        "Work is done by workers beside the requests",
        "work",
        "They scale and end in another way than what serves requests.",
        "Make a Deployment of its own, with a grace period longer than the longest piece of work.",
    ),
    Rule(
        "deploy-by-ssh",
        "It is deployed over SSH",
        "work",
        "Nobody logs in to a container; a new version is a new image.",
        "Replace it by CI that builds an image, and GitOps that deploys it.",
    ),
    Rule(
        "web-server-rules",
        "A web server in front has rules of its own",
        "work",
        "The Ingress doesn't read them; redirects, limits and headers would be lost.",
        "Move them into the Ingress or HTTPRoute, or put the web server into the image.",
    ),
    Rule(
        "sessions-in-process",
        "User sessions are kept in the memory of a process",
        "blocker",
        "The next request may reach another Pod, and a new version ends them all.",
        "Keep them in Redis, the database or a signed cookie.",
    ),
    Rule(
        "sessions-in-files",
        "User sessions are kept in files",
        "blocker",
        "Each Pod has files of its own, and they end with it.",
        "Keep them in Redis, the database or a signed cookie.",
    ),
    Rule(
        "sessions-by-handler",
        "User sessions are kept by a handler of the application",
        "work",
        "Pods may come and go only if all replicas find what it keeps.",
        "Read where it keeps them; from files or memory, move them to Redis or the database.",
    ),
    Rule(
        "sessions-shared",
        "User sessions are kept where all replicas find them",
        "note",
        "Pods may come and go.",
        "Check that the key that signs them is the same for all replicas.",
    ),
    Rule(
        "files-on-disk",
        "Files of users are kept on the local disk",
        "blocker",
        "The disk of a container ends with it, and other replicas don't see it.",
        "Move them into an object store, or claim a shared volume.",
    ),
    Rule(
        "files-in-store",
        "Files can be kept in an object store",
        "note",
        "Pods need no disk for them.",
        "Give the ServiceAccount access to the bucket.",
    ),
    Rule(
        "machine-path",
        "A path of the machine is configured",
        "work",
        "It isn't there in a container, or is empty after each start.",
        "Decide: part of the image, scratch, a ConfigMap, or a volume.",
    ),
    Rule(
        "embedded-database",
        "The database is a file or in the process",
        "blocker",
        "Each replica would have a database of its own, which ends with its Pod.",
        "Move to a database server before the migration.",
    ),
    Rule(
        "log-file",
        "It logs to files",
        "work",
        "Nobody rotates or collects files in a container.",
        "Log to standard output, one event in a line.",
    ),
    Rule(
        "log-syslog",
        "It logs to syslog",
        "work",
        "There is no syslog in a container.",
        "Log to standard output.",
    ),
    Rule("log-stdout", "It logs to standard output", "note", "The cluster collects that.", "Nothing to do."),
    Rule(
        "local-mail",
        "Mail is sent by a program of the machine",
        "work",
        "There is no mail server in a container.",
        "Send by SMTP to a relay, with its host in the configuration.",
    ),
    Rule(
        "multicast",
        "Members of a cluster find each other by multicast",
        "blocker",
        "The networks of most clusters carry no multicast.",
        "Discover members by DNS or the Kubernetes API.",
    ),
    Rule(
        "database",
        "The kind of database is configured",
        "note",
        "A database stays outside of the cluster, or moves as a project of its own.",
        "Decide where it will be, and how the cluster reaches it.",
    ),
    Rule(
        "client-library",
        "A client of a service is among its libraries",
        "note",
        "The service must be reachable from the cluster.",
        "Find out where it is, and who moves it.",
    ),
    Rule(
        "service-address",
        "The address of a service is written down",
        "work",
        "It differs between environments.",
        "Take it from the environment, and check that the cluster reaches it.",
    ),
    Rule(
        "service-on-same-machine",
        "A service is expected on the same machine",
        "work",
        "In a Pod, localhost is the Pod.",
        "Give the service an address of its own, in the configuration.",
    ),
    Rule(
        "host-in-code",
        "A host is written into the code",
        "blocker",
        "It can't be another one in another environment, and the cluster may not reach it.",
        "Make it a setting.",
    ),
    Rule(
        "host-in-configuration",
        "A host is written into the configuration",
        "work",
        "It differs between environments, and the cluster must reach it.",
        "Take it from the environment, and check routes and DNS.",
    ),
    Rule(
        "secret-in-file",
        "A secret is in a file of the repository",
        "blocker",
        "It would be part of the image, for everybody who can pull it.",
        "Rotate it, and keep it in a secret store (External Secrets, Sealed Secrets).",
    ),
)

RULES: Final[Mapping[str, Rule]] = {rule.id: rule for rule in _RULES}
"""By id, in the order in which people read them."""
