"""Users, groups and what is known of the token that asks."""

from __future__ import annotations

from tests.fakes.gitlab import views
from tests.fakes.gitlab.call import Call, RefusedError, Route, not_found, unauthorized
from tests.fakes.gitlab.model import Group, User
from tests.fakes.shared.messages import Answer


def version(call: Call) -> Answer:
    """GET /version."""
    return Answer(200, {"version": "19.5.0-ee", "revision": f"{call.user.id:011x}"})


def this_user(call: Call) -> Answer:
    """GET /user."""
    shown = call.user
    return Answer(200, {**views.user(call, shown), "email": shown.email, "bot": shown.bot, "created_at": shown.created})


def users(call: Call) -> Answer:
    """GET /users: of the name that was asked for."""
    if "username" not in call.given and call.token is None:
        raise unauthorized()
    wanted = call.given.get("username", "").lower()
    return call.page(
        [views.user(call, each) for each in call.world.users.values() if wanted in {"", each.username.lower()}]
    )


def this_token(call: Call) -> Answer:
    """GET /personal_access_tokens/self."""
    if call.token is None:
        raise unauthorized()
    if call.world.tells_of_tokens == 404:
        raise not_found()
    if call.world.tells_of_tokens != 200:
        raise RefusedError(call.world.tells_of_tokens, "403 Forbidden")
    return Answer(200, views.token(call.token))


def namespace(call: Call) -> Answer:
    """GET /namespaces/:id."""
    found = _group(call) or _user(call)
    if found is None or (isinstance(found, User) and found is not call.user) or not _sees(call, found):
        raise not_found("Namespace")
    return Answer(200, views.namespace(call, found))


def group(call: Call) -> Answer:
    """GET /groups/:id."""
    found = _group(call)
    if found is None or not _sees(call, found):
        raise not_found("Group")
    return Answer(200, views.group(call, found))


def _sees(call: Call, found: Group | User) -> bool:
    """Whether the caller is a member of a group, or of anything below it, or may see a group that isn't private."""
    if isinstance(found, User) or found.visibility == "public":
        return True
    groups = [each for each in call.world.groups.values() if f"{each.full_path}/".startswith(f"{found.full_path}/")]
    below = [each for each in call.world.projects.values() if each.full_path.startswith(f"{found.full_path}/")]
    return any(call.world.group_level(each, call.user) for each in groups) or any(map(call.level, below))


def _group(call: Call) -> Group | None:
    named = call.path["id"].lower()
    if named.isdecimal():
        return next((each for each in call.world.groups.values() if each.id == int(named)), None)
    return call.world.groups.get(named)


def _user(call: Call) -> User | None:
    named = call.path["id"].lower()
    if named.isdecimal():
        return next((each for each in call.world.users.values() if each.id == int(named)), None)
    return call.world.users.get(named)


ROUTES = (
    Route("GET /version", version),
    Route("GET /user", this_user),
    Route("GET /users", users, "username"),
    Route("GET /personal_access_tokens/self", this_token, any_scope=True),
    Route("GET /namespaces/:id", namespace),
    Route("GET /groups/:id", group, "with_projects:bool"),
)
