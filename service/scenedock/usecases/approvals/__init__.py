"""Approvals: a step asks for one and waits, somebody decides."""
