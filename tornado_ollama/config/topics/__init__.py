"""The topics of the configuration, one module each: the rows of their settings."""
