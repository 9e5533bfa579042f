"""Cloud profiles: the client's name, the login, and the encoding of telemetry.

A profile has `host`, `port`, `client_id`, `user`, `password`, `keepalive` (seconds), `topic`, and
`encode(reading) -> bytes`. This is the profile for any MQTT broker; others differ in data.
"""

import json


def wrong(what, value):
    """Raise TypeError: `what` belongs where `value` is, which may be a secret."""
    raise TypeError("%s, not %s" % (what, type(value).__name__))


class Broker:
    """A plain MQTT 3.1.1 broker with TLS client certificates.

    `client_id` also replaces `{id}` in `topic`. A reading (dict) travels as JSON.
    """

    def __init__(self, host, port, client_id, topic, user="", password="", keepalive=60):
        for value in (host, client_id, topic, user, password):
            if not isinstance(value, str):
                wrong("host, client_id, topic, user and password are text (str)", value)
        for value in (port, keepalive):
            if not isinstance(value, int):
                wrong("port and keepalive are numbers", value)
        self.host = host
        self.port = port
        self.client_id = client_id
        self.topic = topic.replace("{id}", client_id)
        self.user = user
        self.password = password
        self.keepalive = keepalive

    def encode(self, reading):
        """Return the payload for `reading` (dict), as bytes."""
        if not isinstance(reading, dict):
            wrong("reading: a dict", reading)
        return json.dumps(reading).encode()
