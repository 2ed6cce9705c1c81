"""Approvals: where they are kept, and how those who may approve are told."""
