"""The facts for the reasons of this package's errors. Loaded when an error is shown."""

# A line for each reason: the fact takes the error's `values`.
REASONS = """
connack-1: the broker refused the login (%d): it does not speak MQTT 3.1.1
connack-2: the broker refused the login (%d): it does not accept this client identifier
connack-3: the broker refused the login (%d): it is not available
connack-4: the broker refused the login (%d): wrong user name or password
connack-5: the broker refused the login (%d): not authorised
connack-7: the broker refused the login (%d): not authorised (AWS)
connack: the broker refused the login: CONNACK code %d
broker-closed: the broker closed the connection
broker-silent: the broker no longer answers
broker-not-understood: the broker's answer is not understood (%s)
"""


def fact(error):
    """Return the sentence for `error`, an exception of this package."""
    at = REASONS.find("\n" + error.reason + ": ")
    if at < 0:
        return error.reason
    at += len(error.reason) + 3
    return REASONS[at : REASONS.find("\n", at)] % error.values
