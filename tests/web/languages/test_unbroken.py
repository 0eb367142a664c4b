"""What must stay on one line is found in whatever order a language puts it."""

from datetime import date

from fhir_mappings.sentence import Conjunction, DateForm, Sentence, joined
from smart_app.web.languages.page_language import ENGLISH_PAGE, Direction
from smart_app.web.languages.pseudo_language import LEFT_TO_RIGHT, PseudoLanguage
from smart_app.web.languages.unbroken import Unbroken, pieces_of
from smart_app.web.rendering.templates import environment

SENTENCE = joined(" ", [Sentence("rose to {value} on {day}.", value=Unbroken("62 mmol/mol"), day=Unbroken(Sentence("some day"))), "Ann"])


class Backwards:
    """A language that says the day first."""

    code = "en-XB"
    direction: Direction = "ltr"

    def needs_english(self, text: str) -> bool:
        return False

    def text(self, text: str) -> str:
        return "{day} {value}!" if "{day}" in text else text

    def counted(self, one: str, many: str, n: int) -> str:
        return one if n == 1 else many

    def date(self, day: date, form: DateForm) -> str:
        return f"{day} {form}"

    def listed(self, parts: list[str], conjunction: Conjunction) -> str:
        return conjunction.join(parts)


def test_the_sentence_itself_has_no_trace_of_it() -> None:
    assert SENTENCE == "rose to 62 mmol/mol on some day. Ann"


def test_every_second_piece_stays_on_one_line() -> None:
    assert pieces_of(SENTENCE, ENGLISH_PAGE) == ["rose to ", "62 mmol/mol", " on ", "some day", ". Ann"]
    assert pieces_of(SENTENCE, Backwards()) == ["", "some day", " ", "62 mmol/mol", "! Ann"]


def test_a_day_stays_on_one_line_wherever_it_stands() -> None:
    was = Sentence("was 62 {day}", day=Sentence("on {day}", day=date(2026, 8, 3)))
    assert pieces_of(was, ENGLISH_PAGE) == ["was 62 on ", "03-Aug-2026", ""]
    assert pieces_of(Sentence("{day}", day=Unbroken(was)), ENGLISH_PAGE) == ["", "was 62 on 03-Aug-2026", ""]


def test_a_record_cannot_take_the_pieces_apart() -> None:
    assert pieces_of(Sentence("{value}", value=Unbroken("a\x1fb")), ENGLISH_PAGE) == ["", "a b", ""]


def test_a_template_puts_out_pieces_in_its_language() -> None:
    source = "{% for piece in view|pieces %}[{{ piece }}]{% endfor %}"
    assert environment().from_string(source).render(view=SENTENCE) == "[rose to ][62 mmol/mol][ on ][some day][. Ann]"
    pseudo = environment(PseudoLanguage(code=LEFT_TO_RIGHT)).from_string(source).render(view=SENTENCE)
    assert pseudo == "[⟦rose to ][62 mmol/mol][ on ][⟦some day~~~⟧][.~~~⟧ Ann]"
