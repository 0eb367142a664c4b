import base64

from click.testing import CliRunner

from smart_app.cli import main


def test_a_secret_is_256_bits_and_new_each_time() -> None:
    made = [CliRunner().invoke(main, ["keys", "secret"]).output.strip() for _ in range(2)]
    assert made[0] != made[1]
    assert all(len(base64.urlsafe_b64decode(one)) == 32 for one in made)
