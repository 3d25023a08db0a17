"""Raises pytest's Skipped at import."""

import pytest
pytest.skip('nothing to see', allow_module_level=True)
