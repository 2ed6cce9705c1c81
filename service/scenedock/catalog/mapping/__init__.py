"""Facts become entities: services, where they run, who owns them, what they depend on."""
