"""Where templates are rendered: Jinja in a sandbox that counts what rendering costs."""
