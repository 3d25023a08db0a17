"""Opens as many files as it can, and keeps them."""

kept = []
for number in range(100_000):
    try:
        kept.append(open(f"grader-zoo-{number}", "w"))
    except OSError:
        break
