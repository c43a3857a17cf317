"""Building by hand in a real browser: drag, drop, wire, break, mend, undo, and find everything again."""

import pytest
from playwright.sync_api import expect

from tests.browser.canvas import Canvas, second_tab
from tests.browser.driver import Server, open_page, wait_idle


def test_the_app_opens_for_a_new_user_on_the_mnist_cnn_with_every_shape(page, fresh_server, watch):
    cnn = Canvas(open_page(page, fresh_server), fresh_server)
    cnn.shape("output", "N×10")
    assert cnn.names() == {"image", "conv1", "pool1", "relu1", "conv2", "pool2", "relu2", "flatten", "fc1", "relu3", "fc2", "output"}
    for name, shape in {"conv1": "N×10×24×24", "pool2": "N×20×4×4", "flatten": "N×320", "fc2": "N×10"}.items():
        cnn.shape(name, shape)
    expect(cnn.page.locator(".status")).to_contain_text("21,840")
    cnn.problems("No problems")


def test_a_layer_dropped_on_a_wire_is_inserted_there_and_undone_and_redone(cnn):
    page = cnn.page
    cnn.drop_between("Dropout", "relu3", "fc2")
    cnn.shape("dropout1", "N×50")
    cnn.on_disk(lambda nodes, edges: ("relu3", "dropout1") in edges and ("dropout1", "fc2") in edges and ("relu3", "fc2") not in edges, "inserted")
    page.get_by_role("button", name="Undo").click()
    cnn.on_disk(lambda nodes, edges: "dropout1" not in nodes and ("relu3", "fc2") in edges, "undone")
    expect(cnn.brick("dropout1")).to_have_count(0)
    page.get_by_role("button", name="Redo").click()
    cnn.on_disk(lambda nodes, edges: "dropout1" in nodes, "redone")


def test_a_double_click_in_the_palette_adds_behind_the_selected_brick(cnn):
    cnn.select("relu1")
    cnn.item("BatchNorm2d").scroll_into_view_if_needed()
    cnn.item("BatchNorm2d").dblclick()
    expect(cnn.brick("bn1")).to_have_count(1)
    cnn.on_disk(lambda nodes, edges: ("relu1", "bn1") in edges, "connected behind relu1")
    cnn.shape("bn1", "N×10×12×12")


def test_taking_the_flatten_away_is_explained_on_the_brick_and_mended_by_its_button(cnn):
    page = cnn.page
    cnn.select("flatten")
    page.keyboard.press("Backspace")
    cnn.problems("1 error")
    cnn.select("fc1")
    panel = cnn.panel()
    expect(panel).to_contain_text("20·4·4 = 320")
    panel.get_by_role("button", name="Insert Flatten before fc1").click()
    cnn.problems("No problems")
    cnn.shape("fc1", "N×50")


def test_delete_cuts_the_wires_and_a_wire_from_handle_to_handle_joins_again(cnn):
    page = cnn.page
    cnn.select("relu2")
    page.keyboard.press("Delete")
    cnn.on_disk(lambda nodes, edges: "relu2" not in nodes and ("pool2", "flatten") not in edges, "cut")
    cnn.wire("pool2", "flatten")
    cnn.on_disk(lambda nodes, edges: ("pool2", "flatten") in edges, "joined")
    cnn.problems("1 advice")  # nothing bends between conv2 and fc1 now


def test_a_parameter_changed_in_the_panel_changes_every_shape_behind_it(cnn):
    cnn.select("conv1")
    cnn.set_field("kernel_size", 3)
    cnn.shape("conv1", "N×10×26×26")
    cnn.shape("conv2", "N×20×9×9")
    expect(cnn.panel()).to_contain_text("(28 + 2 * 0 - 1 * (3 - 1) - 1) // 1 + 1 = 26")


TEXTS = [("abc", "“abc” is not one", "Keep 50"), ("0", "0 is outside", "Use 1"), ("-3", "-3 is outside", "Use 1"), ("3.5", "3.5 is not one", "Use 4"),
         ("", "its default is 64", "Use 64"), ("1" + "0" * 30, "… is outside", "Keep 50"), ("1,000", "“1,000” is not one", "Use 1000"), ("🙂", "is not one", "Keep 50"),
         ("a whole paragraph that was pasted", "“a whole paragraph that…” is not one", "Keep 50")]


