"""Lecture mode: eight steps, each of which sets the whole page, in type for a hall."""

import random
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from atlas_builder import add_parent, build_atlas
from pages import CAN_BE_SCROLLED_TO, UNDRAWN, Explorer

from app.page.lecture import STEPS, lecture
from app.page.menus import GOALS
from hvae.atlas.atlas import Atlas

SMALL_TEXT = """() => {
    const texts = document.createTreeWalker(document.querySelector('.page'), NodeFilter.SHOW_TEXT);
    const found = [];
    while (texts.nextNode()) {
        const text = texts.currentNode.textContent.trim(), element = texts.currentNode.parentElement;
        if (!text || !element.checkVisibility({visibilityProperty: true})) continue;
        if (element.getBoundingClientRect().width < 2 || element.closest('sub, sup, tspan')) continue;
        const place = element.getScreenCTM?.(), scale = place ? Math.hypot(place.a, place.b) : 1;
        const size = scale * parseFloat(getComputedStyle(element).fontSize);
        if (size < 19.9) found.push([size, text]);
    }
    return found;
}"""


def step(explorer):
    return parse_qs(urlsplit(explorer.address).query).get("lecture", ["0"])[0]


def walk(explorer):
    """Begin a lecture and yield the number of each step, one after another."""
    explorer.page.keyboard.press("l")
    explorer.page.keyboard.press("1")
    for number in range(1, STEPS + 1):
        yield number
        explorer.page.keyboard.press("PageDown")


def test_l_begins_a_lecture_of_eight_steps_that_each_say_a_sentence(explorer):
    sentences, screens = set(), set()
    for number in walk(explorer):
        assert step(explorer) == str(number)
        assert explorer.text("#lecture-number") == f"{number} / {STEPS}"
        sentences.add(explorer.text("#lecture-sentence"))
        screens.add(explorer.address)
    assert len(sentences) == len(screens) == STEPS
    assert explorer.page.locator("#lecture-next").is_disabled()


def test_a_step_sets_view_and_model(explorer):
    explorer.page.keyboard.press("l")
    explorer.page.click("#lecture-next")
    explorer.page.wait_for_selector("#view-reconstruction", state="visible")
    assert "point=b2-0.1_b1-0.1" in explorer.address
    explorer.page.click("#lecture-back")
    assert step(explorer) == "1" and "view=model" in explorer.address


@pytest.mark.parametrize("more", ["", "&units=bits&axes=log&view=parent"])
def test_an_address_that_names_a_step_opens_at_that_steps_screen(open_page, tiny_address, more):
    explorer = open_page(f"{tiny_address}?lecture=2{more}", ready="#reconstruction-1 .point")
    assert step(explorer) == "2" and "point=b2-0.1_b1-0.1" in explorer.address
    assert "view=reconstruction" in explorer.address and "bits" not in explorer.address


def test_an_address_that_was_copied_in_a_lecture_keeps_the_model_that_was_selected(open_page, tiny_address):
    link = "?view=landscapes&point=b2-10_b1-1&lecture=3"
    explorer = open_page(f"{tiny_address}{link}")
    assert step(explorer) == "3" and "point=b2-10_b1-1" in explorer.address


def test_escape_leaves_the_lecture(explorer):
    explorer.page.keyboard.press("l")
    assert explorer.page.locator("#lecture").is_visible()
    explorer.page.keyboard.press("Escape")
    assert not explorer.page.locator("#lecture").is_visible() and step(explorer) == "0"


def lasting(explorer, faults):
    """What a function of the page finds amiss, once that is nothing or ten seconds are over."""
    return explorer.page.evaluate(
        f"""async () => {{
            const end = performance.now() + 10_000;
            let found = ({faults})();
            while (found.length && performance.now() < end) {{
                await new Promise(requestAnimationFrame);
                found = ({faults})();
            }}
            return found;
        }}"""
    )


