"""Secrets that are found, by their form or their name, and what only looks like one."""

from __future__ import annotations

import pytest

from tests.assessment.looking import assessment, said

BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
HEX = "0a1b2c3d" * 16
SECRETS = {
    "id_rsa": "-----BEGIN RSA PRIVATE KEY-----\n" + BODY + "\n",
    "config/k.pem": "-----BEGIN PRIVATE KEY-----\n" + BODY + "\n",
    "sa.json": '{"private_key": "-----BEGIN PRIVATE KEY-----\\n' + BODY + '"}',
    "main.go": 'db, _ := sql.Open("postgres", "host=10.1.2.3 user=x password=Xq7mR2vLp9w dbname=x")\n',
    "m2.go": 'dsn := "user:Xq7mR2vLp9w@tcp(10.1.2.4:3306)/x"\n',
    "Dockerfile": "FROM x:1\nENV DB_PASSWORD=Xq7mR2vLp9w\n",
    "b/Dockerfile": "FROM x:1\nENV A=1 DB_PASSWORD=Xq7mR2vLp9w B=2\n",
    "c/Dockerfile": "FROM x:1\nENV DB_PASSWORD Xq7mR2vLp9w\n",
    "deploy.sh": "export DB_PASSWORD=Xq7mR2vLp9w\n",
    "appsettings.json": '{"A": "Server=x;Database=y;User Id=sa;Password=Xq7mR2v!Lp9w"}',
    "shop/settings.py": "SECRET_KEY = 'django-insecure-8#kd)ksl$f2l(j3lk4j5l&j^kd*(a=1+0b@x-y_z'\n",
    "a/settings.py": "SECRET_KEY = 'm8#kd)ksl$f2l(j3lk4j5l&j^kd*(a=1+0b@x-y_z99ab%c!d'\n",
    "config/database.yml": "production:\n  password: 'Xq7$mR2vLp9w'\n",
    ".env": "SMTP_PASSWORD=Xq7mR2v(Lp9w\n",
    "b/.env": "SECRET_KEY_BASE=" + HEX + "\n",
    "config/secrets.yml": "production:\n  secret_key_base: " + HEX + "\n",
    "wp-config.php": "<?php\ndefine('AUTH_KEY', '(1O+$!k d>J;x#M]@9aP?vB{7z|W_^0=Qe~fR*c5T&uY[h3N}gS%i8L:-jK6X/m4');\n",
    "config/x.yml": "url: redis://:Xq7mR2vLp9w@cache.acme.internal\n",
    "config/master.key": "0123456789abcdef0123456789abcdef",
    "z/config/database.yml": "production:\n  password: <%= ENV.fetch('DB_PASSWORD') { 'Xq7mR2vLp9w' } %>\n",
    "y.php": "$db = new PDO('mysql:host=a;dbname=b', 'root', 'Xq7mR2vLp9w');\n",
    "application.properties": "db.password=${DB_PASSWORD:Xq7mR2vLp9w}\n",
    "config/p.js": "password: process.env.DB_PASSWORD || 'Xq7mR2vLp9w',\n",
}
NONE = {
    "src/Texts.properties": "login.password=Contrase\\u00F1a\n",
    "a.php": "'password' => 'required|min:8|confirmed',\n",
    "r.php": "'password' => 'secure_password1|confirmed',\n",
    "config/v.yml": "password: ^[A-Z]{8,}$\n",
    "config/w.yml": "password: ${DB_PASSWORD1}\nb_password: '{{ db_pass1 }}'\nc_password: $DB_PASS1\n",
    "config/s.py": "PASSWORD = get_secret('db1')\nPASSWORD2='%(pw1)s'\n",
    "x.sh": "PASSWORD=$(cat /x1)\nPASSWORD=${1}\nDB_PASSWORD=$PW1\nexport TOKEN=`cat a1`\n",
    "a.js": "$('#password1').val(); const sel = {password: 'input[name=password1]'}\n",
    "Dockerfile": "FROM x:1\nARG DB_PASSWORD\nENV DB_PASSWORD=${DB_PASSWORD}\nRUN echo $A > b\n",
    "conf/h.conf": "password = $2y$10$abcdefghijklmnopqrstuv1\npasswd {SSHA}abcdef123\n",
    "config/a.xml": '<p password="#{bean.password1}"/>',
    "k.go": 'const h = "-----BEGIN RSA PRIVATE KEY-----"\n',
    "q.go": 'fmt.Sprintf("host=%s user=%s password=%s dbname=%s", a)\n',
}


@pytest.mark.parametrize("path", SECRETS)
def test_a_secret_is_told_by_its_place_alone(path: str) -> None:
    claims = [claim for claim in said({path: SECRETS[path]}) if claim[0] == "secret-in-file"]

    assert len(claims) == 1
    assert "Xq7" not in str(claims)
    assert "MII" not in str(claims)


@pytest.mark.parametrize("path", NONE)
def test_what_only_looks_like_a_secret_is_none(path: str) -> None:
    assert [claim for claim in said({path: NONE[path]}) if claim[0] == "secret-in-file"] == []


@pytest.mark.parametrize("path", SECRETS)
def test_nothing_is_ready_where_a_secret_stands(path: str) -> None:
    ready = {"go.mod": "require github.com/gin-gonic/gin v1.9.0\n", "image.Dockerfile": "FROM golang:1.26\nUSER 1000\n"}

    assert assessment(ready).readiness == "ready"
    assert assessment({**ready, path: SECRETS[path]}).readiness == "blocked"
