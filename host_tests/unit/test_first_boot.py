"""The dialogue of a board without a config."""

from expect import replaced

from app import config, first_boot


def answers(*given):
    """A prompt that gives these answers, one a question, and keeps the questions."""
    asked = []
    left = list(given)

    def prompt(question):
        asked.append(question)
        return left.pop(0)

    return prompt, asked


def test_what_is_asked_is_a_config():
    prompt, asked = answers("internet", "", "mqtt.example.com", "", "", "", "", "", "30")
    settings = first_boot.ask(prompt)
    assert settings == {
        "version": 1,
        "modem": {"apn": "internet"},
        "mqtt": {"host": "mqtt.example.com", "port": 8883, "topic": "devices/{id}/telemetry"},
        "telemetry": {"period": 30},
    }
    checked = config.check(settings)
    assert checked["telemetry.period"] == 30
    assert asked[3] == "Port [8883]: "


def test_a_bad_answer_is_asked_again_and_says_why():
    said = []
    with replaced(first_boot, _tell=said.append):
        prompt, _ = answers(
            "internet", "12", "1234", "no host!", "h.example", "x", "99999", "1883", *[""] * 5
        )
        settings = first_boot.ask(prompt)
    assert settings["modem"]["pin"] == "1234"
    assert settings["mqtt"]["host"] == "h.example"
    assert settings["mqtt"]["port"] == 1883
    assert said == [
        "pin must be 4 to 8 digits",
        "host must be a host name or IP address, at most 64 characters",
        "port must be a whole number",
        "port must be 1 to 65535",
    ], said


def test_a_pasted_ca_is_taken_whole():
    pem = ["-----BEGIN CERTIFICATE-----", "AAAA", "-----END CERTIFICATE-----"]
    prompt, _ = answers(*pem)
    with replaced(first_boot, _tell=lambda text: None):
        assert first_boot.ask_ca(prompt) == "\n".join(pem).encode() + b"\n"
        prompt, _ = answers("")
        assert first_boot.ask_ca(prompt) == b""
