"""Django's PostgreSQL backend, with a pool that gets over a database restart at once. Named as ENGINE in the settings."""
