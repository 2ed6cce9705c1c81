"""What lives as long as the process: settings, wiring, the feed, calls, metrics, logs, the task worker."""
