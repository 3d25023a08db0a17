"""Peers' judgments are read as their authors count them, and held against execution."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import InputError
from grader.judges import compare, figures, load
from grader.judges.matrix import WEIGHTS, summed_up
from grader.judges.statistics import (
    above,
    alpha,
    kendall,
    ranks,
    spearman,
    stands_above,
    without_leniency,
)
from grader.report.html import render_html
from grader.report.judged import judges_section, section_markdown
from grader.results import Area, CandidateResult, Results, encode
from grader.tests.results_helpers import REQUIREMENTS, RUBRIC
from grader.tests.test_cli import grader, refused
from grader.tests.test_published import PUBLISHED

MODELS = ("ann", "ben", "cleo", "dora", "eve")


def judgment(judge: str, answer: str, points: float, **more: Any) -> dict[str, Any]:
    """Make a judgment with the same points in every criterion."""
    criteria = dict.fromkeys(WEIGHTS, points)
    keys = {"judge_key": judge, "respondent_key": answer, "weighted_score": points}
    return {**keys, **criteria, "error": None, **more}


def evaluation(*judgments: dict[str, Any]) -> dict[str, Any]:
    """Make an evaluation in which each judge sees better answers the further down the list."""
    everyone = [
        judgment(judge, answer, 2.0 * place + strict)
        for strict, judge in enumerate(MODELS[:2])
        for place, answer in enumerate(MODELS)
        if judge != answer
    ]
    return {
        "evaluation_id": "EVAL-1",
        "responses": [{"model_key": m, "model_name": m.title(), "response": "x"} for m in MODELS],
        "judgments": list(judgments) or everyone,
    }


def written(folder: Path, data: object) -> Path:
    path = folder / "evaluation.json"
    path.write_text(json.dumps(data))
    return path


def run(**scores: float | None) -> Results:
    """Make a run in which each model's answer has a score."""
    return Results(
        specification="s",
        seed=0,
        isolation="bwrap",
        python="3.11",
        rubric=RUBRIC.as_data(),
        requirements=REQUIREMENTS,
        candidates=tuple(
            CandidateResult(
                id=name,
                name=name,
                provenance="answer",
                score=score,
                as_delivered=0.0,
                areas={"states": Area(score=(score or 0) / 10, high=1.0, weight=1)},
            )
            for name, score in scores.items()
        ),
    )


ALIKE = run(ann=1.0, ben=2.0, cleo=3.0, dora=4.0, eve=5.0)


# --- reading ------------------------------------------------------------------------------


def test_judgments_that_say_nothing_do_not_count(tmp_path: Path) -> None:
    found = load(
        written(
            tmp_path,
            evaluation(
                judgment("ann", "ben", 7.0),
                judgment("ann", "ann", 9.0),
                judgment("ann", "cleo", 9.0, error="timed out"),
                judgment("ann", "dora", 0.0),
            ),
        )
    )
    assert [(j.judge, j.answer, j.composite) for j in found.judgments] == [("ann", "ben", 7.0)]
    assert found.made == 4