BELOW = """() => [...document.querySelectorAll('.page *')]
    .filter((it) => it.checkVisibility({visibilityProperty: true}) && !it.closest('svg, .js-plotly-plot'))
    .map((it) => [it.getBoundingClientRect(), it])
    .filter(([box]) => box.width > 2 && (box.bottom > innerHeight + 1 || box.right > innerWidth + 1))
    .map(([box, it]) => `${Math.round(box.bottom)} ${it.className} ${it.id}`)"""
"""What of the page cannot be seen without scrolling."""

SMALL_PARTS = """() => [...document.querySelectorAll('.view:not([hidden]) .linked-figure, .picture')]
    .filter((it) => it.checkVisibility())
    .map((it) => [it.className, it.clientWidth / innerWidth, it.clientHeight / innerHeight])
    .filter(([kind, width, height]) => width < (kind.includes('figure') ? 0.45 : 0.25)
        || height < (kind.includes('figure') ? 0.4 : 0.08))"""
"""Figures and pictures that a hall could not make out."""

UNNEEDED = ".view-tab, .figure-head input, .figures-panel .colour-key, .legend-controls, #open-export"


HALLS = [(1280, 720), (1440, 780), (1024, 768), (1920, 1080)]


def test_a_step_is_seen_as_a_whole_its_figure_is_large_and_menus_are_gone(hall):
    for number in walk(hall):
        for width, height in HALLS:
            hall.page.set_viewport_size({"width": width, "height": height})
            for faults in (UNDRAWN, BELOW, SMALL_PARTS, SMALL_TEXT if width == 1920 else "() => []"):
                assert lasting(hall, faults) == [], (number, width)
        shown = hall.page.locator(".view:not([hidden]) .linked-figure:visible").count()
        assert shown == (0 if number in (1, 4, 8) else 1), number
        assert hall.page.locator(f":is({UNNEEDED}):visible").count() == 0, number


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """An atlas in which each goal has its own best model, and a parent."""
    accuracy = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.4, 0.3, 0.2]
    metrics = {
        "acc_rbf_svm_z2": accuracy,
        "acc_rbf_svm_z2_se": [(share * (1 - share) / 10_000) ** 0.5 for share in accuracy],
        "inception_score": [1.5, 2.0, 3.0, 7.5, 3.0, 2.0, 6.0, 4.0, 2.0],
        "inception_score_se": [0.02] * 9,
    }
    return add_parent(build_atlas(tmp_path_factory.mktemp("lecture") / "measured", metrics=metrics))


@pytest.fixture(scope="module")
def hall_page(windows, serve, measured):
    """One page for many tests, on a small projector."""
    page = windows.take(1280, 720)
    yield Explorer(page).open(serve(measured))
    assert windows.give_back([page]) == []


@pytest.fixture
def hall(hall_page):
    """That page, without a lecture, as a visitor first sees it."""
    hall_page.page.set_viewport_size({"width": 1280, "height": 720})
    hall_page.page.evaluate(
        "() => hvae.screen.set({ ...hvae.screen.first, lecture: 0, change: hvae.screen.current.change })"
    )
    return hall_page


def random_states(fields, points, count, seed):
    """So many states as a visitor could leave them in, each with other choices than the first."""
    generator = random.Random(seed)
    choices = {name: list(field["choices"]) for name, field in fields.items() if field["kind"] == "choice"}
    states = []
    for index in range(count):
        state = {name: generator.choice(names) for name, names in choices.items()}
        state |= {
            "units": "bits",
            "axes": "log",
            "sizes": [generator.choice(choices["colour"][1:]) for _ in range(fields["sizes"]["length"])],
            "point": "fold_b2-0.5_b1-2" if index % 3 == 0 else generator.choice(points),
            "pins": generator.sample(points, generator.randint(0, 3)),
            "seed": generator.randrange(1000),
            "temperature": "0.5",
            "images": "2,1",
            "shifts": "z2.1:1.5" if index % 2 else "",
            "own": "",
        }
        states.append(state)
    return states


