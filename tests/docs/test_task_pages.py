"""The Python of the pages on pictures and product text runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

GUIDE = Path(__file__).parents[2] / "docs/guide"


def _run(page: str, monkeypatch: pytest.MonkeyPatch, folder: Path, shorter: tuple[tuple[str, str], ...] = ()) -> None:
    monkeypatch.chdir(folder)
    names: dict[str, object] = {}
    text = (GUIDE / page).read_text(encoding="utf-8")
    for long, short in shorter:
        text = text.replace(long, short)
    for block in re.findall(r"```python\n(.*?)```", text, re.S):
        exec(compile(block, page, "exec"), names)


def test_the_page_on_product_text(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _run("describe.md", monkeypatch, tmp_path)
    assert capsys.readouterr().out.splitlines() == [
        "unsupported material bamboo",
        "harmful superlative best",
        "unsupported number 900 ml",
        "None",
        "Glass teapot 0.8 l by Clear Day, made of glass.",
    ]


@pytest.mark.slow
def test_the_page_on_pictures(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    random = np.random.default_rng(0)
    for side, count in (("learn", 6), ("test", 2)):
        for channel, label in enumerate(("boots", "hat")):
            folder = tmp_path / "pictures" / side / label
            folder.mkdir(parents=True)
            for number in range(count):
                pixels = random.integers(0, 90, (32, 32, 3), dtype=np.uint8)
                pixels[..., channel] += 120
                Image.fromarray(pixels).save(folder / f"{number}.png")
    _run("recognise.md", monkeypatch, tmp_path, (("steps=150", "steps=2"), ("batch_size=32", "batch_size=4")))
    told = capsys.readouterr().out
    assert "frozen, linear probe" in told
    assert "[[('boots'," in told or "[[('hat'," in told
    assert (tmp_path / "recognised/contact_sheet.png").is_file()
