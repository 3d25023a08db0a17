"""Files that a shell block writes, as `cat > breaker.py <<'EOF'` does."""

import re
from collections.abc import Iterator

from grader.answers import installs
from grader.answers.markdown import Block
from grader.answers.text import lines

_HEADER = re.compile(r"\s*(?:sudo\s+)?(?:cat|tee)\b[^<]*<<-?\s*(['\"]?)(?P<end>\w+)\1")
_PATH = re.compile(r"[\w./-]*\w\.py\b")


def written(block: Block) -> Iterator[Block]:
    """Yield the Python files that *block* writes, as blocks that carry their names."""
    if not installs.is_shell(block.info):
        return
    path, end = None, None
    text: list[str] = []
    for line in lines(block.text):
        if end is None:
            header = _HEADER.match(line)
            if header:
                path, end, text = _PATH.search(line), header["end"], []
        elif line.strip() == end:
            if path:
                yield Block(info=f"python {path[0]}", text="".join(text), closed=True)
            end = None
        else:
            text.append(line)
    if end is not None and path and not block.closed:
        yield Block(info=f"python {path[0]}", text="".join(text), closed=False)
