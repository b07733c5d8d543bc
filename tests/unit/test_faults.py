"""The faults that random histories notice: all can still be planted, and one is noticed in this test."""

import shutil

import pytest

from tests.stateful.faults import ROOT, Fault, faults, run_with

NAMED = {fault.breaks: fault for fault in faults()}


def test_no_two_faults_have_the_same_name():
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
        Fault("an invariant", "nothing", "app.py", "no such line", "").plant(tmp_path)


def test_histories_notice_a_fault():
    noticed = run_with(NAMED["an import marks no obligation"], histories=30)
    assert 0 < noticed.history <= 30
    assert noticed.function == "the_kept_obligation_is_what_the_rows_give"
