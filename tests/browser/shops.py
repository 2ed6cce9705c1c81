"""Companies as GitOps repositories: 300 services in five environments, and 60 that are released by files of tags."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Final

ENVIRONMENTS: Final = ("dev", "qa", "staging", "prod-eu", "prod-us")
_THINGS: Final = "cart order stock price mail ledger fraud media route quote claim offer label carrier search".split()
_PARTS: Final = (
    "api worker web feed sync cron index admin gateway report export import cache proxy router bridge relay store "
    "audit rules"
).split()
_TEAMS: Final = ("payments", "storefront", "platform", "search", "logistics", "data")


def write_shops(root: Path, services: int = 300) -> Path:
    """Write the repository, the same each time; versions lag behind from one environment to the next."""
    chance = random.Random(7)  # noqa: S311 - nothing secret
    names = [f"{thing}-{part}" for thing in _THINGS for part in _PARTS][:services]
    root.mkdir()
    (root / "scenedock.yaml").write_text("repository: https://github.com/acme/shops\nbranch: main\n")
    owners = [f"/{name}/ @acme/{_TEAMS[number % len(_TEAMS)]}" for number, name in enumerate(names)]
    (root / "CODEOWNERS").write_text("\n".join(owners) + "\n")
    for name in names:
        folder = root / name
        (folder / "templates").mkdir(parents=True)
        (folder / "templates" / "deployment.yaml").write_text("kind: Deployment\napiVersion: apps/v1\n")
        what = name.replace("-", " ")
        (folder / "Chart.yaml").write_text(
            f"apiVersion: v2\nname: {name}\ndescription: Keeps the {what} of the shops\nversion: 1.0.0\n"
        )
        major, minor = chance.randrange(1, 5), chance.randrange(3, 30)
        needs = "".join(f"  other{number}: http://{chance.choice(names)}:8080\n" for number in range(2))
        (folder / "values.yaml").write_text(f"image: {{repository: registry.acme.example/{name}}}\nurls:\n{needs}")
        for number, environment in enumerate(ENVIRONMENTS):
            lag = chance.choice((0, 0, 0, 1, 2)) if number else 0
            tag = "" if chance.random() < 0.01 else f'image: {{tag: "{major}.{minor - lag}.0"}}\n'
            (folder / f"values-{environment}.yaml").write_text(f"{tag}replicas: {number + 1}\n")
    return root


_BUILDS_BEHIND: Final = {"cart-admin": 33, "order-api": 12, "stock-feed": 5, "price-web": 2}
"""The applications whose production lacks what integration has, and how many builds that is."""
_STAGES: Final = ("integration", "staging", "production")


def write_releases(root: Path, applications: int = 60) -> Path:
    """Write a repository in which all applications have one chart, and a file with the tag for each environment.

    Few of the tags differ, as where each build is promoted soon.
    """
    chance = random.Random(11)  # noqa: S311 - nothing secret
    names = [f"{thing}-{part}" for thing in _THINGS for part in _PARTS[:9]][:applications]
    names = sorted({*names, *_BUILDS_BEHIND})
    config, chart = root / "charts" / "app-config", root / "charts" / "generic-app"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: generic-app\nversion: 1.0.0\ntype: application\n")
    (chart / "templates" / "deployment.yaml").write_text("apiVersion: apps/v1\nkind: Deployment\n")
    (chart / "values.yaml").write_text("replicas: 1\n")
    (root / "scenedock.yaml").write_text(
        "repository: https://github.com/acme/releases\nbranch: main\nowner: platform\n"
        "environments: {known: [integration, staging, production]}\n"
        "apps:\n  - {file: 'charts/app-config/values-{environment}.yaml', items: applications,\n"
        "     chart: {default: charts/generic-app}, repository: 'acme/{name}'}\n"
        "versions: {file: 'charts/app-config/image-tags/{environment}/{service}', path: image_tag}\n"
    )
    builds = {name: chance.randrange(40, 900) for name in names}
    for stage in _STAGES:
        (config / "image-tags" / stage).mkdir(parents=True)
        listed = "".join(f"  - {{name: {name}}}\n" for name in names)
        (config / f"values-{stage}.yaml").write_text(f"applications:\n{listed}")
        for name, build in builds.items():
            lag = (
                _BUILDS_BEHIND.get(name, 0) if stage == "production" or (stage, name) == ("staging", "order-api") else 0
            )
            tag = f"image_tag: v{build - lag}\nautomatic_deploys_enabled: true\n"
            (config / "image-tags" / stage / name).write_text(tag)
    return root
