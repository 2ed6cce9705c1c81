"""Tasks in a database: store, journal, engine, executors, migrations, sealed secrets. Imports no other effect."""
