import pytest

from smart_app.cli.demo.check_steps import StepFailed, Steps, expect


def test_every_step_is_said_and_a_failed_one_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    steps = Steps()
    with steps.step("first"):
        pass
    with steps.step("second"):
        expect(False, "the form answered 500")
    said = capsys.readouterr().out
    assert "ok" in said.splitlines()[0]
    assert "FAILED" in said.splitlines()[1]
    assert "the form answered 500" in said
    assert steps.summary() == "1 steps held, 1 failed: second"


def test_what_is_no_failed_expectation_ends_the_run() -> None:
    steps = Steps()
    with pytest.raises(ZeroDivisionError), steps.step("broken check"):
        _ = 1 / 0


def test_expect_says_what_was_seen_instead() -> None:
    with pytest.raises(StepFailed, match="two copies"):
        expect(False, "two copies")
