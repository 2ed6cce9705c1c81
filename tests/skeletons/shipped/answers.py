"""Answers with which the shipped skeletons are baked."""

from __future__ import annotations

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
        "platform": "argocd",
        "scenedock": "git+https://git.example.com/platform/scenedock@v0.1.0",
    },
    "at once": {"name": "all", "staging": "none", "review_apps": "yes", "platform": "kubernetes"},
    "an owner without a kind": {"name": "on", "owner": "payments", "platform": "kubernetes", "service": "orders"},
}
