"""Answers with which the shipped skeletons are baked."""

from __future__ import annotations

from typing import Any

MICROSERVICES: dict[str, dict[str, str]] = {
    "github": {"name": "billing", "owner": "group:default/payments"},
    "gitlab": {
        "name": "order-desk",
        "ci": "gitlab",
        "organisation": "acme/shops",
        "owner": "group:default/orders",
        "system": "shop",
        "deploy_to": "qa",
        "database": "postgresql",
        "python_version": "3.12",
        "port": "9000",
        "license": "MIT",
    },
    "oldest": {
        "name": "search",
        "component": "deployment",
        "deploy_to": "",
        "database": "postgresql",
        "python_version": "3.11",
    },
    "words that mean something elsewhere": {
        "name": "import",
        "description": """It's "the" service: 100 % #1 \\o/ <b>für</b> *all*, {'a': [1]}""",
        "python_version": "3.13",
        "license": "Apache-2.0",
    },
}

LIBRARY: dict[str, str] = {
    "name": "acme-workload",
    "description": """Acme's "workload": it's all # here""",
    "version": "1.2.3-rc.1",
}

LIBRARIES: dict[str, dict[str, str]] = {
    "as it is": {},
    "with words": LIBRARY,
    "a name that means something elsewhere": {"name": "on", "version": "10.20.30", "owner": "user:ada"},
    "a long name": {"name": "l" * 50, "version": "0.0.1-0a", "description": "", "owner": "platform"},
}

DEPLOYMENTS: dict[str, dict[str, str]] = {
    "billing": {},
    "orders": {
        "description": """It's "the" orders: 100 % #1""",
        "owner": "group:default/orders",
        "system": "shop",
        "api": "orders",
        "source_repository": "https://github.com/acme/orders",
        "image": "registry.example.com:5000/acme/orders",
        "version": "1.10.0-rc.1",
        "port": "9000",
        "ingress_domain": "",
        "metrics": "no",
        "environment_dev": "no",
        "environment_qa": "no",
    },
    "true": {
        "layout": "cluster",
        "library_source": "registry",
        "library_version": "1.2.3-rc.1",
        "version": "1.0.0-1e3",
    },
    "inner": {"layout": "cluster", "ingress_domain": "", "metrics": "no", "own_namespace": "no"},
}

GITOPS: dict[str, dict[str, str]] = {
    "github": {"owner": "group:default/platform"},
    "gitlab": {
        "name": "deployments",
        "owner": "group:shops/Order_Desk",
        "organisation": "acme/shops",
        "code_owners": "@acme/shops/order-desk @ada",
        "ci": "gitlab",
        "host": "git.example.com",
        "service": "orders",
        "image": "registry.example.com:5000/acme/orders",
        "ingress_domain": "",
        "staging": "manual",
        "keep_deleted": "yes",
        "review_apps": "yes",
        "library_source": "registry",
        "platform": "argocd",
        "scenedock": "git+https://git.example.com/platform/scenedock@v0.2.0",
    },
    "at once": {"name": "all", "staging": "none", "review_apps": "yes", "platform": "kubernetes"},
    "an owner without a kind": {"name": "on", "owner": "payments", "platform": "kubernetes", "service": "orders"},
    "a library by version": {"library_source": "registry", "library_registry": "oci://registry.example.com:5000/a/b"},
}

RUNBOOKS: dict[str, dict[str, Any]] = {
    "as it is": {"name": "shop", "owner": "group:default/shop"},
    "assessed": {
        "name": "order-desk",
        "owner": "group:shops/Order_Desk",
        "organisation": "acme/shops",
        "ci": "gitlab",
        "host": "git.example.com",
        "component": "order-desk",
        "peak_requests": "120",
        "ttl": "86400",
        "cut_over": "weighted",
        "data_move": "dual_write",
        "runtime": "ruby",
        "runtime_version": "2.7.8",
        "dockerfile": "no",
        "port": "3000",
        "health_path": "/up",
        "database": "postgresql",
        "database_place": "vm",
        "sessions": "memory",
        "local_files": "local",
        "logs": "files",
        "scheduled_work": "both",
        "configuration": "chef",
        "secrets_in_files": "yes",
        "dependencies": {"postgresql db1.internal:5432": "config/database.yml:8", "a|b `x` <b>": "[a](javascript:b):1"},
        "blockers": {"A password\nis in the repository": "config/secrets.yml:14"},
        "evidence": {"runtime": ".ruby-version:1, Gemfile:3", "sessions": "config/initializers/session_store.rb:1"},
    },
    "nobody calls it": {
        "name": "nightly",
        "owner": "payments",
        "criticality": "low",
        "traffic": "none",
        "cut_over": "window",
        "data_move": "snapshot",
        "runtime": "java",
        "database": "sqlserver",
        "database_place": "managed",
        "scheduled_work": "cron",
    },
    "replicated": {
        "name": "portal",
        "owner": "user:ada",
        "criticality": "medium",
        "dns": "cloudflare",
        "ttl": "30",
        "data_move": "dms",
        "runtime": "php",
        "database": "mysql",
        "local_files": "shared",
        "sessions": "files",
        "configuration": "files",
    },
    "without data": {
        "name": "on",
        "owner": "group:default/edge",
        "traffic": "internal",
        "dns": "other",
        "cut_over": "weighted",
        "runtime": "go",
        "dockerfile": "yes",
        "database": "none",
        "sessions": "none",
        "local_files": "none",
        "logs": "stdout",
        "scheduled_work": "none",
        "configuration": "environment",
        "secrets_in_files": "no",
    },
}

CLUSTERS: dict[str, dict[str, str]] = {
    "least": {"owner": "group:default/platform"},
    "gitlab": {
        "name": "clusters",
        "owner": "group:default/infrastructure",
        "organisation": "acme/shops",
        "code_owners": "@acme/shops/infrastructure @ada",
        "ci": "gitlab",
        "host": "git.example.com",
        "region": "us-gov-west-1",
        "environments": "production",
        "network": "existing",
        "applications": "terraform",
        "state_bucket": "acme-shops",
    },
    "managed": {
        "owner": "user:ada",
        "organisation": "A-company_whose-name.is-longer-than-others",
        "compute": "managed",
        "environments": "dev-qa-production",
    },
    "capability": {
        "name": "shops",
        "owner": "shops",
        "host": "github.example.com",
        "argocd": "capability",
        "applications": "terraform",
    },
}
