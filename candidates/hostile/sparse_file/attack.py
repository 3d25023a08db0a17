"""Makes a sparse file of a terabyte and a real one of a gigabyte."""

for size, real in ((1 << 40, False), (1 << 30, True)):
    try:
        with open("grader-zoo-sparse", "wb") as file:
            file.truncate(size)
            for _ in range(size >> 20 if real else 0):
                file.write(bytes(1 << 20))
    except OSError:
        pass
