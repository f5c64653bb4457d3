"""QR codes of the page's addresses, beside those of the package qrcode, and the penalty of the standard."""

import random
import re

import numpy as np
import pytest
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode
from qrcode.util import MODE_8BIT_BYTE, QRData
from script_in_a_page import linked_window

ENTRY = """\
import { qrCode } from "./page/core/qr-code/qr-code.js";

const code = ([text, mask]) => qrCode(text, mask)?.map((row) => row.map(Number)) ?? null;
globalThis.codes = (wanted) => wanted.map(code);
globalThis.sides = (texts) => texts.map((text) => qrCode(text, 0)?.length ?? null);
"""
# ISO/IEC 18004, table 7: bytes that the versions 1 to 40 hold at level M.
CAPACITIES = [
    *(14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412, 450, 504, 560, 624, 666),
    *(711, 779, 857, 911, 997, 1059, 1125, 1190, 1264, 1370, 1452, 1538, 1628, 1722, 1809, 1911, 1989),
    *(2099, 2213, 2331),
]


def address(length):
    """One like those of the page's, and always the same."""
    letters = random.Random(length).choices("abcXYZ0123456789=&%_.-", k=length)
    return f"http://127.0.0.1:8050/?{''.join(letters)}"[:length]


@pytest.fixture(scope="module")
def window(browser, tmp_path_factory):
    with linked_window(browser, tmp_path_factory.mktemp("linked"), ENTRY) as page:
        yield page


@pytest.fixture
def codes(window):
    return lambda *wanted: window.evaluate("(wanted) => codes(wanted)", wanted)


def expected(text, mask, version=None):
    code = QRCode(version, ERROR_CORRECT_M, border=0, mask_pattern=mask)
    code.add_data(QRData(text.encode(), MODE_8BIT_BYTE))
    code.make(fit=version is None)
    return np.array(code.modules, int)


def test_codes_are_those_of_another_program(codes):
    """Small versions, and those where something begins: more alignment, longer counts, another step."""
    versions = [*range(1, 11), 14, 20, 27, 32, 40]
    wanted = [(address(CAPACITIES[version - 1] - version % 2), version % 8) for version in versions]
    wanted += [("Ж" * 20, mask) for mask in range(8)]
    for (text, mask), version, code in zip(wanted, [*versions, *[3] * 8], codes(*wanted), strict=True):
        assert np.array_equal(code, expected(text, mask, version)), (len(text), mask)


def test_each_version_holds_as_much_as_the_standard_says(window):
    texts = [address(most + more) for most in CAPACITIES for more in (0, 1)]
    found = window.evaluate("(texts) => sides(texts)", texts)
    assert found == [side for at in range(39) for side in (21 + 4 * at, 25 + 4 * at)] + [177, None]


def test_the_mask_is_the_one_with_the_lowest_penalty(codes):
    texts = [address(length) for length in range(10, 260, 25)]
    for text, code in zip(texts, codes(*([text] for text in texts)), strict=True):
        best = min((expected(text, mask) for mask in range(8)), key=penalty)
        assert np.array_equal(code, best), text


def penalty(modules):
    """ISO/IEC 18004, 7.8.3.1."""
    total = 0
    for line in (*modules, *modules.T):
        text = "".join(map(str, line))
        total += sum(len(run[0]) - 2 for run in re.finditer("0{5,}|1{5,}", text))
        around = f"0000{text}0000"
        for at in range(4, len(around) - 10):
            beside = (around[at - 4 : at], around[at + 7 : at + 11])
            total += 40 * (around[at : at + 7] == "1011101" and "0000" in beside)
    blocks = np.stack([modules[1:, 1:], modules[1:, :-1], modules[:-1, 1:], modules[:-1, :-1]]).sum(0)
    total += 3 * int(np.isin(blocks, (0, 4)).sum())
    return total + 10 * int(abs(100 * modules.mean() - 50) // 5)
