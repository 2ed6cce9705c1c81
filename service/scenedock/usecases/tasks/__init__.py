"""Submit, run, take over, cancel, retry, schedule and delete tasks."""
