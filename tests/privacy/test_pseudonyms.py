from __future__ import annotations

from tradewind.privacy.pseudonyms import is_pseudonym, new_pseudonym


def test_pseudonyms_are_all_different_and_have_one_form() -> None:
    made = {new_pseudonym() for _ in range(2_000)}
    assert len(made) == 2_000
    assert all(is_pseudonym(name) for name in made)


def test_a_shops_own_user_id_is_no_pseudonym() -> None:
    assert not any(is_pseudonym(name) for name in ("42", "ann@example.com", "A" * 32, "0" * 31))