ENTERED = """([states, count]) => states.map((state) => {
    const { screen } = hvae;
    const pressed = (key) => document.body.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
    const without = ({ change, ...rest }) => JSON.stringify(Object.entries(rest).sort());
    screen.set(state);
    const before = without(screen.current);
    pressed('l');
    const shown = Array.from({ length: count }, (_, index) => {
        pressed(String(index + 1));
        return { ...screen.current };
    });
    pressed('Escape');
    return [shown, without(screen.current) === before];
})"""
"""The screens of the steps, entered from each of the states, and whether leaving restores that state."""

SAID_AND_SHOWN = """() => {
    const text = (selector) => [...document.querySelectorAll(selector)]
        .filter((it) => it.checkVisibility()).map((it) => it.innerText.replace(/\\s+/g, ' ').trim());
    const plots = [...document.querySelectorAll('.view:not([hidden]) .js-plotly-plot')];
    const plot = plots.find((it) => it.offsetParent);
    const axis = (name) => [plot?._fullLayout?.[name]?.title?.text, plot?._fullLayout?.[name]?.type];
    const { version, ...look } = plot?.layout?.meta?.look ?? {};
    return {
        sentence: text('#lecture-sentence')[0],
        title: text('#lecture-title')[0],
        model: text('.model-panel .model-title h2, .model-side .model-title h2')[0],
        columns: text('.compare-column .compare-title'),
        goals: text('.compare-column .compare-goals'),
        best: [...document.querySelectorAll('.compare-column')].map((column) =>
            [...column.querySelectorAll('[data-goal]:has(b)')].map((it) => it.dataset.goal)),
        numbers: [...text('.model-panel .stats dd'), ...text('.compare .goal-numbers dd')],
        axes: plot ? ['xaxis', 'yaxis'].map(axis) : [],
        isLate: Object.keys(look).some((name) => String(look[name]) !== String(hvae.screen.current[name])),
        traces: plot ? plot.data.filter(({ x }) => x.length).map(({ name }) => name) : [],
        ring: plot ? plot.closest('.linked-figure').querySelector('.ring').dataset.point : '',
        signs: text('.signs li'),
    };
}"""


def settled(explorer):
    """What a step says and shows, once nothing of it changes any more."""
    former = None
    for _ in range(100):
        explorer.page.wait_for_timeout(200)
        found = explorer.page.evaluate(SAID_AND_SHOWN)
        if found == former and not found["isLate"] and explorer.page.evaluate(UNDRAWN) == []:
            return found
        former = found
    return former


@pytest.fixture
def states(hall):
    """Ten states, and the first of all."""
    first, fields = hall.page.evaluate("() => [hvae.screen.first, hvae.screen.fields]")
    points = [name for name in hall.page.evaluate("Object.keys(hvae.screen.points)") if "fold" not in name]
    return random_states(fields, points, 10, seed=1), first


@pytest.mark.parametrize("number", range(1, STEPS + 1))
def test_a_step_shows_what_it_says(hall, measured, states, number):
    page, step = hall.page, lecture(Atlas.open(measured))[number - 1]
    page.evaluate("(state) => hvae.screen.set(state)", states[0][number])
    page.wait_for_timeout(800)  # nobody is quicker; Dash draws one state after another
    page.keyboard.press("l")
    page.keyboard.press(str(number))
    found = settled(hall)
    assert (found["title"], found["sentence"]) == (step.title, step.sentence)
    for title, kind in found["axes"]:
        assert kind == "linear" and "bits" not in title
    assert not any("bits" in number for number in found["numbers"])
    if "point" in step.screen and "β₂ =" in step.sentence:
        beta_2, beta_1 = re.fullmatch("β₂ = (.*), β₁ = (.*)", found["model"]).groups()
        named = f"β₂ = β₁ = {beta_1}" if beta_2 == beta_1 else found["model"]
        assert re.search(f"{re.escape(named)}[,: ]", step.sentence)
    if step.figure:
        assert found["ring"] == step.screen["point"]
    if "dashed red line" in step.sentence:
        assert "diagonal" in found["traces"] and any("β-VAEs" in sign for sign in found["signs"])
    if number == STEPS:
        assert found["sentence"].startswith("Three goals, three different models")
        assert [goal.split()[0] for goal in found["goals"]] == list(GOALS.values())
        assert found["best"] == [[goal] for goal in GOALS]
        assert all("±" in text for text in found["numbers"] if "%" in text)


