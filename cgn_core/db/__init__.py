"""The database: models, sessions, one query module per noun, migrations."""
