"""The selected model: drawing again, sliders, and what is said of a damaged one."""

import pytest
from atlas_builder import flip_one_byte
from ways_to_serve import needs_server


@pytest.fixture
def explorer(same_page):
    return same_page


def test_draw_again_changes_the_samples_and_not_the_reconstructions(explorer):
    samples, reconstructions = explorer.picture("samples"), explorer.picture("reconstructions")
    explorer.page.click("#draw-again")
    explorer.wait_until_shown("seed=1", ("samples", "traversal"))
    assert explorer.picture("samples") != samples
    assert explorer.picture("reconstructions") == reconstructions


def test_the_next_draw_is_asked_for_ahead_and_only_once(served_explorer):
    asked = []
    served_explorer.page.on("request", lambda request: asked.append(request.url))
    with served_explorer.page.expect_response("**/traversal.png?seed=1"):
        served_explorer.page.hover("#draw-again")
    served_explorer.page.mouse.down()
    served_explorer.page.mouse.up()
    served_explorer.wait_until_shown("seed=1", ("samples", "traversal"))
    for part in ("samples.png?n=32&seed=1", "traversal.png?seed=1"):
        assert len([address for address in asked if address.endswith(part)]) == 1, part


def test_a_slider_changes_the_traversal_and_reset_restores_it(explorer):
    before, samples = explorer.picture("traversal"), explorer.picture("samples")
    explorer.slide(1, 2.5)
    explorer.wait_until_shown("z2.1=2.5", ("traversal",))
    assert explorer.picture("traversal") != before
    assert explorer.picture("samples") == samples
    assert explorer.page.locator("#traversal-sliders output").nth(1).inner_text() == "+2.50"
    explorer.page.click("#traversal-reset")
    explorer.page.wait_for_function(
        "() => !document.getElementById('traversal-picture').dataset.pictureUrl.includes('z2')"
    )
    assert explorer.picture("traversal") == before


def test_sliders_are_labelled_with_the_rates_they_carry(explorer):
    labels = explorer.page.locator("#traversal-sliders label").all_inner_texts()
    assert len(labels) == 6
    assert labels[0].startswith("z₂[0]") and "nats" in labels[0]


def test_a_dragged_slider_draws_while_the_hand_moves(explorer):
    box = explorer.page.locator("#traversal-sliders input").first.bounding_box()
    middle, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    frames = "() => Number(document.getElementById('traversal-picture').dataset.frames || 0)"
    before = explorer.page.evaluate(frames)
    explorer.page.mouse.move(middle, y)
    explorer.page.mouse.down()
    for step in range(1000):
        explorer.page.mouse.move(middle + 2 * (step % 30), y)
        explorer.page.wait_for_timeout(30)
        if explorer.page.evaluate(frames) > before + 3:
            break
    assert explorer.page.evaluate(frames) > before + 3, "frames were drawn before the button was released"
    explorer.page.mouse.up()


@needs_server("a file is damaged while it is served")
def test_a_damaged_checkpoint_is_told_and_every_other_dot_works(open_page, serve, own_atlas):
    flip_one_byte(own_atlas / "models" / "b2-10_b1-1.safetensors")  # a page that has the file would show it
    explorer = open_page(serve(own_atlas))
    explorer.click_dot("b2-10_b1-1")
    message = explorer.page.locator("#model-message")
    message.wait_for(state="visible")
    assert "b2-10_b1-1.safetensors" in message.inner_text() and "damaged" in message.inner_text()
    assert str(own_atlas.parent) not in message.inner_text()
    for point in explorer.dots():
        if point != "b2-10_b1-1":
            explorer.select(point)
            message.wait_for(state="hidden")
    explorer.click_dot("b2-10_b1-1")
    message.wait_for(state="visible")


def lose_pictures(explorer):
    """From now on no picture can be had. Those that a visitor sees first are there."""
    explorer.page.wait_for_selector("#landscapes-0-optimum-0-picture[data-state=shown]")
    explorer.page.route("**/pictures/**", lambda route: route.abort())


def connection(explorer, words):
    """Wait until the line about the connection says this."""
    wait = "(words) => document.getElementById('connection-message').textContent === words"
    explorer.page.wait_for_function(wait, arg=words)


