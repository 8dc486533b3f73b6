"""The REST API, ``/api/v1``: parse, call a service, serialise. Its description is generated from these views."""
