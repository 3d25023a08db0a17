"""Raises an error with markup, ]]> and comments at import."""

raise RuntimeError(']]>--></pre></table><script>document.title="zoo-ran"</script><img src=x onerror=alert(1)>')
