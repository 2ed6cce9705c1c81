# session_store :cookie_store was too small
Rails.application.config.session_store :redis_store, servers: ["redis://cache.acme.internal:6379/0"]
