import pytest

from smart_app.cli.demo.check_steps import StepFailed, Steps, expect, expect_none


def stopped_by(error: Exception) -> None:
    raise error


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


def test_everything_a_step_finds_is_said_each_on_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    steps = Steps()
    with steps.step("page"):
        expect_none(["The first is missing.", "The second is missing."])
    with steps.step("link"):
        stopped_by(LookupError("no link"))
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if line.startswith(" " * 10)] == [
        "          The first is missing.",
        "          The second is missing.",
        "          LookupError: no link",
    ]
    assert steps.failed == ["page", "link"]
    assert steps.summary() == "0 steps held, 2 failed: page; link"


def test_finding_nothing_is_no_failure() -> None:
    steps = Steps()
    with steps.step("page"):
        expect_none([])
        expect(True, "never said")
    assert (steps.failed, steps.passed, steps.summary()) == ([], 1, "1 steps held, 0 failed")


@pytest.mark.parametrize("error", [OSError("refused"), ValueError("no JSON")])
def test_server_that_cannot_be_understood_is_a_failed_step(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    steps = Steps()
    with steps.step("read"):
        stopped_by(error)
    assert steps.failed == ["read"]
    assert f"          {type(error).__name__}: {error}" in capsys.readouterr().out.splitlines()


def test_each_step_is_said_with_how_long_it_took(capsys: pytest.CaptureFixture[str]) -> None:
    times = iter([10.0, 12.5, 20.0, 21.25])
    steps = Steps(clock=lambda: next(times))
    with steps.step("slow"):
        pass
    with steps.step("broken"):
        expect(False, "Nothing is there.")
    assert capsys.readouterr().out == "    ok    2.50 s  slow\nFAILED    1.25 s  broken\n          Nothing is there.\n"
