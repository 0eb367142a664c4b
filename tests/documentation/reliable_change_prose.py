"""The prose of docs/reliable-change.md, between its tables."""
# ruff: noqa: E501 - lines of a page

BEGIN = """# When a change is more than chance

A score moves although nothing has happened: people answer a little differently from one day to the next. Rapport says of a change only how
far it goes beyond that, by which rule, with which error, and what is uncertain in it. It is a reason to ask, and nothing more. This page is
made by `make docs`: the tables from the files named here, the rest from `tests/documentation/reliable_change_prose.py`.

A **change** is a fact: the latest value beside the one before (`fhir_mappings.reliable_change.latest_change.Change`). A **finding** is what a
comparison says of the latest score (`fhir_mappings.reliable_change.change_rules.findings`). A **judgement** is what one rating says by the
rules of its day (`fhir_mappings.reliable_change.signals.rating_judge.judge`), a **signal** what the newest ratings of one pair of people say
together (`…signals.dyad_signals.signals`), and **why** everything behind it as data (`…signals.explanation.explain`).

## What is compared
One scale, one informant, one rated clinician, one version, one language, one set of answer words, oldest first. Another one of these is
another series, and so is what comes after a time without ratings longer than the form's limit (400 days, assumed). Ratings of one day
without a time are in no known order and are not compared. A rating without a score is a gap, never a zero. A score prorated by the
instrument's own rule is used and flagged. Below **three scores** nothing is claimed. A version whose file is gone is shown and not judged.
"""
RULES = """## Levels and rules
**discuss** ("To talk about"): the patient's own answer, the pooled rule on the total, a cut-off that the form's author published; no other.
At most one for a pair of people and a new rating, however many rules agree. **note**: a line. **shown**: a fact beside the chart, never
counted, and never a reason to raise anything: single answers, leaving the top, rises, elements, the clinician's own line.

The pooled rule, at the k-th score from the third on, with the first nb = min(3, k − 1) scores as baseline, either part being enough:

```
mean of the first nb − latest             >  2.58 · error · √(1 + 1/nb)
mean of the first 3 − mean of the last 2  >  1.96 · error · √(1/2 + 1/3)      from the fifth score
mean of the first 2 − mean of the last 2  >  1.96 · error                     at the fourth
```

The score that is judged is never in its own baseline. `previous`, `baseline` and `peak` compare at 95 %: 1.96 · √(1 + 1/n) times the larger
of the form's error and this person's own spread (mean difference of neighbouring earlier scores ÷ 1.128, from five earlier scores on);
`own-range` three times it. Without an error none of them runs: "no published error: look at the answers". Rises are not said where every
answer is alike or the score stands at the best end. Straight-lining and the ceiling are "not informative, ask openly"; falls are never held
back.

Rows stand in `fhir_mappings/reliable_change/signals/files/rules.toml`.
"""
ERRORS = """
## Errors
Rows of `errors.toml` beside the rules, each in force for its days. A site's own goes before a published one, and that before an assumed one.
Alpha is no error here: it leaves out what varies from one day to the next, and would flag half of all unchanged people. An error measured
over a shorter time than that between two visits says so, as between visits months apart more varies: over three months only .54 to .58 were
found as retest (HCCQ-6, PACIC).
"""
FIGURES = """
## How often they speak up by chance
2,000 drawn people whose view never changes, with three to eight visits in two years, three seeds: a level of their own, how the day is, and
what varies from item to item, rounded and kept within 1 to 5, so that scores have mean 4.2, SD 0.73, alpha .94, 12 to 16 % at the top and
the retest stated. Every visit from the third on is judged. As many each whose view drops by one SD (0.73 points), or slides by one and a
half. `tests/fhir_mappings/reliable_change/simulation` draws them, holds the figures to these goals, and holds its fast form to the product's
own code: on a sample in the tests, on everybody with `make campaign`.

- A score is a reason to talk in at most 10 of 100 unchanged people at a retest of .70 to .85. At .55, the only retest known over months, it
  is more, and the table says how many.
- By the next visit at least half of the drops and six of ten slow declines are found (retest .775). On the check-in that holds; with the
  WAI-SR's published error, wider than what these people vary by, a little less than half of the drops are found.
- Some note speaks up about at most 25 of 100 unchanged people at .70. Where all five rules together said more, the one with the highest rate
  was made to be shown only: `peak` on the check-in, three fallen answers on the WAI-SR.

**Silence is no all-clear.** A drop of one SD in one visit is seen on the day in two of ten.
"""
CHOICES = """## Choices, and what they cost
- **Regression to the mean.** After a high first score the next is lower by itself, after a low one higher: the last table. Where the first
  score was 4.75 or more, or below 4.00, it is said beside every comparison. Rises are therefore only shown.
- **One error for the whole scale.** Near the top people vary less, below 4 more: unchanged people who start low are flagged more often.
- **A single answer has no error.** How often answers fall by two options depends on how much items vary: with alpha .96 in place of .94 it is
  less than half as often. So the counts of fallen answers are the least certain of these figures.
- **The best of several scores is partly luck**, so the threshold from the last peak is too lenient, and its result says so.
- **Two spreads, the stricter one.** After Gumz (2012). A single outlier among the earlier scores widens a person's own range. The pooled rule
  uses the form's error alone.
- **Drawn, not met.** Levels are normal, days independent, items equally noisy. Real answers pile up at the top (Meier & Feeley 2022) and may
  behave otherwise. Figures are good to about two points in a hundred.
- **Other people.** No error here is from a diabetes clinic. The WAI-SR's spread is of 36,070 people who rated a chatbot (Woebot), not a
  clinician (Darcy 2021); 0.67 of general practice (Hunik 2020/21) is of another form, the WAI-GP. The check-in's is assumed.
- **Time is not weighed.** Neighbouring scores count alike, a week or a year apart.

## What is not claimed
- **No rupture, no cause, no blame.** A fall does not say what happened, between whom, or that it touched HbA1c.
- **No "unchanged".** Within the threshold means that the instrument cannot tell.
- **No bands, no norms.** Cut-offs stand in the instrument files where an author published one. For the WAI there are none: its author says so.
- **No comparison** between instruments, versions, languages, informants or clinicians.
"""
FILES = """## On the page
**To talk about** stands above "What changed" where a reason to talk belongs to whoever is signed in, to a role the site names, or to nobody
in particular: first what the patient said, then what the numbers did. Another clinician's stands quietly with their own chart. A note stands
with the chart; what is only shown, on the page that says why. Where there is nothing to say there is no line, and nothing says "all well".

**What changed** is three sentences: the last step, with the element that moved most; the longest move of the drawn range with its turning
point; HbA1c. Under each stands what the rules say of it: more than the error of the form, within it, or that none is known, and whose error
that is. The longest move is the one of the patient's comparable scores that ends with the latest: down and up again, or up and down again,
where the way there was at least half as long as the way back, else since the highest or the lowest (a convention of reading, this project's
own). People at the top of the scale, with one or two ratings, or whose newest form has no total have sentences of their own.

**Blind entry goes before all of it**: of a rating that is kept back nothing is judged, and its visit's line is that of the rating before.

## Why, as a page and as data
In a clinician's launch `/l/<launch>/why` says of each signal, in the order of the history, which rules looked, with what went in, formula and
numbers, threshold and error with their sources, how often by chance, what it misses, what would change it, and what was not used. What
speaks stands open, the loudest first; what is only shown, and what is silent, is folded. `/l/<launch>/why.json` has the same for machines:
[openapi.json](openapi.json) describes every key. English texts stand beside codes that stay; dates are as the record wrote them, values are
texts, so that their digits stay; nothing in it names the patient. `version` is raised when a key changes its meaning or goes. The sections of
the page are called as in the data: `why-1`, and `why-1-pooled` in it. Neither holds anything of a rating that is kept back.

## Changing what speaks up
Nothing of what was said is stored. A rating is judged by the rules and errors in force on its own day, so that an old record says the same
again: **a row is never edited**; it gets a `retired` day, and the next version is added. `tests/fhir_mappings/reliable_change/signals` keeps
the fingerprint of every row.

Who puts a signal aside keeps, sealed and for themself, which rules spoke in which version, and no word of theirs. It ends with the next
rating, which makes another signal. A rule that is retired later still speaks about a rating of before, and the line of what was put aside
says that it is retired and from when on. One that a site switches off back to a day before the rating speaks no more, and that line says so.

A site has one file of its own, with rows that are dated and stay when they end. It switches rules off by their id and declares errors; it
invents no rule.

```toml
[[off]]
rule = "item-fall-three"
valid_from = 2027-01-01
by = "A. Person, head of the clinic"
reason = "Too many of our patients answer on paper."

[[error]]
instrument = "rapport-check-in"
value = "0.35"            # the standard error of measurement, in points of the total; Rapport does not compute it
people = 64               # 50 or more
interval = "two weeks"    # between the two ratings of each person
interval_days = 14
source = "Retest in our clinic, spring 2027, report 12"
signed_by = "B. Person, statistician"
valid_from = 2027-06-01
until = 2029-06-01

[[owner]]                 # who owns what is said, in place of the rated clinician
role = "psychology team"
valid_from = 2027-01-01
```

`RAPPORT_SIGNALS` names the file. It is read at start, and one that is wrong stops the start with the row, the key and the reason: a form
or a scale there is not, a rule of the site's own, one there is not or that was retired, an error without a source or a signature, fewer
than 50 people, two errors or two roles for one day, what ends before it begins, and a key that is not known, with the nearest that is.
"""
SOURCES = """## Sources
Jacobson & Truax 1991, J Consult Clin Psychol 59:12. Maassen 2004, J Int Neuropsychol Soc 10:888 (abstract). Blampied 2022, the Cognitive Behaviour
Therapist (abstract). Gumz et al. 2012, BMC Med Res Methodol 12:10 (abstract). Meier & Feeley 2022, J Couns Psychol 69:235 (abstract). Darcy 2021,
JMIR Form Res e27868. Hunik 2020/21, BJGP Open bjgpopen20X101131 (abstract). Fisher 2012, Diabetes Care (abstract), and diabetesdistress.org for the
cut-off of physician distress. The factor 1.128 is d₂ of Shewhart's individuals chart.
"""
