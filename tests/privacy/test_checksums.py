from __future__ import annotations

import pytest

from tradewind.privacy.checksums import is_card_number, is_identity_number, luhn_is_right


def test_the_worked_example_of_the_luhn_rule_passes_and_its_neighbours_fail() -> None:
    assert luhn_is_right("79927398713")
    assert not any(luhn_is_right(f"7992739871{digit}") for digit in "012456789")


def test_an_identity_number_needs_its_check_character() -> None:
    assert is_identity_number("11010519491231002X")
    assert is_identity_number("11010519491231002x")
    assert not any(is_identity_number(f"11010519491231002{digit}") for digit in "0123456789")


@pytest.mark.parametrize(
    "digits",
    ["11010519491331002X", "110105194902300024", "990105194912310021", "1101051949123100", "A1010519491231002X"],
    ids=["month 13", "30 February", "no such province", "too short", "a letter"],
)
def test_a_number_without_a_birth_date_or_province_is_no_identity_number(digits: str) -> None:
    assert not is_identity_number(digits)


@pytest.mark.parametrize(
    "digits", ["4111111111111111", "5555555555554444", "378282246310005", "6011111111111117", "3530111333300000"]
)
def test_the_issuers_test_cards_are_card_numbers(digits: str) -> None:
    assert is_card_number(digits)


@pytest.mark.parametrize("digits", ["4111111111111112", "1111111111111117", "0000000000000000", "6901234567892"])
def test_a_wrong_check_digit_an_unknown_issuer_and_a_barcode_are_no_card_numbers(digits: str) -> None:
    assert not is_card_number(digits)
