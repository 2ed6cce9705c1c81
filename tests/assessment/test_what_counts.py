"""What is for tests, for one's own machine or for the machine alone proves nothing; what code connects to does."""

from __future__ import annotations

import pytest

from tests.assessment.looking import assessment, said

READY = {"go.mod": "require github.com/gin-gonic/gin v1.9.0\n", "image.Dockerfile": "FROM golang:1.26\nUSER 1000\n"}
RAILS = "default: &default\n  adapter: sqlite3\n"
DJANGO = "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3'}}\n"

BLOCKED = {
    "package.json": ('{"dependencies": {"express-session": "^1"}}', "sessions-in-process"),
    "Startup.cs": ("services.AddSession(); services.AddDistributedMemoryCache();\n", "sessions-in-process"),
    "src/A.java": ('r.getSession().setAttribute("cart", 1);\n', "sessions-in-process"),
    "conf/app.ini": ("[database]\nTYPE = x\n[session]\n; memory or file\nPROVIDER = memory\n", "sessions-in-process"),
    "conf/b.ini": ("[session]\nPROVIDER = file\n", "sessions-in-files"),
    "conf/c.ini": ("[attachment]\nPATH = data/attachments\n", "files-on-disk"),
    "conf/d.ini": ("[picture]\nAVATAR_UPLOAD_PATH = data/avatars\n", "files-on-disk"),
    "main.go": ('sql.Open("postgres", "host=10.1.2.3 user=x dbname=x")\n', "host-in-code"),
    "proxy.py": ("proxy = 'http://<name>:<secret>@10.0.3.17:3128'\n", "host-in-code"),
    "ssh.py": ('u = "ssh <user>@db.corp.local"\n', "host-in-code"),
    "other.go": ('dsn := "user:x@tcp(10.1.2.4:3306)/shop"\n', "host-in-code"),
    "Features/Billing/Upload.js": ("const upload = multer({ dest: 'uploads/' });\n", "files-on-disk"),
    "config/database.yml": (f"{RAILS}production:\n  <<: *default\n", "embedded-database"),
    "settings.py": (f"if not TESTING:\n    {DJANGO}", "embedded-database"),
    "compose.yml": ("services:\n  web:\n    image: acme/web\n    privileged: true\n", "host-access"),
}
NOTHING = {
    "config/database.yml": "test:\n  adapter: sqlite3\ncucumber:\n  host: localhost\n",
    "settings.py": f'if "test" in sys.argv:\n    {DJANGO}',
    "src/main/resources/application-it.properties": "url=jdbc:h2:mem:x\n",
    "src/main/resources/application-unittest.properties": "url=jdbc:h2:mem:x\n",
    "src/main/resources/application.yml": "a: 1\n---\nspring:\n  profiles: ci\n  url: jdbc:h2:mem:x\n",
    "src/main/resources/bootstrap.yml": "a: 1\n---\non-profile: qa\nurl: jdbc:h2:mem:x\n",
    "core/db/sample_data/wholesale.rb": "password: 'spree123',\n",
    "demo/config/a.properties": "url=jdbc:h2:mem:x\n",
    "contrib/settings.py": DJANGO,
    "playground/settings.py": DJANGO,
    "docker-compose.debug.yml": "services:\n  web:\n    privileged: true\n",
    "compose.yaml": "services:\n  db:\n    image: postgres:18\n    profiles: [test]\n",
    "features/login.feature": "Given the host 10.0.3.17\n",
    "lib/mail.go": 'a := "gogs@fake.local"\n',
    "help.php": "'dn' => __('Windows AD takes <i>\"&lt;username&gt;@win2kdomain.local\"</i>.'),\n",
    "app/Headers.php": "if (true === config('firefly.is_local_dev')) {\n  $ip = '192.168.96.165';\n}\n",
    "app/Rules.php": "'new_password' => ['required', 'confirmed', 'secure_password', 'min:16'],\n",
}


@pytest.mark.parametrize("path", BLOCKED)
def test_a_blocker_is_found_and_nothing_is_ready_then(path: str) -> None:
    text, rule = BLOCKED[path]
    found = assessment({**READY, path: text})

    assert rule in {claim.rule for claim in found.claims}
    assert found.readiness == "blocked"


