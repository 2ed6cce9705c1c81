"""Callers: holders of static tokens, Backstage's plugins and the their users, people on our pages."""
