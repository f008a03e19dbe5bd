"""What changes in pricing while it runs: its documents are a language of their own, since the
server in its container reads them too.
"""

from pricing_language.documents import FLAGS, PROFILES, SETTINGS

__all__ = ["FLAGS", "PROFILES", "SETTINGS"]