@pytest.mark.parametrize("path", NOTHING)
def test_what_does_not_run_in_production_proves_nothing(path: str) -> None:
    assert said({path: NOTHING[path]}) == []


def test_a_database_of_production_counts_though_the_others_share_another_one() -> None:
    text = f"{RAILS}development:\n  <<: *default\nproduction:\n  <<: *default\n  adapter: postgresql\n"

    assert said({"config/database.yml": text}) == [
        ("database", "config/database.yml:7", "the database is PostgreSQL"),
    ]


def test_sessions_are_not_in_the_process_where_they_have_a_store() -> None:
    package = '{"dependencies": {"express-session": "^1"}}'
    code = "app.use(session({\n  secret,\n  store: new FineStore(),\n}));\n"

    found = assessment({"package.json": package, "server.js": code})

    assert (found.of_rule("sessions-in-process"), "sessions" in found.answers) == ([], False)


@pytest.mark.parametrize("image", ["traefik:v3", "grafana/alloy:v1", "otel/opentelemetry-collector-contrib"])
def test_what_serves_the_machine_beside_the_application_has_no_rights_of_the_application(image: str) -> None:
    socket = "    volumes: ['/var/run/docker.sock:/var/run/docker.sock:ro']\n"
    services = f"services:\n  proxy:\n    image: {image}\n{socket}  web:\n    image: acme/web\n{socket}"

    assert [claim.line for claim in assessment({"compose.yml": services}).of_rule("host-access")] == [7]


@pytest.mark.parametrize(
    "service", ["image: acme/vector", "image: r.acme.com/shop/telegraf:1", "{build: ., image: traefik}"]
)
def test_an_application_that_is_called_like_a_helper_of_the_machine_has_its_rights(service: str) -> None:
    whole = f"services: {{web: {{{service.strip('{}')}, privileged: true}}}}\n"

    assert [claim.line for claim in assessment({"compose.yml": whole}).of_rule("host-access")] == [1]


@pytest.mark.parametrize(
    ("path", "text", "database"),
    [
        ("go.mod", "require gorm.io/driver/mysql v1.5.2\n", "mysql"),
        ("go.mod", "require gorm.io/driver/postgres v1.5.2\n", "postgresql"),
        ("conf/app.ini", "[database]\nTYPE = postgres\nHOST = 127.0.0.1:5432\n", "postgresql"),
        ("a.php", "$db = mysqli_connect($host, $user);\n", "mysql"),
        ("a.php", "$db = new PDO('pgsql:host=' . $host);\n", "postgresql"),
        ("wp-config.php", "define('DB_HOST', getenv('DB_HOST'));\n", "mysql"),
        ("a.csproj", '<PackageReference Include="Microsoft.EntityFrameworkCore.SqlServer"/>', "sqlserver"),
        ("main.go", 'db, err := sql.Open("mysql", dsn)\n', "mysql"),
    ],
)
def test_the_database_is_known_by_what_connects_to_it(path: str, text: str, database: str) -> None:
    assert assessment({path: text}).answers["database"].value == database


def test_one_variable_does_not_prove_that_the_environment_has_the_settings() -> None:
    read = "A = os.environ['DATABASE_URL']\n"
    answers = [
        assessment({"shop/settings.py": text, **more}).answers.get("configuration")
        for text, more in (
            ("DEBUG = os.environ.get('DEBUG')\n", {}),
            (f"{read}DATABASES = {{'HOST': 'db1.acme.internal'}}\n", {}),
            (read, {"recipes/default.rb": "template '/etc/shop/shop.yml' do\nend\n"}),
            (read, {}),
        )
    ]

    assert [each and each.value for each in answers] == [None, None, "chef", "environment"]


def test_a_logger_to_a_file_answers_where_it_logs_to() -> None:
    text = '  config.logger = Logger.new(Rails.root.join("log/a.log"))\n'

    assert assessment({"config/environments/production.rb": text}).answers["logs"].value == "files"
