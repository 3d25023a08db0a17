"""Which requirements cannot be told without which others: one root cause is one failure.

A row that fails while one that it needs does not hold is reported as blocked by that one
(`grader.prerequisites`). A row is only listed where the failure of the other one by itself, as a
defect in a breaker that is right in everything else, brings it down: `grader audit` shows that no
more is hidden, because each defect has to be noticed by its own row and by no unrelated one.
"""

from grader.specification import needs

# What cannot be built or called, or is not there, cannot be tried.
needs("de-breaker de-part-usage", rows="ht-example")

# What shares its state is seen in no situation as it would be alone. (It may open early; where it
# opens late, sharing is not why, so `th-exact` is not listed.)
needs(
    "st-isolated",
    rows="th-config-not-mutated as-call-vs-ctx-equal as-callable-forms as-ctx as-several-loops"
    " ex-exclude-wins ex-odd-exceptions ho-stale me-exact me-timestamps ro-stale-generation"
    " st-manual ts-no-lost-updates ts-reentrant ts-single-trip",
)

# Whether it is open shows in what it rejects.
needs(
    "st-open-rejects",
    rows="as-callable-forms as-ctx bo-first bo-first-exact ex-include ex-default ex-odd-exceptions"
    " ho-limit ho-success-threshold ho-cancel-not-close ht-5xx ht-transport"
    " st-three-states st-not-early st-probe-success-closes st-probe-failure-reopens"
    " st-opened-at-trip th-no-wedge-config th-config-not-mutated"
    " bo-jitter-once ho-late-loser ht-open-silent me-latency ro-stale-success",
)

# What never lets a call in again is open for no time that could be told.
needs("st-recovers-by-itself", rows="bo-first bo-first-exact bo-reset ht-recovers")

# How long it is open is found out by asking again and again.
needs(
    "st-rejections-dont-extend",
    rows="st-opened-at-trip st-retry-after bo-first bo-first-exact bo-geometric bo-cap bo-reset",
)

# What does not close again is in no later round as it would be in the first.
needs(
    "st-probe-success-closes",
    rows="as-several-loops bo-reset ho-success-threshold th-no-wedge-config ts-listener-raises",
)

# Asynchronous calls that are not awaited inside the guard always count as successes.
needs(
    "as-awaited",
    rows="as-callable-forms as-callable-lambdas as-call-vs-ctx-equal me-async-outcomes"
    " as-mixed ts-single-trip",
)

# How many successes close it decides what a later round needs.
needs("ho-success-threshold", rows="ho-success-reset")

# After a recovery, what was counted before has to be forgotten for anything else to be told.
needs("st-counters-reset", rows="bo-reset me-rejected-apart st-manual")
needs("bo-reset", rows="st-manual")

# An exception that reaches the caller changed does so whether or not it counts.
needs("ex-same-object", rows="ex-exclude")
needs("ex-include", rows="ht-transport")

# A history of many steps shows again what each of these shows in a plain situation.
needs(
    "de-breaker st-initial-closed as-awaited as-concurrent ts-overlap"
    " th-exact th-trip-immediate st-open-rejects st-three-states st-isolated"
    " st-recovers-by-itself st-not-early st-exactly-once st-opened-at-trip"
    " st-probe-success-closes st-probe-failure-reopens st-counters-reset"
    " st-rejections-dont-extend st-legal-edges ro-stale-success ro-stale-failure"
    " ho-limit ho-fast-reject ho-success-threshold ho-success-reset"
    " ho-slot-released ho-cancel ho-late-loser ho-stale ho-cancel-not-close"
    " ex-cancelled as-cancel-propagates th-occasional-failures"
    # Last, because they are blocked themselves wherever nothing grows.
    " bo-reset bo-once-per-round bo-jitter-once bo-overflow",
    rows="st-model",
)