def test_text_in_a_number_field_is_refused_in_words_with_a_way_out_and_nothing_is_lost(cnn):
    cnn.select("fc1")
    field, alert = cnn.field("out_features"), cnn.panel().get_by_role("alert")
    for text, says, way in TEXTS:
        field.fill(text)
        field.press("Enter")
        expect(alert).to_contain_text(says)
        expect(alert).to_contain_text("fc1 keeps 50.")
        expect(cnn.panel().get_by_role("button", name=way, exact=True)).to_be_visible()
    cnn.panel().get_by_role("button", name="Keep 50").click()
    expect(field).to_have_value("50")
    expect(alert).to_have_count(0)
    field.fill("two")
    cnn.select("conv1")
    expect(cnn.page.locator(".toasts")).to_contain_text("“two” is not one. fc1 keeps 50.")
    cnn.select("fc1")
    field.fill("１２")
    cnn.shape("fc1", "N×12")
    field.press("Enter")
    # The visit of a field ends with Enter or with Esc, which takes back what was typed in it.
    undo = cnn.page.get_by_role("toolbar").get_by_role("button", name="Undo")
    for text in ("6", "64"):
        field.fill(text)
        cnn.shape("fc1", f"N×{text}")
    field.press("Escape")
    cnn.shape("fc1", "N×12")
    undo.click()
    cnn.shape("fc1", "N×50")
    expect(undo).to_be_disabled()


def test_a_window_larger_than_its_input_names_the_brick_the_rule_and_a_fix(cnn):
    cnn.select("conv2")
    field = cnn.field("kernel_size")
    field.fill("15")
    panel = cnn.panel()
    expect(panel).to_contain_text("longer than the padded input (12 + 2·0)")
    panel.get_by_role("button", name="Set kernel_size of conv2 to 3").click()
    cnn.shape("conv2", "N×20×10×10")


def test_the_drawing_survives_page_switches_reload_and_a_server_restart(cnn, watch):
    page = cnn.page
    watch.allow("WebSocket|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|502|Failed to fetch|No response received|not responding")
    cnn.drop_between("Dropout", "relu3", "fc2")
    cnn.shape("dropout1", "N×50")
    cnn.saved()
    page.get_by_role("link", name="Gallery").click()
    expect(page.get_by_role("tab", name="Your projects")).to_be_visible()
    page.get_by_role("link", name="Build").click()
    cnn.shape("dropout1", "N×50")
    expect(page.get_by_role("button", name="Undo")).to_be_enabled()
    page.reload()
    cnn.shape("dropout1", "N×50")
    expect(page.get_by_role("button", name="Undo")).to_be_enabled()
    cnn.server.restart()
    open_page(page, cnn.server)
    cnn.shape("dropout1", "N×50")


def test_a_second_tab_works_on_the_same_drawing_and_destroys_nothing(cnn, new_page):
    other = second_tab(cnn, new_page())
    cnn.drop_between("Dropout", "relu3", "fc2")
    cnn.shape("dropout1", "N×50")
    other.drop_between("BatchNorm2d", "conv1", "pool1")
    other.shape("bn1", "N×10×24×24")
    cnn.on_disk(lambda nodes, edges: {"dropout1", "bn1"} <= set(nodes), "both edits on disk")


def test_a_gallery_project_opens_with_one_click(cnn):
    page = cnn.page
    page.get_by_role("link", name="Gallery").click()
    page.locator(".st-key-open-lenet-cifar").get_by_role("button").click()
    cnn.shape("conv1", "N×6×28×28")
    expect(page.locator(".status")).to_contain_text("62,006")


def test_the_source_is_shown_and_downloaded_and_it_is_a_python_file(cnn, tmp_path):
    page = cnn.page
    page.get_by_role("button", name="Code", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("nn.Conv2d(1, 10, kernel_size=5)", timeout=30_000)
    with page.expect_download(timeout=30_000) as download:
        page.get_by_role("dialog").get_by_role("button", name="Download").click()
    path = tmp_path / "network.py"
    download.value.save_as(path)
    scope: dict = {"__name__": "network"}
    exec(compile(path.read_text(), str(path), "exec"), scope)
    assert sum(p.numel() for p in scope["Network"]().parameters()) == 21_840


def test_a_layer_links_to_its_reference_page(cnn):
    cnn.select("conv1")
    cnn.panel().get_by_role("button", name="Reference").click()
    expect(cnn.page.get_by_role("heading", name="Conv2d")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/data", "/train", "/gallery", "/reference"])
def test_every_page_comes_up_with_the_navigation_on_the_first_deep_link_after_a_start(path, page, fresh_server, watch):
    open_page(page, fresh_server, path)
    for name in ("Build", "Data", "Train", "Gallery", "Reference"):
        expect(page.get_by_test_id("stTopNavLink").filter(has_text=name)).to_be_visible()
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
