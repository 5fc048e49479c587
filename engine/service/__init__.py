"""The running service: the door for webhooks, the dispatcher, health and metrics."""
