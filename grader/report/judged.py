"""The comparison of peers and execution: as tables for a terminal, Markdown and HTML."""

import itertools

from rich.console import Console
from rich.text import Text

from grader.judges.compare import Comparison
from grader.judges.statistics import Correlation
from grader.report.markdown import escape, table_lines
from grader.report.tables import Section, Table
from grader.report.terminal import print_table

_MOST_APART, _MOST_NAMED = 3, 5
_HOW_JUDGES_ARE_READ = (
    "Leniency: points above what the other judges gave the same answers. With peers (the mean of"
    " the other judges) and with execution: Spearman's rank correlation, and its 95 % interval."
)


def judges_section(found: Comparison) -> Section:
    """Return everything that a comparison says, as tables."""
    return Section(
        anchor="judges",
        title="The judges judged",
        lede=f"Peers' judgments in {found.evaluation}, held against what execution showed.",
        tables=(_answers(found), _judges(found), _robust(found)),
        remarks_title="What this can and cannot show",
        remarks=found.limits,
    )


def _answers(found: Comparison) -> Table:
    rows = [
        (
            answer.name,
            f"{answer.peers.mean:.2f}",
            str(answer.peers.count),
            f"{answer.peers.least:.2f} to {answer.peers.most:.2f}",
            _place(answer.peers_rank),
            _number(answer.executed),
            _number(answer.delivered),
            _place(answer.executed_rank),
            f"{answer.apart:+g}" if answer.executed_rank else "",
        )
        for answer in found.answers
    ]
    return Table(
        title="Answers, as their peers and as execution see them",
        head=("answer", "peers", "judges", "range", "place", "run", "delivered", "place", "apart"),
        rows=tuple(rows),
        notes=(
            (
                f"Mean of the {len(found.answers)} means: {found.mean_of_means:.3f};"
                f" {found.judgments} of {found.made} judgments count."
            ),
            (
                f"Rank correlation of peers and execution: Spearman {told(found.rank_correlation)};"
                f" Kendall {told(found.tau)}."
            ),
            *_apart(found),
            *_told_apart(found),
            *_published(found),
        ),
    )


def _apart(found: Comparison) -> list[str]:
    """Name the answers that peers and execution see most differently."""
    widest = sorted(found.answers, key=lambda answer: -abs(answer.apart))[:_MOST_APART]
    told = [
        f"{answer.name}, which execution places {abs(answer.apart):g}"
        f" {'lower' if answer.apart > 0 else 'higher'}"
        for answer in widest
        if answer.apart
    ]
    return [f"Seen most differently: {'; '.join(told)}."] if told else []


def _told_apart(found: Comparison) -> list[str]:
    if found.told_apart is None:
        return []
    share = f"{100 * found.told_apart:.0f} %"
    told = (
        f"{found.working} answers work when run. Of all pairs of one that works and one that does"
        f" not, peers place the working one higher in {share} (50 %: as by chance)."
    )
    return [told]


def _published(found: Comparison) -> list[str]:
    """Say whether what the evaluation publishes itself came out again."""
    if not found.published:
        return []
    count = len(found.published)
    wrong = [figure for figure in found.published if not figure.reproduced]
    if not wrong:
        return [f"All {count} figures that the evaluation publishes itself are reproduced."]
    named = [
        f"{figure.name} {figure.published:g}, computed"
        f" {'–' if figure.computed is None else f'{figure.computed:g}'}"
        for figure in wrong[:_MOST_NAMED]
    ]
    return [f"{len(wrong)} of {count} published figures are not reproduced: {'; '.join(named)}."]


def _judges(found: Comparison) -> Table:
    rows = [
        (
            judge.name,
            f"{judge.given.mean:.2f}",
            str(judge.given.count),
            f"{judge.given.deviation:.2f}",
            f"{judge.leniency:+.2f}",
            _interval(judge.discrimination),
            _interval(judge.agreement),
        )
        for judge in found.judges
    ]
    alphas = [
        f"{name} {value:.2f}"
        for name, value in (
            ("interval", found.alpha_interval),
            ("ordinal", found.alpha_ordinal),
            ("interval, each judge's own mean taken away", found.alpha_without_leniency),
        )
        if value is not None
    ]
    return Table(
        title="Judges, the strictest first",
        head=("judge", "gives", "answers", "spread", "leniency", "with peers", "with execution"),
        rows=tuple(rows),
        notes=(
            _HOW_JUDGES_ARE_READ,
            (
                f"Agreement of the judges, Krippendorff's alpha: {'; '.join(alphas) or 'undefined'}"
                " (1: the same points, 0: as by chance)."
            ),
        ),
    )


def _robust(found: Comparison) -> Table:
    pairs = []
    names = {answer.key: answer.name for answer in found.answers}
    for kind, above in (("peers", found.peers_above), ("execution", found.executed_above)):
        ordered = [answer.key for answer in found.answers if answer.key in above]
        if kind == "execution":
            ordered.sort(key=lambda key: -sum(above[key].values()))
        close = [(a, b, above[a][b]) for a, b in itertools.pairwise(ordered)]
        pairs += [(kind, names[a], names[b], f"{100 * share:.0f} %") for a, b, share in close]
    return Table(
        title="How robust the places are: how often one stands above the next",
        head=("by", "answer", "above", "of random weights"),
        rows=tuple(pairs),
        notes=(
            (
                "Weights are drawn at random, all mixtures equally likely: of the five criteria for"
                " peers, of the specification's areas for execution. 50 % is a tie."
            ),
        ),
    )


def told(correlation: Correlation) -> str:
    """Return a correlation with its interval and test, in one cell."""
    if correlation.value is None:
        return "–"
    chance = "" if correlation.p is None else f", p {correlation.p:.3f}"
    return f"{_interval(correlation)}{chance}"


def _interval(correlation: Correlation) -> str:
    if correlation.value is None:
        return "–"
    if correlation.low is None or correlation.high is None:
        return f"{correlation.value:+.2f}"
    return f"{correlation.value:+.2f} [{correlation.low:+.2f}, {correlation.high:+.2f}]"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _place(rank: float | None) -> str:
    return "–" if rank is None else f"{rank:g}"


def print_section(section: Section, console: Console) -> None:
    """Print all tables, and what they can and cannot show."""
    for table in section.tables:
        print_table(table, console)
    for sentence in section.remarks:
        console.print(Text(f"\n{sentence}", style="italic"))


def section_markdown(section: Section) -> str:
    """Return a section as Markdown."""
    lines = [f"# {escape(section.title)}", "", escape(section.lede), ""]
    for table in section.tables:
        lines += table_lines(table)
    lines += [f"## {escape(section.remarks_title)}", ""]
    lines += [line for sentence in section.remarks for line in (escape(sentence, 600), "")]
    return "\n".join(lines)
