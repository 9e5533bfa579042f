"""Cloud profiles: the client's name, the login, and the encoding of telemetry.

A profile has `host`, `port`, `client_id`, `user`, `password`, `keepalive` (seconds), `topic`, and
`encode(reading) -> bytes`. This is the profile for any MQTT broker; others differ in data.
"""

import json


class Broker:
    """A plain MQTT 3.1.1 broker with TLS client certificates.

    `client_id` also replaces `{id}` in `topic`. A reading (dict) travels as JSON.
    """

    def __init__(self, host, port, client_id, topic, user="", password="", keepalive=60):
        self.host = host
        self.port = port
        self.client_id = client_id
        self.topic = topic.replace("{id}", client_id)
        self.user = user
        self.password = password
        self.keepalive = keepalive

    def encode(self, reading):
        """Return the payload for `reading`, as bytes."""
        return json.dumps(reading).encode()
