"""The faults that lives are shown to notice: all can still be planted, and one is noticed here every time."""

import shutil

import pytest

from tests.stateful.faults import ROOT, Fault, faults, live_with

NAMED = {fault.breaks: fault for fault in faults()}


def test_no_two_faults_have_one_name():
    assert len(NAMED) == len(faults())


@pytest.mark.parametrize("name", NAMED)
def test_every_fault_can_be_planted(name, tmp_path):
    fault = NAMED[name]
    (tmp_path / fault.file).parent.mkdir(parents=True)
    shutil.copy(ROOT / fault.file, tmp_path / fault.file)
    fault.plant(tmp_path)
    broken = (tmp_path / fault.file).read_text("utf-8")
    assert broken != (ROOT / fault.file).read_text("utf-8")
    compile(broken, fault.file, "exec")


def test_a_fault_whose_line_is_gone_is_an_error(tmp_path):
    shutil.copy(ROOT / "app.py", tmp_path)
    with pytest.raises(ValueError, match=r"app\.py has 0 of: no such line"):
        Fault("a promise", "nothing", "app.py", "no such line", "").plant(tmp_path)


def test_lives_notice_a_fault():
    found = live_with(NAMED["an import marks nobody"], lives=30)
    assert 0 < found.life <= 30
    assert found.where == "the_kept_obligation_is_what_the_rows_give"
