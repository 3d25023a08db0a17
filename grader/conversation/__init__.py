"""Talking to workers: processes in a sandbox, requests with deadlines, strict messages."""
