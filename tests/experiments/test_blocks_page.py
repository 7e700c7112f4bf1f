"""The reference page of the blocks says what the code says."""

from experiments.scenarios.blocks import PAGE, page


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == page()
