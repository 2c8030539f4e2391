"""Headers as the extractor sees them; unlike Tornado's, they take any value."""

from __future__ import annotations


class Headers:
    def __init__(self, *pairs: tuple[str, str]) -> None:
        self._pairs = pairs

    def get_list(self, name: str) -> list[str]:
        return [value for key, value in self._pairs if key.lower() == name.lower()]


def headers(*pairs: tuple[str, str]) -> Headers:
    return Headers(*pairs)
