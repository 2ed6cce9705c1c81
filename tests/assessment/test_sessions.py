"""Where sessions are kept by default is no blocker where something says that they are kept elsewhere."""

from __future__ import annotations

import pytest

from tests.assessment.looking import assessment

PHP = {"public/index.php": "<?php\nsession_start();\n"}
JAVA = "String name = (String) request.getSession().getAttribute(NAME);\n"
HANDLERS = "Symfony\\Component\\HttpFoundation\\Session\\Storage\\Handler"


@pytest.mark.parametrize(
    ("path", "text", "where"),
    [
        ("docker/php.ini", "[Session]\nsession.save_handler = redis\nsession.save_path = tcp://cache:6379\n", "cache"),
        ("docker/conf.d/sessions.ini", 'session.save_handler="memcached"\n', "cache"),
        ("docker/www.conf", "php_value[session.save_handler] = redis\n", "cache"),
        ("public/.htaccess", "php_value session.save_handler rediscluster\n", "cache"),
        ("Dockerfile", "RUN echo 'session.save_handler = redis' > conf.d/sessions.ini\n", "cache"),
        ("deploy/nginx.conf", '  fastcgi_param PHP_VALUE "session.save_handler=redis";\n', "cache"),
        ("chart/values.yaml", "php:\n  ini: |\n    session.save_handler = redis\n", "cache"),
        ("start.sh", "sed -i 's#session.save_handler = files#session.save_handler = redis#' php.ini\n", "cache"),
        ("lib/start.php", "ini_set('session.save_handler', 'redis');\n", "cache"),
        ("lib/start.php", "if ($at == 'a//b') { @ini_set('session.save_handler', 'redis'); }\n", "cache"),
        ("lib/start.php", 'session_module_name("memcached");\n', "cache"),
        ("application/config/config.php", "$config['sess_driver'] = 'database';\n", "database"),
        ("app/etc/env.php", "'session' => [\n    'save' => 'redis',\n", "cache"),
        ("configuration.php", "\tpublic $session_handler = 'database';\n", "database"),
        ("config/web.php", "'session' => ['class' => 'yii\\redis\\Session'],\n", "cache"),
        ("config/web.php", "'session' => ['class' => \\yii\\web\\DbSession::class],\n", "database"),
        ("config/web.php", "use yii\\web\\DbSession;\n'session' => ['class' => DbSession::class],\n", "database"),
        ("config/packages/framework.yaml", f"session:\n  handler_id: {HANDLERS}\\RedisSessionHandler\n", "cache"),
        ("config/packages/framework.yaml", "session:\n  handler_id: '%env(REDIS_URL)%'\n", "cache"),
        ("config/packages/framework.yaml", f"session:\n  handler_id: {HANDLERS}\\PdoSessionHandler\n", "database"),
        ("config/session.php", "    'driver' => env('SESSION_DRIVER', 'cookie'),\n", "cookie"),
    ],
)
def test_sessions_of_php_are_where_a_setting_says(path: str, text: str, where: str) -> None:
    found = assessment({**PHP, path: text})

    assert found.answers["sessions"].value == where
    assert [claim.path for claim in found.of_rule("sessions-shared")] == [path]
    assert found.of_rule("sessions-in-files") == []


def test_where_a_handler_of_the_application_keeps_sessions_is_left_open() -> None:
    found = assessment({**PHP, "lib/sessions.php": "session_set_save_handler(new Sessions($db), true);\n"})

    assert [claim.place for claim in found.of_rule("sessions-by-handler")] == ["lib/sessions.php:1"]
    assert (found.of_rule("sessions-in-files"), "sessions" in found.answers) == ([], False)


@pytest.mark.parametrize(
    "text",
    [
        "; session.save_handler = redis\n",
        "session.save_handler = files\n",
        "session.save_path = tcp://cache:6379\n",
    ],
)
def test_what_names_no_store_leaves_sessions_in_files(text: str) -> None:
    assert assessment({**PHP, "docker/php.ini": text}).answers["sessions"].value == "files"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("lib/a.php", "$x = 1; // ini_set('session.save_handler', 'redis');\n"),
        ("lib/a.php", "$x = 1; # session_module_name('redis');\n"),
        ("lib/a.php", "$x = 1; // session_set_save_handler($handler);\n"),
        ("lib/a.php", "throw new E('set session.save_handler = redis in php.ini to scale');\n"),
        ("lib/a.php", "throw new E(\"call ini_set('session.save_handler', 'redis')\");\n"),
        ("docker/php.ini", "x = 1 ; session.save_handler = redis\n"),
        ("Dockerfile", "RUN true # session.save_handler = redis\n"),
        ("config/web.php", "use yii\\web\\DbSession;\n"),
        ("config/web.php", "$x = 1; // 'class' => 'yii\\redis\\Session',\n"),
        ("application/config/config.php", "<?php\n/*\n$config['sess_driver'] = 'database';\n*/\n"),
    ],
)
def test_a_remark_or_a_text_says_nothing_of_where_sessions_are(path: str, text: str) -> None:
    found = assessment({**PHP, path: text})

    assert found.answers["sessions"].value == "files"
    assert [claim.place for claim in found.of_rule("sessions-in-files")] == ["public/index.php:2"]


def test_a_function_that_is_only_called_so_keeps_nothing() -> None:
    text = "<?php\nclass Tracker {\n  public function session_start() {}\n}\n"

    assert "sessions" not in assessment({"lib/Tracker.php": text}).answers


@pytest.mark.parametrize(
    "text",
    [
        "request.getSession().invalidate();\n",
        "HttpSession session = request.getSession(false);\nrequest.setAttribute(NAME, session);\n",
        "String path = request.getSession().getServletContext().getRealPath(name);\n",
    ],
)
def test_what_ends_a_session_or_asks_for_one_keeps_none(text: str) -> None:
    assert "sessions" not in assessment({"src/A.java": text}).answers
    assert assessment({"src/A.java": text + JAVA}).answers["sessions"].value == "memory"


def test_a_session_that_something_is_kept_in_counts_though_none_would_begin() -> None:
    text = 'HttpSession s = request.getSession(false);\ns.setAttribute("cart", cart);\n'

    assert assessment({"src/A.java": text}).answers["sessions"].value == "memory"
