"""Objects that live as long as the process: settings, wiring, the feed, calls, metrics, logs, the task worker."""
