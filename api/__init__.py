"""The HTTP service: one router per resource over the verbs of ``operations``."""
