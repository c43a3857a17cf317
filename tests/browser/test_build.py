"""Building by hand in a real browser: drag, drop, wire, break, mend, undo, and find everything again."""

import pytest
from playwright.sync_api import expect

from tests.browser.canvas import SECONDS, Canvas
from tests.browser.driver import Server, open_page, wait_idle


@pytest.fixture
def canvas(page, fresh_server, watch) -> Canvas:
    """The app as it opens for a new user: the MNIST CNN."""
    open_page(page, fresh_server)
    shown = Canvas(page, fresh_server)
    shown.shape("output", "N×10")
    return shown


def test_the_app_opens_on_the_mnist_cnn_with_every_shape(canvas):
    assert canvas.names() == {"image", "conv1", "pool1", "relu1", "conv2", "pool2", "relu2", "flatten", "fc1", "relu3", "fc2", "output"}
    for name, shape in {"conv1": "N×10×24×24", "pool2": "N×20×4×4", "flatten": "N×320", "fc2": "N×10"}.items():
        canvas.shape(name, shape)
    expect(canvas.page.locator(".status")).to_contain_text("21,840")
    canvas.problems("No problems")


def test_a_layer_dropped_on_a_wire_is_inserted_there_and_undone_and_redone(canvas):
    page = canvas.page
    canvas.drop_between("Dropout", "relu3", "fc2")
    canvas.shape("dropout1", "N×50")
    canvas.on_disk(lambda nodes, edges: ("relu3", "dropout1") in edges and ("dropout1", "fc2") in edges and ("relu3", "fc2") not in edges, "inserted")
    page.get_by_role("button", name="Undo").click()
    canvas.on_disk(lambda nodes, edges: "dropout1" not in nodes and ("relu3", "fc2") in edges, "undone")
    expect(canvas.brick("dropout1")).to_have_count(0, timeout=SECONDS)
    page.get_by_role("button", name="Redo").click()
    canvas.on_disk(lambda nodes, edges: "dropout1" in nodes, "redone")


def test_a_double_click_in_the_palette_adds_behind_the_selected_brick(canvas):
    canvas.select("relu1")
    canvas.item("BatchNorm2d").scroll_into_view_if_needed()
    canvas.item("BatchNorm2d").dblclick()
    expect(canvas.brick("bn1")).to_have_count(1, timeout=SECONDS)
    canvas.on_disk(lambda nodes, edges: ("relu1", "bn1") in edges, "connected behind relu1")
    canvas.shape("bn1", "N×10×12×12")


def test_taking_the_flatten_away_is_explained_on_the_brick_and_mended_by_its_button(canvas):
    page = canvas.page
    canvas.select("flatten")
    page.keyboard.press("Backspace")
    canvas.problems("1")
    canvas.select("fc1")
    panel = canvas.panel()
    expect(panel).to_contain_text("20·4·4 = 320", timeout=SECONDS)
    panel.get_by_role("button", name="Insert Flatten before fc1").click()
    canvas.problems("No problems")
    canvas.shape("fc1", "N×50")


def test_delete_cuts_the_wires_and_a_wire_from_handle_to_handle_joins_again(canvas):
    page = canvas.page
    canvas.select("relu2")
    page.keyboard.press("Delete")
    canvas.on_disk(lambda nodes, edges: "relu2" not in nodes and ("pool2", "flatten") not in edges, "cut")
    canvas.wire("pool2", "flatten")
    canvas.on_disk(lambda nodes, edges: ("pool2", "flatten") in edges, "joined")
    canvas.problems("1 advice")  # nothing bends between conv2 and fc1 now


def test_a_parameter_changed_in_the_panel_changes_every_shape_behind_it(canvas):
    canvas.select("conv1")
    field = canvas.field("kernel_size")
    field.fill("3")
    field.press("Enter")
    canvas.shape("conv1", "N×10×26×26")
    canvas.shape("conv2", "N×20×9×9")
    expect(canvas.panel()).to_contain_text("(28 + 2 * 0 - 1 * (3 - 1) - 1) // 1 + 1 = 26", timeout=SECONDS)


def test_text_in_a_number_field_is_refused_in_words_and_nothing_is_lost(canvas):
    page = canvas.page
    canvas.select("fc1")
    field = canvas.field("out_features")
    for wrong in ("0", "-3"):
        field.fill(wrong)
        expect(page.get_by_role("alert").first).to_be_visible(timeout=SECONDS)
    field.fill("64")
    canvas.shape("fc1", "N×64")


