"""The folder of the service that something in a folder belongs to."""

from __future__ import annotations

from scenedock.catalog.reading.kustomize.building import Builder
from scenedock.catalog.reading.kustomize.places import Places
from scenedock.model.helm import WORKLOADS

RUNNING = WORKLOADS | frozenset(
    {"CronJob", "Job", "CronWorkflow", "Workflow", "DeploymentConfig", "Rollout", "ScaledJob", "VirtualMachine"}
)
"""The kinds of which a folder is a service or a job."""


class Homes:
    """Knows the homes of all folders of one repository.

    `running_in` has for each folder with a kustomization the folders of what runs in its result.
    """

    def __init__(self, builder: Builder, places: Places) -> None:
        self._builder = builder
        self._places = places
        self._homes: dict[str, str] = {}
        self._running_from: dict[str, frozenset[str]] = {}
        self.running_in = self._running_folders()

    def of(self, folder: str) -> str:
        """The folder of the service that the manifests of one belong to.

        What an overlay adds of its own belongs to the one service that it takes, or to the one in whose folder it lies.
        """
        if folder not in self._homes:
            self._homes[folder] = self._places.home_of(folder)
            if folder in self._builder.kustomizations:
                result = self._builder.folder(folder)
                folders = {*(one.folder for one in result.objects), *(each.folder for each in result.taken)}
                taken = folders - {folder} - self._builder.shared_folders
                running = {self.of(each) for each in self.running_in.get(folder, set()) - {folder}}
                runs_itself = self._homes[folder] and folder in self.running_in.get(folder, set())
                homes = running or (set() if runs_itself else {self.of(each) for each in taken})
                around = {each for each in homes if each and f"{folder}/".startswith(f"{each}/")}
                if len(homes) == 1 or len(around) == 1:
                    self._homes[folder] = (homes if len(homes) == 1 else around).pop()
        return self._homes[folder]

    def running_from(self, folder: str) -> frozenset[str]:
        """The folders of the services that run in the result of a folder."""
        if folder not in self._running_from:
            running = self.running_in.get(folder, set())
            self._running_from[folder] = frozenset(self.of(each) for each in running)
        return self._running_from[folder]

    def _running_folders(self) -> dict[str, set[str]]:
        """For each folder with a kustomization, the folders of what runs in its result, without shared components."""
        found: dict[str, set[str]] = {}
        for folder in self._builder.kustomizations:
            result = self._builder.folder(folder)
            running = {one.folder for one in result.objects if one.kind in RUNNING}
            found[folder] = (running | {each.folder for each in result.taken}) - self._builder.shared_folders
        return found
