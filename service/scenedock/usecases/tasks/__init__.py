"""Submit, run, take over, cancel, retry, schedule and forget tasks."""
