"""A claim: what is measured, beside whom, and whether that is what is wanted."""

from __future__ import annotations

import json

import pytest

from tradewind.evaluation.claims import Claim


@pytest.mark.parametrize(
    ("claim", "ratio", "wants", "holds"),
    [
        (Claim("c", 3.0, 2.0, "x", 1.5), 1.5, ">= 1.5", True),
        (Claim("c", 3.0, 2.0, "x", 1.6), 1.5, ">= 1.6", False),
        (Claim("c", 1.0, 2.0, "ms", 0.5, "lower"), 0.5, "<= 0.5", True),
        (Claim("c", 0.98, 0.5, "share", 0.97, of="ours"), 1.96, "ours >= 0.97", True),
        (Claim("c", 0.96, 0.1, "share", 0.97, of="ours"), 9.6, "ours >= 0.97", False),
        (Claim("c", 91.0, 9.0, "s", 90.0, "lower", "ours"), 91 / 9, "ours <= 90", False),
        (Claim("c", 0.98, None, "share", 0.97, of="ours"), None, "ours >= 0.97", True),
        (Claim("c", 7.0, 0.0, "s", None), None, "reported", True),
        (Claim("c", 0.0, 0.0, "s", 1.0), 1.0, ">= 1", True),
    ],
)
def test_a_claim_holds_by_its_ratio_or_by_ours_and_says_so_in_json(
    claim: Claim, ratio: float | None, wants: str, holds: bool
) -> None:
    told = json.loads(json.dumps(claim.as_json(), allow_nan=False))
    assert list(told) == ["claim", "ours", "peer", "ratio", "unit", "wants", "holds"]
    assert told["ratio"] == pytest.approx(ratio) if ratio is not None else told["ratio"] is None
    assert (told["wants"], told["holds"], told["ours"], told["peer"]) == (wants, holds, claim.ours, claim.peer)


def test_a_ratio_that_is_wanted_does_not_hold_without_a_peer() -> None:
    assert not Claim("c", 5.0, None, "x", 1.0).holds
