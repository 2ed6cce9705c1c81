"""Configuration of gunicorn, documented in docs/operations.md."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "src"))

from service.logs import CONFIGURATION

bind = f"0.0.0.0:{os.environ.get('PORT', '{{ cookiecutter.port }}')}"
wsgi_app = "service.app:create_app()"

# One process, many threads: Kubernetes adds pods, and /metrics covers the whole pod.
worker_class = "gthread"
workers = 1
threads = int(os.environ.get("THREADS", "8"))

keepalive = 75  # longer than the load balancers in front wait
timeout = 30
graceful_timeout = 30  # for requests in flight after SIGTERM, in seconds
control_socket_disable = True

logconfig_dict = CONFIGURATION
