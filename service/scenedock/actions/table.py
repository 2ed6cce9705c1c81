"""The table of contents: every action. It is long to load, because each has models of its input and output."""

from __future__ import annotations

from scenedock.actions.approvals.decide_approval import decide_approval_action
from scenedock.actions.assessment.assess_application import assess_application_action
from scenedock.actions.catalog.export_catalog import export_catalog_action
from scenedock.actions.catalog.register_in_catalog import register_in_catalog_action
from scenedock.actions.catalog.unregister_from_catalog import unregister_from_catalog_action
from scenedock.actions.catalog.validate_entities import validate_entities_action
from scenedock.actions.changes.lock_environment import lock_environment_action
from scenedock.actions.changes.promote_deployment import promote_deployment_action
from scenedock.actions.changes.roll_back_deployment import roll_back_deployment_action
from scenedock.actions.changes.set_version import set_version_action
from scenedock.actions.changes.unlock_environment import unlock_environment_action
from scenedock.actions.deployments.create_deployment import create_deployment_action
from scenedock.actions.deployments.plan_deployment import plan_deployment_action
from scenedock.actions.effects import Effects
from scenedock.actions.environments.create_environment import create_environment_action
from scenedock.actions.environments.extend_environment import extend_environment_action
from scenedock.actions.environments.plan_environment import plan_environment_action
from scenedock.actions.environments.preview_retirement import preview_retirement_action
from scenedock.actions.environments.retire_deployment import retire_deployment_action
from scenedock.actions.environments.retire_environment import retire_environment_action
from scenedock.actions.environments.retire_expired_environments import retire_expired_environments_action
from scenedock.actions.manifests.preview_deployment import preview_deployment_action
from scenedock.actions.publishing.await_pull_request import await_pull_request_action
from scenedock.actions.publishing.commit_change import commit_change_action
from scenedock.actions.publishing.propose_change import propose_change_action
from scenedock.actions.publishing.publish_repository import publish_repository_action
from scenedock.actions.releases.lint_deployments import lint_deployments_action
from scenedock.actions.releases.list_deployments import list_deployments_action
from scenedock.actions.releases.show_delivery_metrics import show_delivery_metrics_action
from scenedock.actions.releases.show_deployment import show_deployment_action
from scenedock.actions.releases.show_deployment_history import show_deployment_history_action
from scenedock.actions.secrets.refer_to_secret import refer_to_secret_action
from scenedock.actions.secrets.seal_secret import seal_secret_action
from scenedock.actions.skeletons.bake_skeleton import bake_skeleton_action
from scenedock.actions.skeletons.list_skeletons import list_skeletons_action
from scenedock.model.action import Action

ACTIONS: tuple[Action[Effects], ...] = (
    list_skeletons_action,
    bake_skeleton_action,
    validate_entities_action,
    export_catalog_action,
    list_deployments_action,
    show_deployment_action,
    show_deployment_history_action,
    preview_deployment_action,
    show_delivery_metrics_action,
    lint_deployments_action,
    assess_application_action,
    publish_repository_action,
    propose_change_action,
    commit_change_action,
    promote_deployment_action,
    roll_back_deployment_action,
    set_version_action,
    plan_deployment_action,
    create_deployment_action,
    plan_environment_action,
    create_environment_action,
    lock_environment_action,
    unlock_environment_action,
    seal_secret_action,
    refer_to_secret_action,
    preview_retirement_action,
    retire_environment_action,
    retire_deployment_action,
    extend_environment_action,
    retire_expired_environments_action,
    await_pull_request_action,
    decide_approval_action,
    register_in_catalog_action,
    unregister_from_catalog_action,
)
