"""The service's own pages: HTML that works without JavaScript, made of what the service knows (docs/pages.md)."""
