"""What a shopper can do in the storefront, in a real browser against a real server."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser


def _until(page: Any, truth: str) -> None:
    """Waits for a JavaScript expression. The page forbids `eval`, which the driver's own waiting would use."""
    for _ in range(150):
        if page.evaluate(truth):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never came true: {truth}")


def _search(page: Any, words: str) -> None:
    page.fill("#q", words)
    page.press("#q", "Enter")
    page.wait_for_selector("#results .card")


def _become_household(page: Any) -> None:
    page.select_option("#household", index=1)
    page.wait_for_selector("[data-surface=for-you] .card")


def _titles(page: Any, within: str = "#results") -> list[str]:
    return page.locator(f"{within} .title").all_inner_texts()


def test_typing_offers_completions_that_the_arrows_and_enter_choose(page: Any) -> None:
    page.type("#q", "sham")
    page.wait_for_selector("#options [role=option]")
    page.press("#q", "ArrowDown")
    chosen = page.locator("#options [aria-selected=true]")
    assert chosen.count() == 1
    text = chosen.get_attribute("data-text")
    assert page.get_attribute("#q", "aria-activedescendant") == "option-0"
    page.press("#q", "Enter")
    page.wait_for_selector("#results .card")
    assert page.input_value("#q") == text


def test_a_search_shows_results_with_their_reasons_and_how_long_they_took(page: Any) -> None:
    _search(page, "shampoo")
    assert "Shampoo" in _titles(page)[0]
    first = page.locator("#results .card").first
    first.locator(".why summary").click()
    assert "shampoo" in first.locator(".why li").first.inner_text().lower()
    assert "ms" in page.inner_text("#latency")


def test_a_chinese_query_finds_the_same_shelf(page: Any) -> None:
    _search(page, "洗发水")
    assert all("Shampoo" in title for title in _titles(page)[:3])


def test_the_page_says_how_a_query_in_another_language_or_misspelt_was_read(page: Any) -> None:
    _search(page, "shampo")
    assert "shampoo" in page.inner_text("#rewritten").lower()


def test_the_notice_of_the_data_stands_on_every_page(page: Any) -> None:
    assert page.inner_text("#notice") == "Nothing here is real."


def test_a_facet_narrows_the_results_and_back_takes_it_away(page: Any) -> None:
    _search(page, "pizza")
    before = page.locator("#results .card").count()
    page.locator("[data-facet=brand] label", has_text="Alba").click()
    _until(page, "document.querySelectorAll('#results .card').length < " + str(before))
    assert all("Alba" in title for title in _titles(page))
    page.go_back()
    _until(page, "document.querySelectorAll('#results .card').length === " + str(before))


def test_a_price_range_and_a_sort_hold_on_every_result(page: Any) -> None:
    _search(page, "food")
    page.fill("[name=price_max]", "6")
    page.press("[name=price_max]", "Enter")
    _until(page, "location.hash.includes('price_max=6')")
    page.select_option("#sort", "price_asc")
    _until(page, "location.hash.includes('sort=price_asc') && location.hash.includes('price_max=6')")
    _until(page, "[...document.querySelectorAll('#results .price')].every((p) => Number(p.innerText.slice(1)) <= 6)")
    _until(page, "document.querySelector('#sort').value === 'price_asc'")
    prices = [float(text.split("€")[1]) for text in page.locator("#results .price").all_inner_texts()]
    assert prices == sorted(prices)
    assert max(prices) <= 6


def test_a_product_page_shows_what_is_like_it_and_what_is_bought_with_it(page: Any) -> None:
    _search(page, "pizza")
    page.locator("#results .title a").first.click()
    page.wait_for_selector("article.product")
    page.wait_for_selector("[data-surface=similar] .card")
    page.wait_for_selector("[data-surface=bought-together] .card")
    own = page.inner_text("article.product h1")
    assert own not in _titles(page, "[data-surface=similar]")
    assert own not in _titles(page, "[data-surface=bought-together]")


def test_a_household_gets_rows_of_its_own_and_a_dismissed_item_does_not_come_back(page: Any) -> None:
    _become_household(page)
    assert page.locator("[data-surface=for-you]").get_attribute("data-personalised") == "true"
    card = page.locator("[data-surface=for-you] .card").first
    item = card.get_attribute("data-item")
    card.locator(".acts button").last.click()
    _until(page, f"!document.querySelector('[data-surface=for-you] [data-item=\"{item}\"]')")
    page.reload()
    page.wait_for_selector("[data-surface=trending] .card")
    _become_household(page)
    shown = page.locator("[data-surface=for-you] .card").evaluate_all("cards => cards.map(card => card.dataset.item)")
    assert item not in shown


def test_the_switch_turns_the_history_off_at_once_and_on_again(page: Any) -> None:
    _become_household(page)
    page.locator("#personalise").click()
    page.wait_for_selector("[data-surface=for-you][data-personalised=false]")
    assert not page.locator("#personalise").is_checked()
    page.locator("#personalise").click()
    page.wait_for_selector("[data-surface=for-you][data-personalised=true]")
    assert page.locator("#personalise").is_checked()


def test_what_is_put_into_the_basket_is_on_disk_before_the_page_says_so(page: Any) -> None:
    with page.expect_response(lambda reply: reply.url.endswith("/v1/events")) as told:
        page.locator("[data-surface=trending] .card .acts button").first.click()
    assert told.value.status == 200
    assert told.value.json()["status"] == "stored"
    page.wait_for_selector("#said.shown")
    assert page.inner_text("#said") == "In the basket."


def test_the_page_speaks_chinese_and_remembers_it(page: Any) -> None:
    page.get_by_role("button", name="中文").click()
    _until(page, "document.documentElement.lang === 'zh-CN'")
    assert page.get_by_role("button", name="搜索").count() == 1
    page.reload()
    page.wait_for_selector("[data-surface=trending] .card")
    assert "热门上升" in page.inner_text("main")


def test_everything_can_be_reached_with_the_keyboard_alone(page: Any) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.focus("#q")
    page.keyboard.type("cat food")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.wait_for_selector("#results .card")
    seen = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.tagName + '.' + document.activeElement.className"))
    assert {"A.", "SUMMARY.", "BUTTON.button small"} <= seen
    page.locator("#results .title a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("article.product")


@pytest.mark.parametrize("width", [320, 390])
def test_nothing_sticks_out_on_a_phone(page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    _search(page, "pizza")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("#results .title a").first.click()
    page.wait_for_selector("[data-surface=similar] .card")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


HOSTILE = {
    "id": "<img src=x onerror=alert(1)>",
    "title": "<script>window.hacked = 1</script><b>bold</b>",
    "category": ["<i>x</i>"],
    "brand": '"><svg onload=alert(1)>',
    "price": None,
    "currency": None,
    "price_derived": False,
    "availability": "in_stock",
    "attributes": {},
    "image": None,
    "why": [{"code": "<b>odd</b>"}],
}


def test_what_an_item_says_about_itself_never_becomes_markup(page: Any) -> None:
    answer = {"surface": "trending", "personalised": False, "degraded": [], "results": [HOSTILE]}
    page.route("**/v1/recommend/trending*", lambda route: route.fulfill(json=answer))
    page.reload()
    page.wait_for_selector("[data-surface=trending] .card")
    assert page.locator(".card .title").first.inner_text() == HOSTILE["title"]
    assert page.evaluate("window.hacked") is None
    assert page.locator(".card b, .card i, .card svg, .card img").count() == 0
