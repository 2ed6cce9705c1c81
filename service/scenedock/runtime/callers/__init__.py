"""Callers: holders of static tokens, Backstage's plugins, and the users on whose behalf they call."""
