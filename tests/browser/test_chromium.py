"""The fixture itself."""

from playwright.sync_api import Browser


def test_chromium_runs_a_pages_script(chromium: Browser) -> None:
    page = chromium.new_page()
    page.set_content("<p></p><script>document.querySelector('p').textContent = 1 + 1</script>")
    assert page.inner_text("p") == "2"
    page.close()
