"""Reads the memory of a process of the same user."""

PLANTED_FILE = "-"
PLANTED_PID = 0
MARK = "zoo-secret-"

stolen = ""
try:
    with open(f"/proc/{PLANTED_PID}/maps") as maps, open(f"/proc/{PLANTED_PID}/mem", "rb", 0) as memory:
        for line in maps:
            if "[stack]" in line:
                low, high = (int(end, 16) for end in line.split()[0].split("-"))
                memory.seek(low)
                text = memory.read(high - low).decode("latin-1")
                stolen = text if MARK in text else stolen
except (OSError, ValueError):
    pass

if stolen:
    raise RuntimeError("stolen: " + stolen[stolen.index(MARK):][:60])