def test_a_server_that_is_gone_is_told_and_its_pictures_come_by_themselves_once_it_is_back(served_explorer):
    lose_pictures(served_explorer)
    served_explorer.page.click("#draw-again")
    connection(served_explorer, "The server cannot be reached. Trying again in 1 s.")
    connection(served_explorer, "The server cannot be reached. Trying again in 2 s.")
    assert served_explorer.page.locator("#model-message").is_hidden(), "the model itself is fine"
    served_explorer.page.unroute("**/pictures/**")
    served_explorer.wait_until_shown("seed=1", ("samples", "traversal"))
    connection(served_explorer, "")


@pytest.mark.parametrize(
    "event",
    ["window.dispatchEvent(new Event('online'))", "document.dispatchEvent(new Event('visibilitychange'))"],
)
def test_a_browser_that_is_online_or_looked_at_again_does_not_wait(served_explorer, event):
    lose_pictures(served_explorer)
    served_explorer.page.click("#draw-again")
    connection(served_explorer, "The server cannot be reached. Trying again in 4 s.")
    served_explorer.page.unroute("**/pictures/**")
    now = f"() => {{ {event}; return document.getElementById('connection-message').textContent; }}"
    assert served_explorer.page.evaluate(now) == "The server cannot be reached. Trying again …"
    served_explorer.wait_until_shown("seed=1", ("samples",))


def test_a_proxy_whose_server_is_gone_is_asked_again(served_explorer):
    served_explorer.page.route("**/samples.png*", lambda route: route.fulfill(status=502, body="Bad gateway"))
    served_explorer.page.click("#draw-again")
    connection(served_explorer, "The server cannot be reached. Trying again in 1 s.")
    served_explorer.page.unroute("**/samples.png*")
    served_explorer.wait_until_shown("seed=1", ("samples",))


def test_the_page_notices_that_the_server_is_back_though_nothing_is_wanted_any_more(served_explorer):
    lose_pictures(served_explorer)
    served_explorer.page.hover("#draw-again")
    connection(served_explorer, "The server cannot be reached. Trying again in 1 s.")
    connection(served_explorer, "")


@needs_server("a server is busy")
def test_who_wants_a_picture_while_its_refusal_is_read_has_it_asked_for_again(explorer):
    """What was asked ahead, and is refused, may be wanted at any moment."""
    tries = """async () => {
        const { request } = await import('/assets/page/server/requests.js');
        const { fetch } = window;
        let [tries, isWanted] = [0, false];
        const read = async () => { isWanted = true; return { error: 'Ask again.' }; };
        const refusal = { status: 503, headers: new Headers({ 'Retry-After': '0.01' }), json: read };
        // Models' files may be fetched meanwhile.
        const isOurs = ([url]) => String(url).endsWith('/healthz');
        window.fetch = (...request) => (!isOurs(request) || ++tries > 1 ? fetch(...request) : refusal);
        await request('/healthz', () => isWanted);
        window.fetch = fetch;
        return tries;
    }"""
    assert explorer.page.evaluate(tries) == 2


def test_a_server_that_has_too_much_to_do_is_asked_again(served_explorer):
    refused = served_explorer.turn_away_once("**/samples.png*")
    served_explorer.page.click("#draw-again")
    served_explorer.wait_until_shown("seed=1", ("samples",))
    assert len(refused) == 1 and served_explorer.page.locator("#model-message").is_hidden()


@needs_server("a server is busy")
def test_a_server_that_stays_busy_is_asked_more_and_more_rarely_until_it_answers_and_the_page_says_so(
    explorer,
):
    times = """async () => {
        const { request } = await import('/assets/page/server/requests.js');
        const { fetch } = window;
        const [times, words] = [[], []];
        const json = async () => ({ error: 'Ask again.' });
        const refusal = { status: 503, headers: new Headers({ 'Retry-After': '0.01' }), json };
        window.fetch = (...request) => {
            if (!String(request[0]).endsWith('/healthz')) return fetch(...request);
            times.push(performance.now());
            words.push(document.getElementById('connection-message').textContent);
            return times.length > 12 ? fetch(...request) : refusal;
        };
        await request('/healthz');
        window.fetch = fetch;
        words.push(document.getElementById('connection-message').textContent);
        return { times, words };
    }"""
    answers = explorer.page.evaluate(times)
    times, words = answers["times"], answers["words"]
    assert len(times) == 13
    assert times[12] - times[11] > 150, "ms, after a first pause of 10"
    assert words[0] == words[1] == "" and words[-1] == ""
    assert set(words[2:-1]) == {"The server is busy. Trying again …"}
