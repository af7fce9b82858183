"""What is said of many drawings is said once."""

from toontween.rendering.writing.remarks import Remarks, listed


def test_warnings_that_differ_in_numbers_are_one():
    remarks = Remarks()
    for number in range(1, 8):
        remarks.add(f"it has faint lines ({number}.5 %)", drawing=f"{number}.png")
    remarks.add("it is a photo", drawing="3.png")
    assert remarks.summary() == [
        "1.png, 2.png, 3.png, 4.png and 3 more: it has faint lines (1.5 %)",
        "3.png: it is a photo",
    ]


def test_nothing_to_say_is_nothing():
    assert Remarks().summary() == []


def test_a_few_names_are_all_listed():
    assert listed(["a"], 1) == "a"
    assert listed(list("abcd"), 4) == "a, b, c, d"
    assert listed(list("abcde"), 5) == "a, b, c, d and 1 more"