def test_no_two_steps_show_the_same(measured):
    steps = lecture(Atlas.open(measured))
    shown = [(sorted(step.screen.items(), key=str), step.figure, step.picture) for step in steps]
    assert len({str(one) for one in shown}) == STEPS


@pytest.mark.parametrize(
    ("forward", "back"), [("ArrowRight", "ArrowLeft"), (" ", "PageUp"), ("PageDown", "PageUp")]
)
def test_a_presenters_keys_go_from_step_to_step(hall, forward, back):
    hall.page.keyboard.press("l")
    hall.page.keyboard.press("1")
    hall.page.keyboard.press(forward)
    hall.page.keyboard.press(forward)
    assert step(hall) == "3"
    hall.page.keyboard.press(back)
    assert step(hall) == "2"


def test_in_a_lecture_shift_and_arrows_walk_the_grid(hall):
    hall.page.keyboard.press("l")
    hall.page.keyboard.press("3")
    hall.page.keyboard.press("Shift+ArrowRight")
    assert step(hall) == "3" and "point=b2-10_b1-1" in hall.address


def test_after_a_click_on_next_the_space_bar_goes_on(hall):
    hall.page.keyboard.press("l")
    hall.page.keyboard.press("2")
    hall.page.click("#lecture-back")
    hall.page.keyboard.press(" ")
    assert step(hall) == "2"


def test_a_lecture_goes_on_where_it_was_left(hall):
    hall.page.keyboard.press("l")
    hall.page.keyboard.press("5")
    hall.page.keyboard.press("Escape")
    assert step(hall) == "0"
    hall.page.keyboard.press("l")
    assert step(hall) == "5"


def test_h_hides_the_sentence_and_shows_it_again(hall):
    hall.page.keyboard.press("l")
    sentence = hall.page.locator("#lecture-sentence")
    assert sentence.is_visible()
    hall.page.keyboard.press("h")
    assert not sentence.is_visible() and hall.page.locator("#lecture-title").is_visible()
    hall.page.keyboard.press("h")
    assert sentence.is_visible()


BEYOND = f"""() => [...document.querySelectorAll('.page *')]
    .filter((it) => it.checkVisibility({{visibilityProperty: true}}) && !it.closest('svg, .js-plotly-plot'))
    .filter((it) => !({CAN_BE_SCROLLED_TO})(it))
    .map((it) => it.getBoundingClientRect())
    .filter((box) => box.width && box.right > window.innerWidth + 1)
    .map((box) => box.right)"""


def test_on_a_phone_no_step_is_wider_than_the_screen(hall):
    hall.page.set_viewport_size({"width": 390, "height": 844})
    for number in walk(hall):
        assert lasting(hall, BEYOND) == [], number


def test_a_step_decides_the_whole_screen_and_leaving_restores_what_was_there(hall, measured, states):
    steps, (others, first) = lecture(Atlas.open(measured)), states
    for screens, is_restored in hall.page.evaluate(ENTERED, [others, STEPS]):
        assert is_restored
        for number, (shown, its) in enumerate(zip(screens, steps, strict=True), start=1):
            wanted = {**first, **its.screen, "lecture": number}
            assert {name: shown[name] for name in wanted} == wanted
