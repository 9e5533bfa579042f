"""Cloud profiles: the client's name, the login, and the encoding of telemetry.

A profile has `host`, `port`, `client_id`, `user`, `password`, `keepalive` (seconds), `topic`, and
`encode(reading) -> bytes`. This is the profile for any MQTT broker; others differ in data.
"""

import json


def typed(what, value, kind):
    """Raise TypeError unless `value`, the argument `what`, is of `kind`: a type, or a tuple of
    types, of which the sentence has the first. The value may be a secret."""
    if not isinstance(value, kind):
        kind = getattr(kind, "__name__", 0) or kind[0].__name__
        raise TypeError("%s: %s, not %s" % (what, kind, type(value).__name__))


class Broker:
    """A plain MQTT 3.1.1 broker with TLS client certificates.

    `client_id` also replaces `{id}` in `topic`. A reading (dict) travels as JSON.
    """

    def __init__(self, host, port, client_id, topic, user="", password="", keepalive=60):
        typed("host", host, str)
        typed("port", port, int)
        typed("client_id", client_id, str)
        typed("topic", topic, str)
        typed("user", user, str)
        typed("password", password, str)
        typed("keepalive", keepalive, int)
        self.host = host
        self.port = port
        self.client_id = client_id
        self.topic = topic.replace("{id}", client_id)
        self.user = user
        self.password = password
        self.keepalive = keepalive

    def encode(self, reading):
        """Return the payload for `reading` (dict), as bytes."""
        typed("reading", reading, dict)
        return json.dumps(reading).encode()
