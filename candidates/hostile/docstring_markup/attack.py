"""Has markup that closes the report's own elements in its source and docstrings."""

"<script>document.title="zoo-ran"</script><img src=x onerror=alert(1)>"
TEXT = "</script></pre></style></textarea><svg onload=alert(1)>"
# </code></pre><script>document.title="zoo-ran"</script><img src=x onerror=alert(1)>
