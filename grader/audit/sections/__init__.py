"""What an audit looks at: every module here is one section.

To add one, write one module with `NAME`, `PLACE`, `items` and `conclude`, as
`grader.audit.model.Section` tells; nothing else has to know of it.
"""
