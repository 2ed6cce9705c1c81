"""Helm folders become Backstage entities. Pure: decides, never reads or writes."""