def test_a_window_larger_than_its_input_names_the_brick_the_rule_and_a_fix(canvas):
    canvas.select("conv2")
    field = canvas.field("kernel_size")
    field.fill("15")
    panel = canvas.panel()
    expect(panel).to_contain_text("longer than the padded input (12 + 2·0)", timeout=SECONDS)
    panel.get_by_role("button", name="Set kernel_size of conv2 to 12").click()
    canvas.shape("conv2", "N×20×1×1")


def test_the_drawing_survives_page_switches_reload_and_a_server_restart(canvas, watch):
    page = canvas.page
    watch.allow("WebSocket|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|502|Failed to fetch|No response received|not responding")
    canvas.drop_between("Dropout", "relu3", "fc2")
    canvas.shape("dropout1", "N×50")
    canvas.saved()
    page.get_by_role("link", name="Gallery").click()
    expect(page.get_by_role("heading", name="Your projects")).to_be_visible(timeout=SECONDS)
    page.get_by_role("link", name="Build").click()
    canvas.shape("dropout1", "N×50")
    expect(page.get_by_role("button", name="Undo")).to_be_enabled(timeout=SECONDS)
    page.reload()
    canvas.shape("dropout1", "N×50")
    expect(page.get_by_role("button", name="Undo")).to_be_enabled(timeout=SECONDS)
    canvas.server.restart()
    open_page(page, canvas.server)
    canvas.shape("dropout1", "N×50")


def test_a_second_tab_works_on_the_same_drawing_and_destroys_nothing(canvas, new_page):
    other = Canvas(open_page(new_page(), canvas.server), canvas.server)
    other.shape("output", "N×10")
    canvas.drop_between("Dropout", "relu3", "fc2")
    canvas.shape("dropout1", "N×50")
    other.drop_between("BatchNorm2d", "conv1", "pool1")
    other.shape("bn1", "N×10×24×24")
    canvas.on_disk(lambda nodes, edges: {"dropout1", "bn1"} <= set(nodes), "both edits on disk")


def test_a_gallery_project_opens_with_one_click(canvas):
    page = canvas.page
    page.get_by_role("link", name="Gallery").click()
    page.locator(".st-key-open-lenet-cifar").get_by_role("button").click()
    canvas.shape("conv1", "N×6×28×28")
    expect(page.locator(".status")).to_contain_text("62,006")


def test_the_source_is_shown_and_downloaded_and_it_is_a_python_file(canvas, tmp_path):
    page = canvas.page
    page.get_by_role("button", name="Code").click()
    expect(page.get_by_role("dialog")).to_contain_text("nn.Conv2d(1, 10, kernel_size=5)", timeout=30_000)
    with page.expect_download(timeout=30_000) as download:
        page.get_by_role("dialog").get_by_role("button", name="Download").click()
    path = tmp_path / "network.py"
    download.value.save_as(path)
    scope: dict = {"__name__": "network"}
    exec(compile(path.read_text(), str(path), "exec"), scope)
    assert sum(p.numel() for p in scope["Network"]().parameters()) == 21_840


def test_a_layer_links_to_its_reference_page(canvas):
    canvas.select("conv1")
    canvas.panel().get_by_role("button", name="Reference").click()
    expect(canvas.page.get_by_role("heading", name="Conv2d")).to_be_visible(timeout=SECONDS)


@pytest.mark.parametrize("path", ["/", "/data", "/train", "/gallery", "/reference"])
def test_every_page_comes_up_with_the_navigation_on_the_first_deep_link_after_a_start(path, page, fresh_server, watch):
    open_page(page, fresh_server, path)
    for name in ("Build", "Data", "Train", "Gallery", "Reference"):
        expect(page.get_by_test_id("stTopNavLink").filter(has_text=name)).to_be_visible(timeout=SECONDS)
    wait_idle(page)
    assert page.locator("[data-testid=stException]").count() == 0


def test_the_first_click_after_a_deep_link_into_a_cold_server_counts(page, fresh_server, watch):
    open_page(page, fresh_server, "/gallery")
    page.locator(".st-key-open-lenet-cifar").get_by_role("button").click()
    Canvas(page, fresh_server).shape("conv1", "N×6×28×28")


def test_the_first_paint_does_not_wait_for_torch(page, root, tmp_path, watch):
    fake = tmp_path / "modules" / "torch"
    fake.mkdir(parents=True)
    (fake / "__init__.py").write_text("import threading\nthreading.Event().wait()  # whoever imports torch here waits for ever\n")
    server = Server(root, tmp_path, PYTHONPATH=str(fake.parent))
    server.start()
    try:
        canvas = Canvas(open_page(page, server), server)
        canvas.shape("output", "N×10")
        canvas.drop_between("Dropout", "relu3", "fc2")
        canvas.shape("dropout1", "N×50")
    finally:
        server.kill9()