def test_a_missing_composite_is_what_the_criteria_make(tmp_path: Path) -> None:
    entry = judgment("ann", "ben", 4.0, correctness=8.0)
    del entry["weighted_score"]
    (found,) = load(written(tmp_path, evaluation(entry))).judgments
    assert found.composite == pytest.approx(0.25 * 8 + 0.75 * 4)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ([], "no evaluation with judgments"),
        ({"responses": []}, "no evaluation with judgments"),
        ({"responses": [], "judgments": []}, "none of its 0 judgments counts"),
        (evaluation(judgment("ann", "ben", 11.0)), "judgments.0.: 11.0 is no number of points"),
        (evaluation(judgment("ann", "ben", "8")), "no number of points"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_evaluation_is_refused_in_one_line(
    tmp_path: Path, data: object, told: str
) -> None:
    with pytest.raises(InputError, match=told):
        load(written(tmp_path, data))
    refused(grader("judges", written(tmp_path, data), "--out", tmp_path / "out"), "evaluation.json")


# --- comparing ----------------------------------------------------------------------------


def test_orders_that_are_alike_correlate_fully(tmp_path: Path) -> None:
    found = compare(load(written(tmp_path, evaluation())), ALIKE)
    assert found.rank_correlation.value == pytest.approx(1.0)
    assert found.tau.value == pytest.approx(1.0)
    assert [answer.name for answer in found.answers] == ["Eve", "Dora", "Cleo", "Ben", "Ann"]
    assert [answer.apart for answer in found.answers] == [0.0] * 5


def test_a_judge_is_lenient_beside_others_on_the_same_answers(tmp_path: Path) -> None:
    found = compare(load(written(tmp_path, evaluation())), ALIKE)
    leniency = {judge.key: judge.leniency for judge in found.judges}
    assert leniency == pytest.approx({"ann": -1.0, "ben": 1.0})


def test_what_is_seen_most_differently_is_named(tmp_path: Path) -> None:
    found = compare(
        load(written(tmp_path, evaluation())), run(ann=5.0, ben=2.0, cleo=3.0, dora=4.0, eve=1.0)
    )
    text = section_markdown(judges_section(found))
    assert "Eve, which execution places 4 lower" in text
    assert "Ann, which execution places 4 higher" in text
    assert found.rank_correlation.value is not None
    assert found.rank_correlation.value < 0


def test_an_answer_without_a_score_is_shown_and_not_correlated(tmp_path: Path) -> None:
    found = compare(
        load(written(tmp_path, evaluation())), run(ann=1.0, ben=2.0, cleo=3.0, dora=4.0, eve=None)
    )
    assert found.rank_correlation.pairs == 4
    assert next(a for a in found.answers if a.key == "eve").executed_rank is None


def test_it_tells_whether_peers_see_what_works(tmp_path: Path) -> None:
    found = compare(
        load(written(tmp_path, evaluation())), run(ann=0.1, ben=9.0, cleo=0.2, dora=0.3, eve=8.0)
    )
    assert found.working == 2
    assert found.told_apart == pytest.approx(4 / 6)
    text = section_markdown(judges_section(found))
    assert "2 answers work when run" in text
    assert "higher in 67 %" in text
    assert "3 of 5 answers score under 1 of 10" in text


def test_figures_that_are_published_are_held_against_ours(tmp_path: Path) -> None:
    strictness = {"ann": {"strictness_rank": 1}, "zoe": {"judgments_made": 3}}
    data = evaluation() | {
        "rankings": {"eve": {"average_score": 8.5, "rank": 1}, "ann": {"average_score": 7.0}},
        "meta_analysis": {"judge_strictness": strictness},
    }
    path = written(tmp_path, data)
    read = load(path)
    found = figures(path, read)
    assert {figure.name: figure.reproduced for figure in found} == {
        "rankings.eve.average_score": True,
        "rankings.ann.average_score": False,
        "rankings.eve.rank": True,
        "judge_strictness.zoe.judgments_made": False,
        "judge_strictness.ann.strictness_rank": True,
    }
    text = section_markdown(judges_section(compare(read, ALIKE, found)))
    assert "2 of 5 published figures are not reproduced" in text


def test_an_evaluation_that_publishes_no_figures_is_silent_about_them(tmp_path: Path) -> None:
    path = written(tmp_path, evaluation() | {"rankings": [], "meta_analysis": None})
    read = load(path)
    assert figures(path, read) == ()
    assert "published figures" not in section_markdown(judges_section(compare(read, ALIKE)))


def test_results_of_other_answers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none of the results"):
        compare(load(written(tmp_path, evaluation())), run(stranger=1.0))


def test_it_says_what_few_answers_cannot_show(tmp_path: Path) -> None:
    found = compare(load(written(tmp_path, evaluation())), ALIKE)
    text = section_markdown(judges_section(found))
    assert "5 answers to one question" in text
    assert "5 of 5 answers are worth nothing as delivered" in text


def test_the_page_has_the_tables_and_nothing_of_them_is_markup(tmp_path: Path) -> None:
    data = evaluation()
    data["responses"][0]["model_name"] = "<script>alert(1)</script>"
    section = judges_section(compare(load(written(tmp_path, data)), ALIKE))
    page = render_html(ALIKE, (section,))
    assert 'id="judges"' in page
    assert "<script>alert" not in page
    assert "\\<script" not in section_markdown(section)


def test_the_command_writes_all_forms(tmp_path: Path) -> None:
    out = tmp_path / "out"
    source = written(tmp_path, evaluation())
    (tmp_path / "results.json").write_bytes(encode(ALIKE))
    done = grader("judges", source, "--results", tmp_path, "--out", out)
    assert done.exit_code == 0, done.output
    assert json.loads((out / "judges.json").read_text())["judgments"] == 8
    assert 'id="judges"' in (out / "report.html").read_text()
    assert "Judges, the strictest first" in (out / "judges.md").read_text()


# --- statistics ---------------------------------------------------------------------------


def test_too_few_pairs_or_constant_ones_say_nothing() -> None:
    assert spearman([1, 2, 3], [1, 2, 3]).value is None
    assert spearman([1, 1, 1, 1], [1, 2, 3, 4]).value is None
    assert kendall([1, 2], [2, 1]).value is None


def test_an_interval_holds_the_correlation_and_is_the_same_each_time() -> None:
    left, right = [1.0, 2, 3, 4, 5, 6], [2.0, 1, 4, 3, 6, 5]
    found = spearman(left, right)
    assert found.low is not None
    assert found.high is not None
    assert found.value is not None
    assert found.low <= found.value <= found.high
    assert spearman(left, right) == found


def test_judges_who_agree_have_an_alpha_of_one() -> None:
    assert alpha([[1, 5, 9], [1, 5, 9]], "interval") == pytest.approx(1.0)
    assert alpha([[3, 3, 3], [3, 3, None]], "interval") is None


def test_judges_who_differ_in_leniency_alone_agree_without_it() -> None:
    ratings = [[1.0, 4.0, 6.0, None], [2.0, 5.0, 7.0, None], [4.0, 7.0, 9.0, None]]
    with_it = alpha(ratings, "interval")
    assert with_it is not None
    assert with_it < 0.85
    assert alpha(without_leniency(ratings), "interval") == pytest.approx(1.0)


def test_kendalls_tau_has_an_interval_around_it() -> None:
    found = kendall([1.0, 2, 3, 4, 5, 6], [2.0, 1, 4, 3, 6, 5])
    assert found.low is not None
    assert found.high is not None
    assert found.value is not None
    assert -1 <= found.low <= found.value <= found.high <= 1


def test_standing_above_counts_pairs_and_a_tie_for_half() -> None:
    assert stands_above([3.0, 1.0], [2.0]) == 0.5
    assert stands_above([3.0, 2.0], [2.0, 1.0]) == 0.875
    assert stands_above([], [2.0]) is None


@given(st.dictionaries(st.text(min_size=1), st.floats(0, 10), min_size=2))
def test_places_add_up_whoever_ties(points: dict[str, float]) -> None:
    placed = ranks(points)
    assert sum(placed.values()) == pytest.approx(len(points) * (len(points) + 1) / 2)


def test_what_is_better_in_everything_stands_above_whatever_the_weights() -> None:
    found = above({"a": {"x": 2, "y": 2}, "b": {"x": 1, "y": 1}, "c": {"x": 0, "y": 3}})
    assert found["a"]["b"] == 1.0
    assert found["a"]["c"] + found["c"]["a"] == pytest.approx(1.0)
    assert 0.55 < found["a"]["c"] < 0.75, "it wins where x weighs at least a third"


# --- the published evaluation ---------------------------------------------------------------


@pytest.mark.skipif(not PUBLISHED.is_file(), reason="the published evaluation is not here")
def test_every_published_figure_is_reproduced() -> None:
    data = json.loads(PUBLISHED.read_text())
    found = load(PUBLISHED)
    assert len(found.judgments) == data["meta_analysis"]["valid_judgments"]
    for key, told in data["rankings"].items():
        peers = summed_up(found.of_answer(key))
        assert (round(peers.mean, 2), peers.count) == (told["average_score"], told["score_count"])
        assert round(peers.deviation, 2) == told["std_dev"]
        assert (peers.least, peers.most) == (told["min_score"], told["max_score"])
    strictness = data["meta_analysis"]["judge_strictness"]
    given = {key: summed_up(found.by_judge(key).values()) for key in found.judges}
    for key, told in strictness.items():
        ours = (round(given[key].mean, 2), given[key].count)
        assert ours == (told["average_score_given"], told["judgments_made"])
    ordered = sorted(given, key=lambda key: given[key].mean)
    assert ordered == sorted(strictness, key=lambda key: strictness[key]["strictness_rank"])
    for entry in data["judgments"]:
        made = sum(WEIGHTS[name] * entry[name] for name in WEIGHTS)
        assert entry["weighted_score"] == pytest.approx(made, abs=0.006)


@pytest.mark.skipif(not PUBLISHED.is_file(), reason="the published evaluation is not here")
def test_the_command_says_that_every_published_figure_is_reproduced() -> None:
    found = figures(PUBLISHED, load(PUBLISHED))
    assert len(found) == 91
    assert [figure for figure in found if not figure.reproduced] == []
